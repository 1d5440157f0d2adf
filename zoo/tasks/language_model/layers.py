"""Layers of the language model that Keras does not have."""

from __future__ import annotations

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="zoo")
class OneHot(keras.layers.Layer):
    """Token ids `(batch, time)` to vectors `(batch, time, size)` with one 1 each."""

    def __init__(self, size: int, **layer_arguments: Any):
        super().__init__(**layer_arguments)
        self.size = size

    def call(self, tokens: Any) -> Any:
        """See the class."""
        return keras.ops.one_hot(tokens, self.size, dtype=self.compute_dtype)

    def compute_output_shape(self, tokens_shape: Any) -> Any:
        """See the class."""
        return (*tokens_shape, self.size)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable(package="zoo")
class NegativeLogLikelihood(keras.layers.Layer):
    """Minus the logarithm of the probability of each next token, in nats.

    Call arguments: scores `(batch, time, classes)` and classes `(batch, time)`. Gives `(batch, time)`.
    """

    def call(self, scores: Any, following: Any) -> Any:
        """See the class."""
        return keras.losses.sparse_categorical_crossentropy(following, scores, from_logits=True)

    def compute_output_shape(self, scores_shape: Any, following_shape: Any = None) -> Any:
        """See the class."""
        return scores_shape[:-1]
