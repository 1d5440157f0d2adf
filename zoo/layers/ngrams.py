"""Runs of neighbouring tokens as tokens of their own, so that a short phrase has a vector as a word has one."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Tensor, TokenIds

#: The id that stands for no n-gram.
NO_NGRAM = 0
#: Odd numbers whose products spread over 32 bits, from xxHash (Yann Collet).
EACH, LAST = 2654435761, 3266489917


@keras.saving.register_keras_serializable(package="zoo")
class NGramIds(keras.layers.Layer):
    """The id of the n-gram that ends at each token, by a hash: n-grams may share an id.

    So a table of n-grams has a fixed size, and none has to be stored ("feature hashing", Weinberger et al. 2009; of
    n-grams of words Joulin et al. 2017).

    Args:
        length: tokens of an n-gram.
        buckets: how many ids there are, with the one of no n-gram.

    Call arguments:
        ids: `(batch, time)` int32; 0 is padding and 1 an unknown token.

    Returns:
        `(batch, time)` int32 below `buckets`: 0 where fewer tokens are there, or one of them is padding or unknown.

    Raises:
        ValueError: if there are fewer than two tokens or ids.
    """

    def __init__(self, length: int, buckets: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        if length < 2 or buckets < 2:
            raise ValueError(f"length and buckets must be at least 2, not {length} and {buckets}")
        super().__init__(**layer_arguments)
        self.length, self.buckets = length, buckets
        self.built = True

    def call(self, ids: TokenIds) -> TokenIds:
        """See the class."""
        mixed, known = ops.zeros_like(ids, dtype="uint32"), ops.ones_like(ids, dtype="bool")
        for back in range(self.length - 1, -1, -1):
            token = ops.pad(ids, [[0, 0], [back, 0]])[:, : ops.shape(ids)[1]]
            known = ops.logical_and(known, token > 1)
            mixed = _mixed((mixed + ops.cast(token, "uint32")) * _constant(EACH), 15)
        mixed = _mixed(mixed * _constant(LAST), 13)
        bucket = ops.cast(ops.mod(mixed, _constant(self.buckets - 1)), "int32") + 1
        return ops.where(known, bucket, NO_NGRAM)

    def compute_output_spec(self, ids: TokenIds) -> Tensor:
        """As the input."""
        return keras.KerasTensor(ids.shape, dtype="int32")

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "length": self.length, "buckets": self.buckets}


def _constant(number: int) -> Tensor:
    """A whole number of 32 bits, whose products wrap around."""
    return ops.convert_to_tensor(number, dtype="uint32")


def _mixed(numbers: Tensor, bits: int) -> Tensor:
    """The upper bits mixed into the lower ones."""
    return ops.bitwise_xor(numbers, ops.right_shift(numbers, _constant(bits)))
