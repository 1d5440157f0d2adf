"""Keras' own GRU, as a baseline."""

from __future__ import annotations

import keras


@keras.saving.register_keras_serializable(package="zoo")
class KerasGRUCell(keras.layers.GRUCell):
    """The built-in cell of Keras; over time it is run by the built-in layer (cuDNN where Keras picks it)."""

    layer_class = keras.layers.GRU


CELL = KerasGRUCell
BASELINE_OF = "gru"
