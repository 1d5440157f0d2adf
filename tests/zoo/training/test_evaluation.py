from __future__ import annotations

import logging

import keras
import numpy as np
import pytest

from zoo.data.ragged import Ragged
from zoo.tasks.sequence_batches import SequenceBatches
from zoo.training.evaluation import Predictor


def batches(count: int = 9) -> SequenceBatches:
    """Sequence n is n + 1 times the number n + 1, so that its sum is a square."""
    tokens = Ragged.concatenate((np.full(n, n, np.int32), np.array([n])) for n in range(1, count + 1))
    return SequenceBatches.of(tokens, np.arange(count), 4)


def squares():
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    summed = keras.ops.sum(keras.ops.cast(tokens, "float32"), axis=1, keepdims=True)
    return keras.Model({"tokens": tokens}, keras.layers.Dropout(0.5)(summed))


def test_predictions_are_in_the_order_of_the_examples_and_without_dropout():
    predictions = Predictor(squares())(batches())
    assert predictions[:, 0].tolist() == [n * n for n in range(1, 10)]


def test_the_model_is_seen_as_it_is_at_each_call():
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    embedded = keras.layers.Embedding(99, 1)(tokens)
    model = keras.Model({"tokens": tokens}, keras.ops.sum(embedded, axis=1))
    predictor = Predictor(model)
    first = predictor(batches())
    model.trainable_variables[0].assign(model.trainable_variables[0] * 2)
    np.testing.assert_allclose(predictor(batches()), 2 * first, rtol=1e-6)


def test_many_models_in_one_process_are_no_retracing(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for _ in range(6):
            Predictor(squares())(batches())
    assert not caplog.records
