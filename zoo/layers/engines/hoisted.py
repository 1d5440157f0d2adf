"""The same loops for any cell with `project` and `step`: the backend derives each step.

The loop backward runs each step again from the states before it, so it costs a step more than the fused engine's; the
gradients of the weights are single products over batch and time all the same.
"""

from __future__ import annotations

from dataclasses import replace

import keras

from zoo.layers.engines.compiled import Compiled
from zoo.layers.engines.engine import Call
from zoo.layers.engines.parallel import last_unmasked
from zoo.layers.engines.recurrence import AutomaticGradients
from zoo.tensors import States, Tensor


class Hoisted(Compiled):
    """Compiled loops with the backend's derivative of the step."""

    recurrence_class = AutomaticGradients

    def run(self, call: Call, /) -> tuple[Tensor, States]:
        """See `Engine.run`; the output of such a cell may be none of its states, so the loops give all outputs."""
        outputs, final_states = super().run(replace(call, sequences=True))
        if call.sequences:
            return outputs, final_states
        if call.mask is None:
            return outputs[:, 0 if call.reverse else -1], final_states
        mask = call.mask
        if call.reverse:
            outputs, mask = keras.ops.flip(outputs, axis=1), keras.ops.flip(mask, axis=1)
        return last_unmasked(outputs, mask), final_states


ENGINE = Hoisted()
