"""The same loops for any cell with `project` and `step`: the backend derives each step.

The loop backward runs each step again from the states before it, so it costs a step more than the fused engine's; the
gradients of the weights are single products over batch and time all the same.
"""

from __future__ import annotations

from typing import Any

import keras

from zoo.layers.engines import compiled
from zoo.layers.engines.parallel import last_unmasked
from zoo.layers.engines.recurrence import Derived

unwise = compiled.unwise
unfit = compiled.unfit


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
    options: dict[str, Any] = {"reverse": reverse, "training": training, "beside": beside}
    outputs, final_states = compiled.run(Derived, cell, inputs, mask, states, sequences=True, **options)
    if sequences:
        return outputs, final_states
    if mask is None:
        return outputs[:, 0 if reverse else -1], final_states
    if reverse:
        outputs, mask = keras.ops.flip(outputs, axis=1), keras.ops.flip(mask, axis=1)
    return last_unmasked(outputs, mask), final_states
