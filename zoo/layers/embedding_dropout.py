"""Dropout of whole words: in training, some words of the vocabulary have no vector for a batch."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Tensor, TokenIds


@keras.saving.register_keras_serializable(package="zoo")
class EmbeddingDropout(keras.layers.Layer):
    """In training, set the vectors of some words to zero wherever they stand in a batch, and scale the others up.

    It is dropout of rows of the table (Gal and Ghahramani 2016; for language models Merity et al. 2018).

    Args:
        rate: the share of words.
        size: different token ids.
        seed: of the random numbers; None draws one.

    Call arguments:
        vectors: `(batch, time, features)`.
        ids: the tokens that the vectors are of, `(batch, time)`.
        training: whether to drop any.

    Returns:
        Vectors of the same shape.

    Raises:
        ValueError: if `rate` is out of range.
    """

    def __init__(
        self, rate: float, size: int, seed: int | None = None, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be at least 0 and below 1, not {rate}")
        super().__init__(**layer_arguments)
        self.rate = rate
        self.size = size
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, vectors: Tensor, ids: TokenIds, training: bool = False) -> Tensor:
        """See the class."""
        if not training or self.rate == 0:
            return vectors
        ones = keras.ops.ones((self.size,), dtype=vectors.dtype)
        scale = keras.random.dropout(ones, self.rate, seed=self.seed_generator)
        return vectors * keras.ops.take(scale, ids, axis=0)[..., None]

    def compute_output_spec(self, vectors: Tensor, ids: TokenIds, training: bool = False) -> Tensor:
        """As the vectors."""
        del ids, training
        return keras.KerasTensor(vectors.shape, dtype=vectors.dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "rate": self.rate, "size": self.size, "seed": self.seed}
