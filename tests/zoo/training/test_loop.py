from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.training.toy_training import FEATURES, rows, run, same, trainer, weights
from zoo.tasks.base import Batch

# ------------------------------------------------------------------------------------------ one step


def test_one_step_is_one_step_of_adam():
    one, batch = trainer(learning_rate=0.1), rows().load(np.arange(4))
    kernel, bias = weights(one)
    loss, norm = one.step(batch)
    error = (batch.inputs["x"] @ kernel + bias)[:, 0] - batch.targets
    gradients = [2 * batch.inputs["x"].T @ error[:, None] / 4, 2 * error.mean()[None]]
    assert loss == pytest.approx((error**2).mean(), rel=1e-5)
    assert norm == pytest.approx(np.sqrt(sum((g**2).sum() for g in gradients)), rel=1e-5)
    for new, old, gradient in zip(weights(one), (kernel, bias), gradients, strict=True):
        # Adam's first step, its moments corrected for their zero start
        np.testing.assert_allclose(new, old - 0.1 * gradient / (np.abs(gradient) + 1e-7), rtol=1e-4)


@pytest.mark.parametrize("clip", [0.01, 1e3, 0.0])
def test_gradients_are_clipped_by_their_global_norm(clip):
    one, applied = trainer(clip=clip), []
    one.optimizer.apply = lambda gradients, _variables: applied.extend(gradients)
    one._compiled = one._step  # eager, so that numbers are seen
    batch = rows().load(np.arange(4))
    kernel, bias = weights(one)
    error = (batch.inputs["x"] @ kernel + bias)[:, 0] - batch.targets
    gradients = [2 * batch.inputs["x"].T @ error[:, None] / 4, 2 * error.mean()[None]]
    whole = np.sqrt(sum((g**2).sum() for g in gradients))
    _, norm = one.step(batch)
    assert norm == pytest.approx(whole, rel=1e-5)  # the norm that is told is that before clipping
    factor = min(1, clip / whole) if clip else 1
    for found, gradient in zip(applied, gradients, strict=True):
        np.testing.assert_allclose(found, factor * gradient, rtol=1e-4)


def test_rows_without_weight_change_nothing():
    batch = rows().load(np.arange(4))
    padded = Batch(
        {"x": np.concatenate([batch.inputs["x"], np.full((3, FEATURES), 9, np.float32)])},
        np.pad(batch.targets, (0, 3)),
        np.pad(batch.weights, (0, 3)),
    )
    one, other = trainer(), trainer()
    np.testing.assert_allclose(one.step(batch), other.step(padded), rtol=1e-5)
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


def test_columns_of_padding_change_nothing():
    from zoo.config import RecurrentOptions
    from zoo.factory import recurrent_factory
    from zoo.layers.pooling import MaskedPooling

    def build():
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        mask = keras.ops.not_equal(tokens, 0)
        x = keras.layers.Embedding(9, 4)(tokens)
        factory = recurrent_factory(RecurrentOptions(cell="gru", units=3, bidirectional=True, dropout=0.0))
        x = MaskedPooling("mean")(factory()(x, mask=mask), mask=mask)
        return keras.Model({"tokens": tokens}, keras.layers.Dense(1)(x))

    tokens = np.array([[2, 3, 4], [5, 0, 0]], np.int32)
    targets, ones = np.array([1.0, -1], np.float32), np.ones(2, np.float32)
    one, other = trainer(build, learning_rate=1e-3), trainer(build, learning_rate=1e-3)
    for _ in range(3):
        plain = one.step(Batch({"tokens": tokens}, targets, ones))
        padded = other.step(Batch({"tokens": np.pad(tokens, ((0, 0), (0, 5)))}, targets, ones))
        np.testing.assert_allclose(padded, plain, rtol=1e-5)
    for a, b in zip(weights(one), weights(other), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_penalty_on_weights_is_part_of_what_is_minimised_but_not_of_the_loss_that_is_told():
    def penalised():
        x = keras.Input((FEATURES,), name="x")
        return keras.Model({"x": x}, keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(0.5))(x))

    plain, with_penalty = trainer(), trainer(penalised)
    batch = rows().load(np.arange(4))
    (loss, norm), (loss_again, other_norm) = plain.step(batch), with_penalty.step(batch)
    assert loss == pytest.approx(loss_again)
    assert norm != pytest.approx(other_norm, rel=1e-3)


def test_one_batch_can_be_learnt_by_heart():
    one, batch = trainer(learning_rate=0.05), rows().load(np.arange(4))
    first = one.step(batch)[0]
    for _ in range(300):
        last = one.step(batch)[0]
    assert last < 1e-4 * first


def test_a_batch_that_cannot_be_shared_evenly_is_refused(monkeypatch):
    class ThreeDevices:
        num_replicas_in_sync = 3

    monkeypatch.setattr(tf.distribute, "MirroredStrategy", ThreeDevices)
    with pytest.raises(UserError, match="--batch-size 32 cannot be shared by 3 devices"):
        trainer(mirrored=True)


# ------------------------------------------------------------------------------------------ averages


def test_scored_and_kept_weights_are_a_moving_average(monkeypatch):
    one = trainer(average=0.6, epochs=1)
    averages = weights(one)
    decays: list[float] = []
    original = one.step

    def step(batch):
        result = original(batch)
        number = len(decays) + 1
        decays.append(min(0.6, (1 + number) / (10 + number)))
        for n, weight in enumerate(weights(one)):
            averages[n] = decays[-1] * averages[n] + (1 - decays[-1]) * weight
        return result

    monkeypatch.setattr(one, "step", step)
    _, seen = run(one, [0.5])
    assert decays == [2 / 11, 3 / 12, 4 / 13]
    for average, scored, kept in zip(averages, seen[0], weights(one), strict=True):
        np.testing.assert_allclose(scored, average, rtol=1e-5)
        np.testing.assert_array_equal(kept, scored)


def test_training_goes_on_with_the_weights_themselves():
    one = trainer(average=0.6)
    one.step(rows().load(np.arange(4)))
    before = weights(one)
    with one.averaged():
        assert not same(weights(one), before)
    assert same(weights(one), before)
    with pytest.raises(ZeroDivisionError), one.averaged():
        raise ZeroDivisionError
    assert same(weights(one), before)


def test_without_averaging_the_weights_are_scored_as_they_are():
    one = trainer(average=0.0)
    one.step(rows().load(np.arange(4)))
    before = weights(one)
    with one.averaged():
        assert same(weights(one), before)


# ------------------------------------------------------------------------------------------ precision, devices


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_other_precisions_learn(policy):
    keras.mixed_precision.set_global_policy(policy)
    try:
        one = trainer(precision=policy, learning_rate=0.05, clip=1.0, average=0.5)
        batch = rows().load(np.arange(4))
        told = [one.step(batch) for _ in range(150)]
        with one.averaged():
            assert one.step(batch)[0] < 0.05 * told[0][0]
        assert np.isfinite(told).all()
        expected = "float64" if policy == "float64" else "float32"
        assert {v.dtype for v in one.model.trainable_variables} == {expected}
    finally:
        keras.mixed_precision.set_global_policy("float32")


def test_float16_that_overflows_skips_the_step():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        one = trainer(precision="mixed_float16")
        one.optimizer.dynamic_scale.assign(2.0**40)
        before = weights(one)
        loss, norm = one.step(rows().load(np.arange(4)))
        assert math.isfinite(loss)
        assert norm == 0.0
        assert same(weights(one), before)
        assert float(one.optimizer.dynamic_scale.numpy()) == 2.0**39
    finally:
        keras.mixed_precision.set_global_policy("float32")


MIRRORED = """
from zoo.runtime.platform import configure
configure("cpu")
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy
tf.distribute.MirroredStrategy = lambda: strategy(["CPU:0", "CPU:1"])
import sys
from tests.zoo.training.test_loop import weights, run, trainer
one = trainer(mirrored=True, average=0.6, clip=0.5, epochs=2)
assert one.replicas == 2
progress, _ = run(one, checkpoint_path=__import__("pathlib").Path(sys.argv[2]))
norms = [row["gradient_norm"] for row in progress.history]
losses = [row["loss"] for row in progress.history]
np.savez(sys.argv[1], *weights(one), norms=norms, losses=losses)
"""


@pytest.mark.slow
def test_two_devices_give_the_numbers_of_one(run_python, tmp_path):
    one = trainer(average=0.6, clip=0.5, epochs=2)
    progress, _ = run(one)
    done = run_python("-c", MIRRORED, str(tmp_path / "found.npz"), str(tmp_path / "state.npz"))
    assert done.returncode == 0, done.stderr
    with np.load(tmp_path / "found.npz") as found:
        for n, weight in enumerate(weights(one)):
            np.testing.assert_allclose(found[f"arr_{n}"], weight, rtol=1e-5)
        np.testing.assert_allclose(
            found["norms"], [row["gradient_norm"] for row in progress.history], rtol=1e-5
        )
        np.testing.assert_allclose(found["losses"], [row["loss"] for row in progress.history], rtol=1e-5)
    resumed, _ = run(trainer(average=0.6, clip=0.5, epochs=2), checkpoint_path=tmp_path / "state.npz")
    assert resumed.finished
