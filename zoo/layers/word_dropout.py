"""Unknown words in training: some known ones are made unknown, so that the model learns what to do about them."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Tensor, TokenIds


@keras.saving.register_keras_serializable(package="zoo")
class WordDropout(keras.layers.Layer):
    """In training, replace each token id by that of the unknown word with some probability; never padding (0).

    Args:
        rate: the probability.
        unknown: the id of the unknown word.
        seed: of the random numbers; None draws one.

    Call arguments:
        ids: integers of any shape.
        training: whether to replace any.

    Raises:
        ValueError: if `rate` is out of range.
    """

    def __init__(
        self,
        rate: float,
        unknown: int = 1,
        seed: int | None = None,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"rate must be at least 0 and below 1, not {rate}")
        super().__init__(**layer_arguments)
        self.rate = rate
        self.unknown = unknown
        self.seed = seed
        self.supports_masking = True
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, ids: TokenIds, training: bool = False) -> TokenIds:
        """See the class."""
        if not training or self.rate == 0:
            return ids
        drawn = keras.random.uniform(keras.ops.shape(ids), seed=self.seed_generator, dtype="float32")
        dropped = keras.ops.logical_and(drawn < self.rate, keras.ops.not_equal(ids, 0))
        return keras.ops.where(dropped, keras.ops.cast(self.unknown, ids.dtype), ids)

    def compute_output_spec(self, ids: TokenIds, training: bool = False) -> Tensor:
        """As the input."""
        del training
        return keras.KerasTensor(ids.shape, dtype=ids.dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "rate": self.rate, "unknown": self.unknown, "seed": self.seed}
