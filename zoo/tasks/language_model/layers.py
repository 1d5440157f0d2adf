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


@keras.saving.register_keras_serializable(package="zoo")
class ActivationPenalties(keras.layers.Layer):
    """In training, add penalties on what the recurrent layers give to what each token costs (Merity et al. 2018).

    $$\\mathrm{nats}_t + \\alpha \\, \\overline{(m_t \\odot h_t)^2} + \\beta \\, \\overline{(h_t - h_{t-1})^2}$$

    with the mask m of the dropout after the last layer, and means over units. A chunk's first step has no second
    penalty.

    Args:
        activation: α, how much large outputs cost ("AR").
        temporal: β, how much changes of the outputs cost ("TAR").

    Call arguments:
        nats: what each token costs, `(batch, time)`.
        outputs: of the last recurrent layer, `(batch, time, units)`.
        dropped: the same after dropout.
        training: whether to add anything.

    Returns:
        `(batch, time)`.
    """

    def __init__(self, activation: float, temporal: float, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.activation = activation
        self.temporal = temporal

    def call(self, nats: Tensor, outputs: Tensor, dropped: Tensor, training: bool = False) -> Tensor:
        """See the class."""
        if not training:
            return nats
        large = keras.ops.mean(keras.ops.square(dropped), axis=-1)
        changes = keras.ops.mean(keras.ops.square(outputs[:, 1:] - outputs[:, :-1]), axis=-1)
        return nats + self.activation * large + self.temporal * keras.ops.pad(changes, ((0, 0), (1, 0)))

    def compute_output_spec(
        self, nats: Tensor, outputs: Tensor, dropped: Tensor, training: bool = False
    ) -> Tensor:
        """See the class."""
        del outputs, dropped, training
        return keras.KerasTensor(nats.shape, dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "activation": self.activation, "temporal": self.temporal}
