"""Convolutions and recurrent layers that read a sequence piece by piece, with the outputs that the whole has.

Layers read so that look at the past alone. States are tensors by name, with the batch as their first axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import keras
from keras import ops

from zoo.layers.convolution import TimeConvolution
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Inputs, Outputs, Scalar, Tensor

PieceStates: TypeAlias = dict[str, Tensor]


def convolution_states(convolutions: Sequence[TimeConvolution], batch_size: Scalar) -> PieceStates:
    """What convolutions, one after the other, have seen before the first piece: zeros."""
    return {
        f"seen_{n}": ops.zeros(
            [batch_size, layer.before, layer.convolution.kernel.shape[1]], layer.compute_dtype
        )
        for n, layer in enumerate(convolutions)
    }


def convolve_piece(convolutions: Sequence[TimeConvolution], piece: Inputs, states: PieceStates) -> Outputs:
    """The outputs for the next piece, of a multiple of all strides; the states are replaced by those behind it."""
    x = piece
    for n, convolution in enumerate(convolutions):
        seen = ops.concatenate([states[f"seen_{n}"], x], axis=1)
        states[f"seen_{n}"] = seen[:, ops.shape(x)[1] :]
        x = convolution.of_padded(seen)
    return x


def recurrent_states(recurrent: Recurrent, batch_size: Scalar) -> PieceStates:
    """The states before the first piece."""
    flat = keras.tree.flatten(recurrent.get_initial_state(batch_size))
    return {f"recurrent_{n}": state for n, state in enumerate(flat)}


def run_piece(recurrent: Recurrent, piece: Inputs, states: PieceStates) -> Outputs:
    """The outputs for the next piece; the states are replaced by those behind it."""
    names = [name for name in states if name.startswith("recurrent_")]
    structure = recurrent.get_initial_state(1)
    before = keras.tree.pack_sequence_as(structure, [states[name] for name in names])
    outputs, after = recurrent.outputs_and_states(piece, initial_state=before)
    states |= dict(zip(names, keras.tree.flatten(after), strict=True))
    return outputs
