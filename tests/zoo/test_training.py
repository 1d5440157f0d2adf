from __future__ import annotations

import math
import os
import signal
from dataclasses import dataclass

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from zoo.config import TrainingOptions
from zoo.stopping import Stopped
from zoo.tasks.base import Batch
from zoo.training import NotANumber, Trainer, fit

FEATURES = 3


@dataclass(frozen=True)
class Rows:
    """A linear problem in batches of four rows; see `zoo.tasks.base.Batches`."""

    inputs: np.ndarray
    targets: np.ndarray

    def plan(self, seed):
        order = (
            np.arange(len(self.targets))
            if seed is None
            else np.random.default_rng(seed).permutation(len(self.targets))
        )
        return [order[k : k + 4] for k in range(0, len(order), 4)]

    def load(self, planned):
        return Batch({"x": self.inputs[planned]}, self.targets[planned], np.ones(len(planned), np.float32))


def rows(size: int = 12, seed: int = 0) -> Rows:
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(size, FEATURES)).astype("float32")
    return Rows(inputs, (inputs @ [1.0, -2, 0.5]).astype("float32"))


def linear(dropout: float = 0.0):
    """One dense layer, maybe behind a dropout."""
    x = keras.Input((FEATURES,), name="x")
    dropped = keras.layers.Dropout(dropout, seed=1)(x)
    return keras.Model({"x": x}, keras.layers.Dense(1, name="dense")(dropped))


def squares(targets, predictions):
    return (predictions[:, 0] - tf.cast(targets, predictions.dtype)) ** 2


def trainer(make=linear, loss=squares, **options) -> Trainer:
    settings = {"average": 0.0, "clip": 0.0, "learning_rate": 0.1, "epochs": 3, "patience": 3, **options}
    return Trainer(make, loss, TrainingOptions(**settings))


def weights(one: Trainer) -> list[np.ndarray]:
    return [variable.numpy() for variable in one.model.trainable_variables]


def run(one: Trainer, scores=(0.1, 0.2, 0.3), mode: str = "max", **arguments):
    """`fit` with these dev scores; gives the progress and the weights as they were scored after each epoch."""
    left, seen = iter(scores), []

    def evaluate():
        seen.append(weights(one))
        return {"score": next(left)}

    progress = fit(one, rows(), evaluate, ("score", mode), title="test", **arguments)
    return progress, seen


def same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


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
    one.optimizer.apply = lambda gradients, variables: applied.extend(gradients)
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


def test_scored_and_kept_weights_are_a_moving_average():
    one = trainer(average=0.6, epochs=1)
    averages, decays = weights(one), []
    original = one.step

    def step(batch):
        result = original(batch)
        number = len(decays) + 1
        decays.append(min(0.6, (1 + number) / (10 + number)))
        for n, weight in enumerate(weights(one)):
            averages[n] = decays[-1] * averages[n] + (1 - decays[-1]) * weight
        return result

    one.step = step
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


# ------------------------------------------------------------------------------------------ epochs


@pytest.mark.parametrize(
    ("scores", "mode", "best", "epochs"),
    [
        ((0.1, 0.3, 0.2, 0.3, 0.9), "max", 2, 4),
        ((0.9, 0.3, 0.5, 0.4, 0.1), "min", 2, 4),
        ((0.1, 0.2, 0.3, 0.4, 0.5), "max", 5, 5),
        ((0.5, 0.5, 0.5), "max", 1, 3),
    ],
)
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_training_stops_early_and_ends_with_the_best_weights(scores, mode, best, epochs, average):
    one = trainer(epochs=5, patience=2, average=average)
    progress, seen = run(one, scores, mode)
    assert (progress.best_epoch, progress.epoch, len(progress.history)) == (best, epochs, epochs)
    assert same(weights(one), seen[best - 1])
    assert not same(seen[best - 1], seen[best - 2])


def test_history_holds_means_over_the_epoch():
    one, told = trainer(epochs=2), []
    original = one.step

    def step(batch):
        told.append(original(batch))
        return told[-1]

    one.step = step
    progress, _ = run(one)
    assert [row["epoch"] for row in progress.history] == [1, 2]
    assert [row["dev_score"] for row in progress.history] == [0.1, 0.2]
    for n, row in enumerate(progress.history):
        losses, norms = zip(*told[3 * n : 3 * n + 3], strict=True)
        assert row["loss"] == pytest.approx(np.mean(losses))
        assert row["gradient_norm"] == pytest.approx(np.mean(norms))


def dropping(**options) -> Trainer:
    return trainer(lambda: linear(dropout=0.5), **options)


def test_the_same_seed_gives_the_same_bits_and_another_seed_other_numbers():
    results = []
    for seed in (5, 5, 6):
        one = dropping(seed=seed)
        run(one)
        results.append(weights(one))
    assert same(results[0], results[1])
    assert not any(np.allclose(a, b) for a, b in zip(results[0], results[2], strict=True))


def test_seed_and_epoch_decide_the_dropout():
    def drawn(seed: int, epoch: int) -> list[int]:
        one = dropping(seed=seed)
        one.seed_dropout(epoch)
        return [v.numpy().tolist() for v in one.model.variables if "seed" in v.path]

    assert drawn(0, 1) == drawn(0, 1)
    assert len(drawn(0, 1)) == 1
    assert drawn(0, 1) != drawn(0, 2)
    assert drawn(0, 1) != drawn(1, 1)


def test_each_random_generator_of_a_model_draws_other_numbers():
    def two():
        x = keras.Input((FEATURES,), name="x")
        y = keras.layers.Dropout(0.5, seed=1)(keras.layers.Dropout(0.5, seed=1)(x))
        return keras.Model({"x": x}, keras.layers.Dense(1)(y))

    one = trainer(two)
    one.seed_dropout(0)
    first, second = (v.numpy() for v in one.model.variables if "seed" in v.path)
    assert (first != second).any()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("batch", range(1, 10))
def test_a_run_that_was_stopped_at_any_batch_goes_on_as_if_it_had_not(number, batch, tmp_path):
    unbroken = dropping(average=0.9)
    expected, _ = run(unbroken)
    stopped, count = dropping(average=0.9), 0
    original = stopped.step

    def step(one):
        nonlocal count
        count += 1
        if count == batch:
            os.kill(os.getpid(), number)
        return original(one)

    stopped.step = step
    path = tmp_path / "state.npz"
    with pytest.raises(Stopped, match=signal.Signals(number).name) as caught:
        run(stopped, checkpoint_path=path)
    assert caught.value.exit_code == 128 + number
    resumed = dropping(average=0.9)
    done = (batch - 1) // 3
    progress, _ = run(resumed, [0.1, 0.2, 0.3][done:], checkpoint_path=path)
    assert same(weights(resumed), weights(unbroken))
    for row, other in zip(progress.history, expected.history, strict=True):
        assert row | {"seconds": 0} == other | {"seconds": 0}


def test_a_signal_while_the_dev_split_is_scored_stops_after_the_epoch(tmp_path):
    one = trainer(epochs=1)

    def evaluate():
        os.kill(os.getpid(), signal.SIGTERM)
        return {"score": 0.5}

    path = tmp_path / "state.npz"
    with pytest.raises(Stopped, match="after epoch 1"):
        fit(one, rows(), evaluate, ("score", "max"), title="test", checkpoint_path=path)
    again = trainer(epochs=1)
    progress, seen = run(again, checkpoint_path=path)
    assert progress.finished
    assert seen == []
    assert same(weights(again), weights(one))


def test_checkpoints_inside_an_epoch(tmp_path, monkeypatch):
    from zoo import checkpoint

    kept = []
    monkeypatch.setattr(
        checkpoint, "save", lambda path, progress, *_: kept.append((progress.epoch, progress.batch))
    )
    run(trainer(epochs=1, checkpoint_seconds=0.0), checkpoint_path=tmp_path / "a")
    assert kept == [(0, 1), (0, 2), (0, 3), (1, 0)]
    kept.clear()
    run(trainer(epochs=2, checkpoint_seconds=60.0), checkpoint_path=tmp_path / "a")
    assert kept == [(1, 0), (2, 0)]


def test_an_empty_training_split_is_refused():
    with pytest.raises(UserError, match="training split is empty"):
        fit(trainer(), rows(0), lambda: {"score": 1.0}, ("score", "max"), title="test")


# ------------------------------------------------------------------------------------------ not a number


def failing_at(batch: int, **options) -> Trainer:
    """A trainer whose loss is NaN from this batch on."""
    one = trainer(**options)
    original, count = one.step, 0

    def step(planned):
        nonlocal count
        count += 1
        return (math.nan, 1.0) if count >= batch else original(planned)

    one.step = step
    return one


def test_a_loss_that_is_no_number_stops_with_the_last_good_weights():
    one = failing_at(9, epochs=5)
    with pytest.raises(NotANumber, match="the loss became nan at epoch 3, batch 3; try a smaller") as caught:
        run(one, [0.5, 0.4, 0.3])
    assert (caught.value.best_epoch, caught.value.exit_code) == (1, 1)
    other = trainer(epochs=1)
    run(other, [0.5])
    assert same(weights(one), weights(other))


def test_a_score_that_is_no_number_stops_with_the_last_good_weights():
    one = trainer(epochs=5, average=0.9)
    with pytest.raises(NotANumber, match="dev score became nan after epoch 2") as caught:
        run(one, [0.5, math.nan])
    assert caught.value.best_epoch == 1
    other = trainer(epochs=1, average=0.9)
    run(other, [0.5])
    assert same(weights(one), weights(other))


def test_a_first_epoch_that_fails_has_no_best():
    with pytest.raises(NotANumber) as caught:
        run(failing_at(1))
    assert caught.value.best_epoch == 0


def test_a_gradient_that_is_no_number_stops():
    def steep(targets, predictions):
        return tf.sqrt(predictions[:, 0] * 0.0)  # its value is 0 and its slope infinite

    with pytest.raises(NotANumber, match="the gradient's norm became nan at epoch 1, batch 1"):
        run(trainer(loss=steep))


def test_what_failed_is_not_written_over_the_checkpoint(tmp_path):
    path = tmp_path / "state.npz"
    with pytest.raises(NotANumber):
        run(failing_at(5, checkpoint_seconds=0.0), checkpoint_path=path)
    from zoo import checkpoint

    one = trainer()
    progress, best = checkpoint.load(path, one.variables)
    assert (progress.epoch, progress.batch) == (1, 1)
    assert all(np.isfinite(array).all() for array in best)
    assert all(np.isfinite(array).all() for array in weights(one))


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
from zoo.platform import configure
configure("cpu")
import numpy as np
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy
tf.distribute.MirroredStrategy = lambda: strategy(["CPU:0", "CPU:1"])
import sys
from tests.zoo.test_training import weights, run, trainer
one = trainer(mirrored=True, average=0.6, clip=0.5, epochs=2)
assert one.replicas == 2
progress, _ = run(one, checkpoint_path=__import__("pathlib").Path(sys.argv[2]))
norms = [row["gradient_norm"] for row in progress.history]
losses = [row["loss"] for row in progress.history]
np.savez(sys.argv[1], *weights(one), norms=norms, losses=losses)
"""


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
