"""The fast engine: a compiled loop of the cell's step, and a compiled loop of its hand-derived backward step.

The products of the inputs of all steps are one matrix product before the loop; the gradients of the weights are one
product over batch and time after the backward loop. `docs/engines.md` says how it is done and what it gains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zoo.layers.engines.compiled import Compiled
from zoo.layers.engines.engine import place
from zoo.layers.engines.recurrence import ManualGradients

if TYPE_CHECKING:
    import keras


class Fused(Compiled):
    """Compiled loops with the cell's own backward step."""

    recurrence_class = ManualGradients

    def unsupported_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """A cell needs `project` and `step`, and a backward step that belongs to this very step."""
        if reason := super().unsupported_reason(cell):
            return reason
        step = min(place(cell, name) for name in ("step", "gate_values", "products"))
        backward = max(place(cell, name) for name in ("advance", "step_backward"))
        if step < backward:
            return "its step has no backward step of its own"
        return cell.no_backward()


ENGINE = Fused()
