"""All steps at once, for cells whose recurrence has a closed form (`Cell.scan`)."""

from __future__ import annotations

from typing import Any

import keras


def unfit(cell: Any) -> str | None:
    """Only a cell with a `scan` can be run at once."""
    return None if hasattr(cell, "scan") else "its recurrence has no closed form over time"


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
    if mask is None:
        mask = keras.ops.ones(keras.ops.shape(inputs)[:2], dtype="bool")
    if reverse:
        inputs, mask = keras.ops.flip(inputs, axis=1), keras.ops.flip(mask, axis=1)
    if training and cell.dropout > 0:
        inputs = inputs * cell.get_dropout_mask(inputs[:, 0])[:, None]
        cell.reset_masks()
    outputs, final_states = cell.scan(cell.project(inputs), mask, states)
    if sequences:
        return (keras.ops.flip(outputs, axis=1) if reverse else outputs), final_states
    return last_unmasked(outputs, mask), final_states


def last_unmasked(outputs: Any, mask: Any) -> Any:
    """The output `(batch, units)` of the last step that is not masked; zero where all are.

    Args:
        outputs: `(batch, time, units)`, zero where masked.
        mask: `(batch, time)` bool.
    """
    steps = keras.ops.arange(1, keras.ops.shape(mask)[1] + 1, dtype="int32")
    last = keras.ops.max(keras.ops.where(mask, steps, 0), axis=1, initial=0)  # a batch may be empty
    picked = keras.ops.cast(steps == last[:, None], outputs.dtype)
    return keras.ops.einsum("bt,btu->bu", picked, outputs)
