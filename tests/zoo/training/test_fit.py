from __future__ import annotations

import itertools
import math
import os
import signal
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.training.toy_training import FEATURES, linear, rows, run, same, scaled, trainer, weights
from zoo.runtime.signals import Stopped
from zoo.training.loop import TRAIN_LOSS, NotANumber, Trainer, fit, plan_epoch, repetition_note

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


@pytest.mark.parametrize("losses", [(0.9, 0.3, 0.5, 0.4, 0.1), (0.3, 0.2, 0.4, 0.1, 0.5)])
def test_the_loss_on_train_decides_where_it_is_to(losses, monkeypatch):
    one = trainer(epochs=5, patience=2)
    steps = itertools.count()
    original = one.step
    monkeypatch.setattr(one, "step", lambda batch: (losses[next(steps) // 3], original(batch)[1]))
    progress, seen = run(one, (math.nan,) * 5, TRAIN_LOSS[1], monitor=TRAIN_LOSS, untrained_counts=True)
    assert (progress.best, progress.best_epoch, progress.epoch) == (
        pytest.approx(min(losses[:4])),
        *((2, 4) if losses[0] == 0.9 else (4, 5)),
    )
    assert same(weights(one), seen[progress.best_epoch - 1])


def test_history_holds_means_over_the_epoch(monkeypatch):
    one, told = trainer(epochs=2), []
    original = one.step

    def step(batch):
        told.append(original(batch))
        return told[-1]

    monkeypatch.setattr(one, "step", step)
    progress, _ = run(one)
    assert [row["epoch"] for row in progress.history] == [1, 2]
    assert [row["dev_score"] for row in progress.history] == [0.1, 0.2]
    for n, row in enumerate(progress.history):
        losses, norms = zip(*told[3 * n : 3 * n + 3], strict=True)
        assert row["loss"] == pytest.approx(np.mean(losses))
        assert row["gradient_norm"] == pytest.approx(np.mean(norms))


def order_of(plans: list[np.ndarray]) -> list[int]:
    return np.concatenate(plans).tolist()


def test_a_small_split_is_read_again_in_other_orders_up_to_the_least_steps():
    once = plan_epoch(rows(), trainer(seed=7).options, 4)
    assert order_of(once) == order_of(rows().plan([7, 4]))
    plans = plan_epoch(rows(), trainer(seed=7, least_steps=7).options, 4)
    passes = [order_of(plans[n : n + 3]) for n in range(0, 9, 3)]
    assert len(plans) == 9
    assert passes[0] == order_of(once)
    assert all(sorted(order) == list(range(12)) for order in passes)
    assert len({*map(tuple, passes)}) == 3
    assert order_of(plan_epoch(rows(), trainer(seed=7, least_steps=7).options, 5)) != order_of(plans)


@pytest.mark.parametrize("least", [1, 3])
def test_a_split_that_has_the_steps_is_read_once(least):
    options = trainer(least_steps=least).options
    assert len(plan_epoch(rows(), options, 0)) == 3
    assert repetition_note(rows(), options) == ()


def test_what_is_read_again_is_told():
    (note,) = repetition_note(rows(), trainer(least_steps=7).options)
    assert note.startswith("an epoch reads the training split 3 times, 3 steps each")


def test_the_rates_of_an_epoch_with_repetitions_fall_evenly_to_its_end(monkeypatch):
    one, rates = trainer(epochs=2, decay="linear", least_steps=6, learning_rate=0.6), []
    original = one.step

    def step(batch):
        rates.append(float(one.optimizer.learning_rate))
        return original(batch)

    monkeypatch.setattr(one, "step", step)
    run(one)
    assert rates == pytest.approx([0.6 * (1 - n / 12) for n in range(12)])


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
@pytest.mark.parametrize(("batch", "least"), [*((n, 1) for n in range(1, 10)), (5, 4), (7, 6)])
def test_a_run_that_was_stopped_at_any_batch_goes_on_as_if_it_had_not(
    number, batch, least, tmp_path, monkeypatch
):
    unbroken = dropping(average=0.9, least_steps=least)
    expected, _ = run(unbroken)
    stopped, count = dropping(average=0.9, least_steps=least), 0
    original = stopped.step

    def step(one):
        nonlocal count
        count += 1
        if count == batch:
            os.kill(os.getpid(), number)
        return original(one)

    monkeypatch.setattr(stopped, "step", step)
    path = tmp_path / "state.npz"
    with pytest.raises(Stopped, match=signal.Signals(number).name) as caught:
        run(stopped, checkpoint_path=path)
    assert caught.value.exit_code == 128 + number
    resumed = dropping(average=0.9, least_steps=least)
    done = (batch - 1) // (3 if least == 1 else 6)
    progress, _ = run(resumed, [0.1, 0.2, 0.3][done:], checkpoint_path=path)
    assert same(weights(resumed), weights(unbroken))
    for row, other in zip(progress.history, expected.history, strict=True):
        assert row | {"seconds": 0} == other | {"seconds": 0}


def test_what_scales_a_batch_goes_on_too_and_is_averaged_like_weights(tmp_path, monkeypatch):
    unbroken = trainer(scaled, average=0.9)
    run(unbroken)
    stopped = trainer(scaled, average=0.9)
    original, count = stopped.step, itertools.count(1)

    def step(one):
        if next(count) == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(one)

    monkeypatch.setattr(stopped, "step", step)
    with pytest.raises(Stopped):
        run(stopped, checkpoint_path=tmp_path / "state.npz")
    resumed = trainer(scaled, average=0.9)
    run(resumed, [0.2, 0.3], checkpoint_path=tmp_path / "state.npz")
    for one, other in zip(resumed.model.variables, unbroken.model.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy(), err_msg=one.path)


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
    from zoo.training import checkpoint

    kept = []
    monkeypatch.setattr(
        checkpoint, "save", lambda _path, progress, *_: kept.append((progress.epoch, progress.batch))
    )
    run(trainer(epochs=1, checkpoint_seconds=0.0), checkpoint_path=tmp_path / "a")
    assert kept == [(0, 1), (0, 2), (0, 3), (1, 0)]
    kept.clear()
    run(trainer(epochs=2, checkpoint_seconds=60.0), checkpoint_path=tmp_path / "a")
    assert kept == [(1, 0), (2, 0)]


def test_time_of_the_clock_and_of_the_processor_are_counted_apart(tmp_path, monkeypatch):
    ticks = {"monotonic": itertools.count(0.0, 1.0), "process_time": itertools.count(0.0, 0.25)}
    for clock, ticking in ticks.items():
        monkeypatch.setattr(f"zoo.training.stopwatch.time.{clock}", partial(next, ticking))
    progress, _ = run(trainer(epochs=2, checkpoint_seconds=1e9), checkpoint_path=tmp_path / "a")
    assert progress.processor_seconds == 2 * 0.25  # of each epoch's two readings
    assert progress.seconds > 2 * progress.processor_seconds


def test_an_empty_training_split_is_refused():
    with pytest.raises(UserError, match="training split is empty"):
        fit(trainer(), rows(0), lambda: {"score": 1.0}, ("score", "max"), title="test")


# ------------------------------------------------------------------------------------------ not a number


def failing_at(monkeypatch: pytest.MonkeyPatch, batch: int, **options) -> Trainer:
    """A trainer whose loss is NaN from this batch on."""
    one = trainer(**options)
    original, count = one.step, 0

    def step(planned):
        nonlocal count
        count += 1
        return (math.nan, 1.0) if count >= batch else original(planned)

    monkeypatch.setattr(one, "step", step)
    return one


def test_a_loss_that_is_no_number_stops_with_the_last_good_weights(monkeypatch):
    one = failing_at(monkeypatch, 9, epochs=5)
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


def test_a_first_epoch_that_fails_has_no_best(monkeypatch):
    with pytest.raises(NotANumber) as caught:
        run(failing_at(monkeypatch, 1))
    assert caught.value.best_epoch == 0


def test_a_gradient_that_is_no_number_stops():
    def steep(_targets: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
        return tf.sqrt(predictions[:, 0] * 0.0)  # its value is 0 and its slope infinite

    with pytest.raises(NotANumber, match="the gradient's norm became nan at epoch 1, batch 1"):
        run(trainer(loss=steep))


def test_what_failed_is_not_written_over_the_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "state.npz"
    with pytest.raises(NotANumber):
        run(failing_at(monkeypatch, 5, checkpoint_seconds=0.0), checkpoint_path=path)
    from zoo.training import checkpoint

    one = trainer()
    progress, best = checkpoint.load(path, one.variables)
    assert (progress.epoch, progress.batch) == (1, 1)
    assert best is not None
    assert all(np.isfinite(array).all() for array in best)
    assert all(np.isfinite(array).all() for array in weights(one))


def test_an_untrained_model_that_counts_is_kept_where_no_epoch_is_better() -> None:
    first = weights(trainer())
    one = trainer()
    progress, _ = run(one, scores=(0.5, 0.2, 0.3, 0.4), untrained_counts=True)
    assert (progress.best, progress.best_epoch, progress.epoch) == (0.5, 0, 3)
    assert same(weights(one), first)
    other = trainer()
    progress, seen = run(other, scores=(0.1, 0.2, 0.3, 0.4), untrained_counts=True)
    assert (progress.best, progress.best_epoch) == (0.4, 3)
    assert same(weights(other), seen[3])


def test_the_untrained_model_is_kept_across_a_stop(tmp_path: Path) -> None:
    """The checkpoint after the first epoch holds its weights; a run that goes on does not score it again."""
    path = tmp_path / "state.npz"
    first = weights(trainer())
    with pytest.raises(StopIteration):
        run(trainer(), scores=(0.5, 0.2), untrained_counts=True, checkpoint_path=path)
    again = trainer()
    progress, _ = run(again, scores=(0.3, 0.4), untrained_counts=True, checkpoint_path=path)
    assert (progress.best_epoch, progress.epoch) == (0, 3)
    assert same(weights(again), first)
