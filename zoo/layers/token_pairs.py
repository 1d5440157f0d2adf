"""Pairs of neighbouring tokens as tokens of their own, so that a short phrase has a vector as a word has one."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Tensor, TokenIds

#: The id that stands for no pair.
NO_PAIR = 0
#: Odd numbers whose products spread over 32 bits, from xxHash (Yann Collet).
FIRST, SECOND, LAST = 2654435761, 2246822519, 3266489917


@keras.saving.register_keras_serializable(package="zoo")
class TokenPairs(keras.layers.Layer):
    """The id of the pair that each token makes with the one before it, by a hash: pairs may share an id.

    So a table of pairs has a fixed size, and none has to be stored ("feature hashing", Weinberger et al. 2009; of pairs
    of words Joulin et al. 2017).

    Args:
        buckets: how many ids there are, with the one of no pair.

    Call arguments:
        ids: `(batch, time)` int32; 0 is padding and 1 an unknown token.

    Returns:
        `(batch, time)` int32 below `buckets`: 0 for the first token, and where one of the two is padding or unknown.

    Raises:
        ValueError: if there are fewer than two ids.
    """

    def __init__(self, buckets: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        if buckets < 2:
            raise ValueError(f"buckets must be at least 2, not {buckets}")
        super().__init__(**layer_arguments)
        self.buckets = buckets
        self.built = True

    def call(self, ids: TokenIds) -> TokenIds:
        """See the class."""
        before = ops.pad(ids, [[0, 0], [1, 0]])[:, :-1]
        both_known = ops.logical_and(ids > 1, before > 1)
        mixed = _mixed(_unsigned(before) * _constant(FIRST) + _unsigned(ids) * _constant(SECOND), 15)
        mixed = _mixed(mixed * _constant(LAST), 13)
        bucket = ops.cast(ops.mod(mixed, _constant(self.buckets - 1)), "int32") + 1
        return ops.where(both_known, bucket, NO_PAIR)

    def compute_output_spec(self, ids: TokenIds) -> Tensor:
        """As the input."""
        return keras.KerasTensor(ids.shape, dtype="int32")

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "buckets": self.buckets}


def _unsigned(ids: TokenIds) -> Tensor:
    """Whole numbers of 32 bits, whose products wrap around."""
    return ops.cast(ids, "uint32")


def _constant(number: int) -> Tensor:
    return ops.convert_to_tensor(number, dtype="uint32")


def _mixed(numbers: Tensor, bits: int) -> Tensor:
    """The upper bits mixed into the lower ones."""
    return ops.bitwise_xor(numbers, ops.right_shift(numbers, _constant(bits)))
