from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.training.toy_training import same, squares, trainer, weights
from zoo.layers.adversarial_noise import AdversarialNoise
from zoo.layers.embedding import Embedding
from zoo.tasks.base import Batch
from zoo.training import checkpoint, lazy_rows
from zoo.training.loop import Trainer

EPSILON, ROWS = 0.3, 40
TOKENS = np.array([[1, 2, 3, 0], [4, 5, 0, 0], [2, 0, 0, 0], [7, 8, 9, 1]], np.int32)
TARGETS = np.array([1.0, -2, 3, 0.5], np.float32)


def texts(epsilon: float = EPSILON, dropout: float = 0.0, penalty: float = 0.0) -> keras.Model:
    """The sum of a text's vectors, and a linear layer."""
    tokens = keras.Input((None,), dtype="int32", name="x")
    mask = keras.ops.not_equal(tokens, 0)
    x = Embedding(ROWS, 3, embeddings_initializer=keras.initializers.RandomNormal(seed=2))(tokens)
    x = keras.layers.Dropout(dropout, seed=4)(x)
    if epsilon:
        x = AdversarialNoise(epsilon, name="noise")(x, mask=mask)
    x = keras.ops.sum(keras.ops.where(mask[..., None], x, 0), axis=1)
    kernel, squared = keras.initializers.GlorotUniform(seed=1), keras.regularizers.L2(penalty)
    dense = keras.layers.Dense(1, name="dense", kernel_initializer=kernel, kernel_regularizer=squared)
    return keras.Model({"x": tokens}, dense(x))


def batch(tokens: np.ndarray = TOKENS, targets: np.ndarray = TARGETS) -> Batch:
    return Batch({"x": tokens}, targets, np.ones(len(targets), np.float32))


def adversarial_loss(table: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> tuple[float, np.ndarray]:
    """The mean loss after a step of each text's vectors, and its gradient by the kernel."""
    losses, by_kernel = [], np.zeros(3)
    for tokens, target in zip(TOKENS, TARGETS, strict=True):
        vectors = table[tokens[tokens > 0]]
        error = vectors.sum(axis=0) @ kernel + bias - target
        gradient = np.tile(2 * error * kernel, (len(vectors), 1))
        moved = vectors + EPSILON * np.linalg.norm(vectors) * gradient / np.linalg.norm(gradient)
        worse = moved.sum(axis=0) @ kernel + bias - target
        assert abs(worse) > abs(error)
        losses.append(worse**2)
        by_kernel += 2 * worse * moved.sum(axis=0) / len(TARGETS)
    return float(np.mean(losses)), by_kernel


def momentum(one: Trainer) -> np.ndarray:
    """Adam's first moment of the kernel: after one step a tenth of the gradient."""
    return next(v.numpy()[:, 0] for v in one.optimizer.variables if "dense_kernel_momentum" in v.path)


def test_the_step_is_taken_where_the_noise_led():
    one = trainer(texts, learning_rate=0.0)
    table, kernel, bias = weights(one)
    loss, by_kernel = adversarial_loss(table, kernel[:, 0], bias[0])
    assert one.step(batch())[0] == pytest.approx(loss, rel=1e-5)
    np.testing.assert_allclose(momentum(one), 0.1 * by_kernel, rtol=1e-4)


def test_without_the_layer_nothing_is_done():
    """The step is the one that it was, and the loss that of the vectors as they are."""
    plain, layer = trainer(lambda: texts(0)), trainer(lambda: texts())
    expected = float(np.mean(squares(TARGETS, plain.model({"x": TOKENS}))))
    assert plain.step(batch())[0] == pytest.approx(expected, rel=1e-6)
    assert layer.step(batch())[0] > 1.01 * expected
    assert not same(weights(plain), weights(layer))


def test_the_model_answers_without_noise():
    one = trainer(texts)
    one.step(batch())
    again = keras.Model.from_config(one.model.get_config())
    again.set_weights(one.model.get_weights())
    plain = texts(0)
    plain.set_weights(one.model.get_weights())
    for model in (one.model, again):
        np.testing.assert_array_equal(model({"x": TOKENS}, training=True), plain({"x": TOKENS}))


def test_padding_and_rows_that_fill_a_batch_change_nothing():
    one, wide = trainer(texts), trainer(texts)
    filled = Batch(
        {"x": np.pad(TOKENS, ((0, 2), (0, 6)))},
        np.pad(TARGETS, (0, 2)),
        np.pad(np.ones(4, np.float32), (0, 2)),
    )
    for _ in range(3):
        assert wide.step(filled) == pytest.approx(one.step(batch()), rel=1e-5)
    for a, b in zip(weights(one), weights(wide), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.parametrize("lazy", [True, False])
def test_a_resumed_run_ends_like_an_unbroken_one(lazy, tmp_path, monkeypatch):
    monkeypatch.setattr(lazy_rows, "LEAST_ROWS", 0 if lazy else ROWS + 1)
    whole, broken, resumed = (trainer(lambda: texts(dropout=0.3), average=0.9) for _ in range(3))
    assert bool(whole.tables) is lazy
    expected = [whole.step(batch()) for _ in range(6)]
    assert [broken.step(batch()) for _ in range(3)] == expected[:3]
    checkpoint.save(tmp_path / "state.npz", checkpoint.Progress(), broken.variables, None)
    checkpoint.load(tmp_path / "state.npz", resumed.variables)
    assert [resumed.step(batch()) for _ in range(3)] == expected[3:]
    assert same(*([v.numpy() for v in one.variables] for one in (whole, resumed)))


def test_rows_that_are_updated_one_by_one_are_those_of_the_dense_update(monkeypatch):
    dense = trainer(texts, average=0.9, clip=0.5)
    monkeypatch.setattr(lazy_rows, "LEAST_ROWS", 0)
    lazy = trainer(texts, average=0.9, clip=0.5)
    assert lazy.tables
    assert not dense.tables
    for step in range(20):
        now = batch((TOKENS * (step % 3 + 1)) % ROWS)
        assert lazy.step(now) == pytest.approx(dense.step(now), rel=1e-4)
    with dense.averaged(), lazy.averaged():
        for a, b in zip(weights(dense), weights(lazy), strict=True):
            np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_penalty_counts_once():
    one = trainer(lambda: texts(penalty=10.0), learning_rate=0.0)
    table, kernel, bias = weights(one)
    _, by_kernel = adversarial_loss(table, kernel[:, 0], bias[0])
    one.step(batch())
    np.testing.assert_allclose(momentum(one), 0.1 * (by_kernel + 20 * kernel[:, 0]), rtol=1e-4)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16", "float64"])
def test_in_other_precisions_the_loss_is_about_the_same(precision):
    plain = trainer(texts, learning_rate=0.0)
    expected = plain.step(batch())[0]
    keras.mixed_precision.set_global_policy(precision)
    try:
        one = trainer(texts, learning_rate=0.0, precision=precision)
        one.model.set_weights(plain.model.get_weights())
        assert one.step(batch())[0] == pytest.approx(expected, rel=0.02)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_float16_does_not_lose_a_small_gradient():
    """Scaled like that of the step, or there would be no noise."""

    def small(targets, predictions):
        return tf.cast(squares(targets, predictions), tf.float32) * 1e-8

    expected = trainer(texts, learning_rate=0.0).step(batch())[0] * 1e-8
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        one = trainer(texts, loss=small, learning_rate=0.0, precision="mixed_float16")
        assert one.step(batch())[0] == pytest.approx(expected, rel=0.02, abs=0)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_where_float16_overflows_the_step_is_skipped():
    """As without noise: the scale of the loss falls until the gradient is finite."""
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        one = trainer(texts, loss=lambda *both: 1000 * squares(*both), precision="mixed_float16")
        before = weights(one)
        loss, norm = one.step(batch())
        assert np.isfinite(loss)
        assert norm == 0
        assert same(before, weights(one))
        told = [one.step(batch()) for _ in range(20)]
        assert np.isfinite(told).all()
        assert not same(before, weights(one))
    finally:
        keras.mixed_precision.set_global_policy("float32")


TWO_DEVICES = """
import sys
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy
tf.distribute.MirroredStrategy = lambda: strategy(["CPU:0", "CPU:1"])
from tests.zoo.training.test_adversarial import batch, texts, trainer, weights
one = trainer(texts, mirrored=True)
assert one.replicas == 2
told = [one.step(batch()) for _ in range(3)]
np.savez(sys.argv[1], *weights(one), told=told)
"""


@pytest.mark.slow
def test_two_devices_give_the_numbers_of_one(run_python, tmp_path):
    """Each has the noise against its own texts."""
    one = trainer(texts)
    told = [one.step(batch()) for _ in range(3)]
    run_python("-c", TWO_DEVICES, str(tmp_path / "two.npz"))
    with np.load(tmp_path / "two.npz") as two:
        np.testing.assert_allclose(two["told"], told, rtol=1e-5)
        for n, value in enumerate(weights(one)):
            np.testing.assert_allclose(two[f"arr_{n}"], value, atol=1e-6)
