"""The fast engine: a compiled loop of the cell's step, and a compiled loop of its hand-derived backward step.

The products of the inputs of all steps are one matrix product before the loop; the gradients of the weights are one
product over batch and time after the backward loop. `docs/engines.md` says how it is done and what it gains.
"""

from __future__ import annotations

from typing import Any

from zoo.layers.engines import compiled
from zoo.layers.engines.recurrence import Written

unwise = compiled.unwise


def unfit(cell: Any) -> str | None:
    """A cell needs `project` and `step`, and a backward step that belongs to this very step."""
    reason = compiled.unfit(cell)
    if reason:
        return reason
    ancestry = type(cell).__mro__
    places = {name: _first(ancestry, name) for name in ("step", "advance", "step_backward")}
    if places["step"] < max(places["advance"], places["step_backward"]):
        return "its step has no backward step of its own"
    return cell.no_backward()


def _first(ancestry: tuple[type, ...], name: str) -> int:
    """Which of the classes defines the method that counts; smaller is more special."""
    return next(n for n, ancestor in enumerate(ancestry) if name in vars(ancestor))


def run(
    cell: Any,
    inputs: Any,
    mask: Any,
    states: list[Any],
    *,
    reverse: bool,
    sequences: bool,
    training: bool,
    beside: int = 1,
) -> tuple[Any, list[Any]]:
    """See `zoo.layers.engines.loop.run`."""
    options: dict[str, Any] = {
        "reverse": reverse,
        "sequences": sequences,
        "training": training,
        "beside": beside,
    }
    return compiled.run(Written, cell, inputs, mask, states, **options)
