"""All steps at once, for cells whose recurrence has a closed form (`scan`)."""

from __future__ import annotations

import keras

from zoo.layers.engines.engine import Call, Engine
from zoo.layers.engines.loop import recurrent_kernel
from zoo.tensors import Mask, Outputs, States, StepOutputs, Tensor


class Parallel(Engine):
    """The cell's own `scan` over the whole sequence."""

    def unsupported_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """Only a cell with a `scan` can be run at once."""
        return None if hasattr(cell, "scan") else "its recurrence has no closed form over time"

    def run(self, call: Call, /) -> tuple[Tensor, States]:
        """See `Engine.run`."""
        cell, inputs, mask = call.cell, call.inputs, call.mask
        if mask is None:
            mask = keras.ops.ones(keras.ops.shape(inputs)[:2], dtype="bool")
        if call.reverse:
            inputs, mask = keras.ops.flip(inputs, axis=1), keras.ops.flip(mask, axis=1)
        if call.training and getattr(cell, "dropout", 0) > 0:
            inputs = inputs * cell.get_dropout_mask(inputs[:, 0])[:, None]
            cell.reset_masks()
        with recurrent_kernel(call):
            outputs, final_states = cell.scan(cell.project(inputs), mask, call.states)
        if call.sequences:
            return (keras.ops.flip(outputs, axis=1) if call.reverse else outputs), final_states
        return last_unmasked(outputs, mask), final_states


def last_unmasked(outputs: Outputs, mask: Mask) -> StepOutputs:
    """The output `(batch, units)` of the last step that is not masked; zero where all are.

    Args:
        outputs: `(batch, time, units)`, zero where masked.
        mask: `(batch, time)` bool.
    """
    steps = keras.ops.arange(1, keras.ops.shape(mask)[1] + 1, dtype="int32")
    last = keras.ops.max(keras.ops.where(mask, steps, 0), axis=1, initial=0)  # a batch may be empty
    picked = keras.ops.cast(steps == last[:, None], outputs.dtype)
    return keras.ops.einsum("bt,btu->bu", picked, outputs)


ENGINE = Parallel()
