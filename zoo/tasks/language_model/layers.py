"""Layers of the language model that Keras does not have."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Shape, StepLogits, Tensor, TokenIds


@keras.saving.register_keras_serializable(package="zoo")
class OneHot(keras.layers.Layer):
    """Token ids `(batch, time)` to vectors `(batch, time, size)` with one 1 each."""

    def __init__(self, size: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.size = size

    def call(self, tokens: TokenIds) -> Tensor:
        """See the class."""
        return keras.ops.one_hot(tokens, self.size, dtype=self.compute_dtype)

    def compute_output_shape(self, tokens_shape: Shape) -> Shape:
        """See the class."""
        return (*tokens_shape, self.size)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable(package="zoo")
class NegativeLogLikelihood(keras.layers.Layer):
    """Minus the logarithm of the probability of each next token, in nats.

    Call arguments: scores `(batch, time, classes)` and classes `(batch, time)`. Gives `(batch, time)`.
    """

    def call(self, scores: StepLogits, following: TokenIds) -> Tensor:
        """See the class."""
        return keras.losses.sparse_categorical_crossentropy(following, scores, from_logits=True)

    def compute_output_shape(self, scores_shape: Shape, following_shape: Shape | None = None) -> Shape:
        """See the class."""
        del following_shape
        return scores_shape[:-1]


@keras.saving.register_keras_serializable(package="zoo")
class First(keras.layers.Layer):
    """The first of two inputs; so the layers of the second belong to the model, and nothing computes them."""

    def call(self, first: Tensor, second: Tensor) -> Tensor:
        """See the class."""
        del second
        return first

    def compute_output_shape(self, first_shape: Shape, second_shape: Shape | None = None) -> Shape:
        """See the class."""
        del second_shape
        return first_shape
