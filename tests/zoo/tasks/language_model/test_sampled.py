"""The estimate of the softmax beside the exact one."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.config import TrainingOptions
from zoo.tasks.base import Batch
from zoo.tasks.language_model.sampled import TokenTable, inclusion_probabilities
from zoo.training.loop import Trainer

CLASSES, FEATURES = 60, 5


def table(sampled: int) -> TokenTable:
    """A table of random numbers; reproducible."""
    layer = TokenTable(CLASSES + 1, FEATURES, sampled, seed=3)
    layer.build()
    draw = np.random.default_rng(0)
    for weight in layer.trainable_weights:
        weight.assign(draw.normal(size=weight.shape))
    return layer


def outputs_and_classes() -> tuple[tf.Tensor, tf.Tensor]:
    draw = np.random.default_rng(1)
    classes = draw.integers(0, CLASSES, (3, 4))
    return tf.constant(draw.normal(size=(3, 4, FEATURES)), tf.float32), tf.constant(classes, tf.int32)


def expected(layer: TokenTable) -> np.ndarray:
    outputs, following = outputs_and_classes()
    scores = outputs.numpy() @ layer.embeddings.numpy()[1:].T + layer.bias.numpy()[1:]
    log_p = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    return -np.take_along_axis(log_p, following.numpy()[..., None], -1)[..., 0]


def test_evaluation_looks_at_all_tokens() -> None:
    layer = table(10)
    outputs, following = outputs_and_classes()
    np.testing.assert_allclose(layer(outputs, following), expected(layer), rtol=1e-5)
    scores = layer(outputs, scores=True).numpy()
    nats = (
        keras.ops.logsumexp(scores, axis=-1)
        - np.take_along_axis(scores, following.numpy()[..., None], -1)[..., 0]
    )
    np.testing.assert_allclose(nats, expected(layer), rtol=1e-5)


def test_a_sample_of_all_tokens_is_exact() -> None:
    layer = table(CLASSES)
    np.testing.assert_allclose(layer(*outputs_and_classes(), training=True), expected(layer), rtol=1e-4)


def test_the_normaliser_is_right_on_average() -> None:
    layer = table(15)
    outputs, following = outputs_and_classes()
    rows, bias = tf.gather(layer.embeddings, following + 1), tf.gather(layer.bias, following + 1)
    true = tf.reduce_sum(outputs * rows, -1) + bias

    @tf.function
    def normaliser() -> tf.Tensor:
        return tf.exp(layer(outputs, following, training=True) + true)

    drawn = np.array([normaliser().numpy() for _ in range(4000)])
    error = drawn.std(axis=0) / np.sqrt(len(drawn))
    exact = np.exp(expected(layer) + true.numpy())
    assert (np.abs(drawn.mean(axis=0) - exact) < 4.5 * error + 1e-3 * exact).all()
    assert (error > 0).any()


def test_only_rows_that_were_read_have_a_gradient() -> None:
    layer = table(10)
    outputs, following = outputs_and_classes()
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(outputs, following, training=True)) + tf.reduce_sum(layer(following))
    gradients = tape.gradient(loss, layer.trainable_weights)
    assert all(isinstance(gradient, tf.IndexedSlices) for gradient in gradients)
    rows = set(gradients[1].indices.numpy().tolist())
    assert len(rows) < CLASSES / 2
    assert set((following.numpy() + 1).ravel().tolist()) <= rows


@pytest.mark.parametrize(
    ("classes", "sampled"), [(100, 10), (100, 99), (5, 2), (1000, 500), (10, 10), (10, 20)]
)
def test_chances_add_up_to_the_sample_and_fall_with_the_rank(classes: int, sampled: int) -> None:
    chances = inclusion_probabilities(classes, sampled)
    assert chances.sum() == pytest.approx(min(classes, sampled))
    assert (chances <= 1 + 1e-9).all()
    assert (np.diff(chances) <= 1e-12).all()


def test_its_configuration_makes_it_again() -> None:
    layer = TokenTable(9, 4, 3, seed=1, name="table")
    again = TokenTable.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_a_saved_table_keeps_its_biases(tmp_path) -> None:
    tokens = keras.Input((None,), dtype="int32")
    layer = table(10)
    keras.Model(tokens, layer(tokens)).save(tmp_path / "table.keras")
    again = keras.models.load_model(tmp_path / "table.keras").layers[-1]
    for one, other in zip(layer.trainable_weights, again.trainable_weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_training_may_update_the_table_row_by_row() -> None:
    """Tokens that are read, sampled and scored change; the others, whose gradient is 0, are caught up at evaluation."""
    tokens, following = (keras.Input((None,), dtype="int32", name=name) for name in ("tokens", "next"))
    layer = TokenTable(5001, FEATURES, 20, seed=3)
    model = keras.Model({"tokens": tokens, "next": following}, layer(layer(tokens), following))
    trainer = Trainer(lambda: model, lambda _, nats: nats, TrainingOptions(learning_rate=0.1, average=0))
    assert [table.layer for table in trainer.tables] == [layer]
    before = layer.embeddings.numpy()
    classes = np.arange(8, dtype=np.int32).reshape(2, 4) + 4000
    trainer.step(Batch({"tokens": classes, "next": classes}, classes, np.ones((2, 4), np.float32)))
    changed = set(np.flatnonzero((layer.embeddings.numpy() != before).any(axis=1)).tolist())
    assert {*range(4000, 4009)} <= changed
    assert len(changed) < 100
