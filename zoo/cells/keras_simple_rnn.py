"""Keras' own SimpleRNN, as a baseline."""

from __future__ import annotations

import keras


@keras.saving.register_keras_serializable(package="zoo")
class KerasSimpleRNNCell(keras.layers.SimpleRNNCell):
    """The built-in cell of Keras; over time it is run by the built-in layer (cuDNN where Keras picks it)."""

    layer_class = keras.layers.SimpleRNN


CELL = KerasSimpleRNNCell
BASELINE_OF = "vanilla"
