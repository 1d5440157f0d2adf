"""The reference engine: `keras.layers.RNN` around the cell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypedDict

import keras

from zoo.layers.engines.engine import Call, Engine
from zoo.tensors import States, Tensor


class Loop(Engine):
    """Keras' own loop, which calls the cell at every step."""

    def unsupported_reason(self, _cell: keras.layers.Layer, /) -> str | None:
        """None: whatever obeys Keras' contract for cells runs here."""
        return None

    def run(self, call: Call, /) -> tuple[Tensor, States]:
        """See `Engine.run`."""
        return run_layer(keras.layers.RNN(call.cell, **layer_arguments(call)), call)


class LayerArguments(TypedDict):
    """Arguments of `keras.layers.RNN`."""

    return_sequences: bool
    return_state: bool
    go_backwards: bool
    zero_output_for_mask: bool
    dtype: keras.DTypePolicy


def layer_arguments(call: Call) -> LayerArguments:
    """The arguments that make a Keras recurrent layer obey the contract of `Engine.run`."""
    return {
        "return_sequences": call.sequences,
        "return_state": True,
        "go_backwards": call.reverse,
        # With return_sequences=False Keras would return zeros for every right-padded row (keras issue 17596).
        "zero_output_for_mask": call.sequences,
        "dtype": call.cell.dtype_policy,
    }


def run_layer(layer: keras.layers.RNN, call: Call) -> tuple[Tensor, States]:
    """Call a Keras recurrent layer that was made with `layer_arguments`."""
    with recurrent_kernel(call):
        outputs, *final_states = layer(
            call.inputs, initial_state=list(call.states), mask=call.mask, training=call.training
        )
    if call.reverse and call.sequences:
        outputs = keras.ops.flip(outputs, axis=1)
    return outputs, final_states


@contextmanager
def recurrent_kernel(call: Call) -> Iterator[None]:
    """Meanwhile the cell reads the recurrent kernel of the call, where it has one.

    It stands in `__dict__`, past Keras, which would take it for a weight.
    """
    if call.recurrent_kernel is None:
        yield
        return
    attributes = vars(call.cell)
    own = attributes["recurrent_kernel"]
    attributes["recurrent_kernel"] = call.recurrent_kernel
    try:
        yield
    finally:
        attributes["recurrent_kernel"] = own


ENGINE = Loop()
