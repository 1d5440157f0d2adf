"""What the engines with compiled loops share: dropout, masks, the choice of the backend's loops, and whom they take."""

from __future__ import annotations

import importlib
from typing import Any

import keras

from zoo.cells.base import Cell
from zoo.layers.engines import loop, portable

#: The module that holds the loops, for each backend of Keras.
BACKENDS = {
    "tensorflow": "zoo.layers.engines.fused_tensorflow",
    "jax": "zoo.layers.engines.fused_jax",
}
#: Below this `auto` takes another engine on TensorFlow.
FEWEST_UNITS = 16


def unfit(cell: Any) -> str | None:
    """A cell must be `project` and `step` in a row, and the backend must have loops."""
    if keras.backend.backend() not in BACKENDS:
        return f"there are no loops for Keras' {keras.backend.backend()} backend"
    if not isinstance(cell, Cell) or type(cell).step is Cell.step:
        return "it has no project and step"
    if type(cell).call is not Cell.call:
        return "it has a call of its own beside project and step"
    return None


def unwise(cell: Any) -> str | None:
    """Compiling takes about two seconds for each kind of layer; a very small cell never gives them back.

    JAX compiles whatever it runs.
    """
    if keras.backend.backend() == "jax" or cell.units >= FEWEST_UNITS:
        return None
    return f"{cell.units} units do not repay the compilation"


def run(
    kind: type,
    cell: Any,
    inputs: Any,
    mask: Any,
    states: list[Any],
    *,
    reverse: bool,
    sequences: bool,
    training: bool,
    beside: int,
) -> tuple[Any, list[Any]]:
    """See `zoo.layers.engines.loop.run`; `kind` is a way to the derivatives, of `zoo.layers.engines.recurrence`."""
    if portable.wanted():
        return loop.run(cell, inputs, mask, states, reverse=reverse, sequences=sequences, training=training)
    inputs = keras.ops.cast(inputs, cell.compute_dtype)
    states = [keras.ops.cast(state, cell.compute_dtype) for state in states]
    inputs, recurrent_mask = dropped_out(cell, inputs, states, training)
    loops = importlib.import_module(BACKENDS[keras.backend.backend()])
    outputs, final_states = loops.run(
        kind,
        cell,
        inputs,
        mask,
        states,
        recurrent_mask,
        reverse=reverse,
        sequences=sequences,
        training=training,
        beside=beside,
    )
    if mask is None:
        return outputs, final_states
    present = mask[..., None] if sequences else keras.ops.any(mask, axis=1)[:, None]
    return keras.ops.where(present, outputs, keras.ops.zeros_like(outputs)), final_states


def dropped_out(cell: Any, inputs: Any, states: list[Any], training: bool) -> tuple[Any, Any]:
    """The inputs with the dropout of a whole sequence, and the mask of the recurrent dropout or None.

    Masks are drawn as `keras.layers.RNN` draws them, so that every engine drops the same numbers from the same seed.
    """
    input_mask = cell.get_dropout_mask(inputs[:, 0])
    recurrent_mask = cell.get_recurrent_dropout_mask(states[0])
    cell.reset_masks()
    if training and input_mask is not None:
        inputs = inputs * input_mask[:, None]
    return inputs, recurrent_mask if training else None
