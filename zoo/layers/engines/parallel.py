"""All steps at once, for cells whose recurrence has a closed form (`scan`)."""

from __future__ import annotations

import keras

from zoo.cells.base import Cell
from zoo.layers.engines.engine import Call, Engine, place
from zoo.layers.engines.loop import recurrent_kernel
from zoo.tensors import Mask, Outputs, States, StepOutputs, Tensor


class Parallel(Engine):
    """The cell's own `scan` over the whole sequence."""

    def unsupported_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """A cell needs a `scan`, and one that belongs to this very step."""
        if getattr(type(cell), "scan", Cell.scan) is Cell.scan:
            return "its recurrence has no closed form over time"
        steps = [place(cell, name) for name in ("step", "gate_values") if hasattr(cell, name)]
        return "its step has no scan of its own" if min(steps, default=0) < place(cell, "scan") else None

    def run(self, call: Call, /) -> tuple[Tensor, States]:
        """See `Engine.run`."""
        cell, mask = call.cell, call.mask
        inputs = keras.ops.cast(call.inputs, cell.compute_dtype)
        states = [keras.ops.cast(state, cell.compute_dtype) for state in call.states]
        if call.reverse:
            inputs, mask = keras.ops.flip(inputs, axis=1), _turned(mask)
        if call.training and getattr(cell, "dropout", 0) > 0:
            inputs = inputs * cell.get_dropout_mask(inputs[:, 0])[:, None]
            cell.reset_masks()
        with recurrent_kernel(call):
            outputs, final_states = cell.scan(cell.project(inputs), mask, states)
        if not call.sequences:
            return (outputs[:, -1] if mask is None else last_unmasked(outputs, mask)), final_states
        if mask is not None:
            outputs = keras.ops.where(mask[..., None], outputs, keras.ops.zeros_like(outputs))
        return (keras.ops.flip(outputs, axis=1) if call.reverse else outputs), final_states


def _turned(mask: Mask | None) -> Mask | None:
    return None if mask is None else keras.ops.flip(mask, axis=1)


def last_unmasked(outputs: Outputs, mask: Mask) -> StepOutputs:
    """The output `(batch, units)` of the last step that is not masked; zero where all are.

    Args:
        outputs: `(batch, time, units)`, any number where masked.
        mask: `(batch, time)` bool.
    """
    steps = keras.ops.arange(1, keras.ops.shape(mask)[1] + 1, dtype="int32")
    last = keras.ops.max(keras.ops.where(mask, steps, 0), axis=1, initial=0)  # a batch may be empty
    picked = keras.ops.cast(steps == last[:, None], outputs.dtype)
    return keras.ops.einsum("bt,btu->bu", picked, outputs)


ENGINE = Parallel()
