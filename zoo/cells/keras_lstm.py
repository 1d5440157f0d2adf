"""Keras' own LSTM, as a baseline."""

from __future__ import annotations

import keras


@keras.saving.register_keras_serializable(package="zoo")
class KerasLSTMCell(keras.layers.LSTMCell):
    """The built-in cell of Keras; over time it is run by the built-in layer (cuDNN where Keras picks it)."""

    layer_class = keras.layers.LSTM
    state_names = ("h", "c")


CELL = KerasLSTMCell
BASELINE_OF = "lstm"
