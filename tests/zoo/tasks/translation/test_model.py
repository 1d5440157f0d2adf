"""Encoder and decoder need not be of one kind."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.running import cell_class
from zoo.layers.decoder import Decoder
from zoo.layers.recurrent import Recurrent
from zoo.layers.states import summary


@pytest.mark.parametrize(("reader", "writer"), [("lstm", "gru"), ("gru", "lstm"), ("vanilla", "lstm")])
def test_any_cells_states_start_any_other_cell(reader, writer):
    encoder = Recurrent(
        cell_class(reader)(3), layers=2, bidirectional=True, return_sequences=True, return_state=True
    )
    layer = Recurrent(cell_class(writer)(4), layers=2, return_sequences=True, return_state=True)
    decoder = Decoder(7, 5, layer, scoring="general")
    inputs = np.random.default_rng(0).normal(size=(2, 6, 3)).astype("float32")
    tokens = np.array([[2, 4, 5], [2, 6, 0]])

    def logits() -> tf.Tensor:
        memory, states = encoder(inputs)
        return decoder(tokens, summary(states), tf.stop_gradient(memory))

    states = {"vanilla": 1, "gru": 1, "lstm": 2}[reader]
    assert summary(encoder(inputs)[1]).shape == (2, 2 * 2 * states * 3)  # layers, directions
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(logits()[:, 0] ** 2)
    slopes = tape.gradient(loss, encoder.trainable_variables)
    assert all(np.abs(tf.convert_to_tensor(slope)).max() > 0 for slope in slopes)
    before = logits()
    encoder.set_weights([weight * 1.5 for weight in encoder.get_weights()])
    assert np.abs(logits() - before).max() > 1e-4
