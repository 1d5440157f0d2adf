from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import pytest

from datasets.assembly.series import Cut
from datasets.errors import UserError
from tests.zoo.tasks.forecasting.examples import dataset, prepared, series, windows_of_test
from zoo.tasks.forecasting.task import TASK, Options
from zoo.tasks.forecasting.windows import WindowSpecification, fitted_to, windows_of


def test_origins_score_each_step_of_a_split_and_no_other():
    specification = WindowSpecification(window=5, horizon=3)
    assert specification.origins(10, 16, 1).tolist() == [10, 11, 12, 13]
    assert specification.origins(0, 9, 1).tolist() == [5, 6]
    assert specification.origins(0, 12, 2).tolist() == [5, 7, 9]


def test_where_only_the_last_step_is_scored_the_window_may_end_before_the_split():
    """As in LSTNet's protocol: targets are the steps of the split, one each."""
    origins = WindowSpecification(window=5, horizon=3, last_only=True).origins(10, 16, 1)
    assert (origins + 3 - 1).tolist() == list(range(10, 16))


def test_windows_hold_the_steps_before_and_after_their_origin():
    of = prepared(series(future=1, past=1), calendar=False)
    values = series(future=1, past=1).values
    batch = of.valid.load(np.array([0, 2]))
    assert of.valid.index[[0, 2], 1].tolist() == [36, 38]
    np.testing.assert_allclose(batch.inputs["values"][:2], [values[30:36], values[32:38]], rtol=1e-6)
    np.testing.assert_allclose(batch.targets[:2, ..., 0], [values[36:40], values[38:42]], rtol=1e-6)
    np.testing.assert_allclose(batch.targets[..., 1], np.broadcast_to(of.learned.scale, (8, 4, 2)))
    future = series(future=1, past=1).future
    np.testing.assert_allclose(batch.inputs["future_before"][1], future[32:38], rtol=1e-5)
    np.testing.assert_allclose(batch.inputs["future"][1], future[38:42], rtol=1e-5)
    np.testing.assert_allclose(batch.inputs["past"][1], series(future=1, past=1).past[32:38], rtol=1e-5)
    assert batch.weights.tolist() == [1, 1, 0, 0, 0, 0, 0, 0]
    assert [len(array) for array in batch.inputs.values()] == [8] * 4


def test_no_input_knows_what_comes_after_its_origin():
    """Values and past covariates from an origin on are changed; what is read at it stays the same."""
    one = series(past=1)
    later = dataclasses.replace(one, values=one.values.copy(), past=one.past.copy())
    later.values[36:] += 100
    later.past[36:] += 100
    before, after = (prepared(each).valid.inputs(np.array([0])) for each in (one, later))
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])


def test_nothing_learnt_depends_on_dev_and_test():
    one = series(past=1, future=1)
    later = dataclasses.replace(
        one, **{kind: getattr(one, kind).copy() for kind in ("values", "past", "future")}
    )
    for kind in ("values", "past", "future"):
        getattr(later, kind)[36:] *= 7
    assert prepared(one).learned.to_json() == prepared(later).learned.to_json()
    np.testing.assert_array_equal(prepared(one).train.mase_scale, prepared(later).train.mase_scale)


def test_splits_share_no_scored_step():
    of = prepared(series(100))
    spans = []
    for windows in (of.train, of.valid, windows_of_test(of)):
        origins = windows.index[:, 1]
        spans.append((origins.min(), origins.max() + of.learned.specification.horizon))
    assert spans == [(6, 60), (60, 80), (80, 100)]


def test_gather_puts_outputs_into_the_order_of_the_windows():
    windows = prepared().train
    plans = windows.plan([3])
    outputs: list[Mapping[str, np.ndarray]] = [{"forecast": plan.astype(float)[:, None]} for plan in plans]
    assert windows.gather(plans, outputs)[:, 0].tolist() == list(range(len(windows)))


def test_an_epoch_has_each_window_once_in_an_order_that_the_seed_decides():
    windows = prepared().train
    one, same, other = (np.concatenate(windows.plan([seed])) for seed in (1, 1, 2))
    assert sorted(one) == list(range(len(windows)))
    assert one.tolist() == same.tolist() != other.tolist()


def test_windows_stay_within_their_series():
    both = [series(40, name="a"), series(60, name="b", seed=1)]
    of = prepared(*both)
    windows = windows_of_test(of)
    assert {(n, origins.min(), origins.max()) for n in (0, 1)
            for origins in [windows.index[windows.index[:, 0] == n, 1]]} == {(0, 32, 36), (1, 48, 56)}  # fmt: skip
    targets = windows.targets
    row = int(np.flatnonzero((targets.series == 1) & (targets.origins == 50))[0])
    np.testing.assert_array_equal(targets.values[row], both[1].values[50:54])


@pytest.mark.parametrize(("length", "window", "what"), [(20, 18, "train"), (40, 6, "dev"), (12, 3, "train")])
def test_too_short_a_series_is_told(length: int, window: int, what: str):
    cut = Cut(0.1, 0.1) if what == "dev" else Cut(0.4, 0.4)
    with pytest.raises(UserError, match=f"no {what} window fits: the longest series has"):
        TASK.prepare(dataset(series(length), cut=cut), Options(window=window, horizon=5), 4)


def test_a_series_that_train_does_not_have_is_left_out():
    data = dataset(series(60, name="a"), series(60, name="b"))
    windows = windows_of(
        data.valid,
        WindowSpecification(6, 4),
        names=["b"],
        what="dev",
        batch_size=4,
        stride=1,
        scale=np.ones(2),
        mase_scale=np.ones((1, 2)),
        units=np.ones((1, 2)),
    )
    assert [one.name for one in windows.series] == ["b"]
    assert set(windows.targets.series) == {0}


def test_ages_go_from_the_last_origin_of_each_series_to_its_first() -> None:
    valid = prepared(series(60), series(80, name="b"), horizon=4).valid
    for number in (0, 1):
        of_one = valid.only(valid.index[:, 0] == number)
        np.testing.assert_allclose(of_one.ages, np.linspace(1, 0, len(of_one)))
        np.testing.assert_array_equal(of_one.only(np.arange(1)).ages, [0.0])


def test_independent_forecasts_are_of_steps_of_their_own() -> None:
    of = prepared(series(60), series(80, name="b"), horizon=4)
    spans = np.array([12, 16])  # steps of dev
    np.testing.assert_allclose(of.valid.independent, spans.sum() / np.arange(1, 5))
    alone = of.valid.only(of.valid.index[:, 0] == 1)
    np.testing.assert_allclose(alone.independent, 16 / np.arange(1, 5))
    last = prepared(series(60), horizon=4, only_last=True)
    np.testing.assert_allclose(last.valid.independent, [12 / 4])


def test_no_window_ends_where_filling_looked_ahead():
    """A step between two neighbours, filled by both, tells the later one to whoever knows the earlier one."""
    marked = np.isin(np.arange(80), (20, 21, 60, 70))
    one = dataclasses.replace(series(80), hindsight=np.stack([marked, marked], axis=1))
    of, whole = prepared(one, season=5), prepared(series(80), season=5)
    for windows, every in (
        (of.train, whole.train),
        (of.valid, whole.valid),
        (windows_of_test(of), windows_of_test(whole)),
    ):
        left_out = {*every.index[:, 1]} - {*windows.index[:, 1]}
        assert left_out == {*np.flatnonzero(marked) + 1} & {*every.index[:, 1]}
        assert windows.behind_gaps == len(left_out)
    assert "2 windows that end in values filled from later ones are left out" in of.notes
    third = np.tile(np.isin(np.arange(80), range(47, 64))[:, None], 2)
    with pytest.raises(UserError, match=r"every window of dev ends in values .* give --fill last, or zero"):
        prepared(dataclasses.replace(series(80), hindsight=third), season=5)


def test_a_gap_of_one_variable_takes_the_targets_of_that_one_alone():
    marked = np.stack([np.arange(80) == 20, np.zeros(80, bool)], axis=1)
    of, whole = prepared(dataclasses.replace(series(80), hindsight=marked)), prepared(series(80))
    np.testing.assert_array_equal(of.train.index, whole.train.index)
    (which,) = np.flatnonzero(of.train.index[:, 1] == 21)
    truth, every = of.train.truth(np.arange(len(of.train))), whole.train.truth(np.arange(len(whole.train)))
    assert np.isnan(truth[which, :, 0]).all()
    assert np.isnan(truth).sum() == truth.shape[1]
    np.testing.assert_array_equal(truth[~np.isnan(truth)], every[~np.isnan(truth)])
    other = np.stack([np.zeros(80, bool), np.arange(80) > 40], axis=1)  # the other one is unknown then
    both = prepared(dataclasses.replace(series(80), hindsight=marked, made_up=other))
    assert whole.train.behind_gaps == both.train.behind_gaps == 0


def test_a_regression_is_fitted_to_nothing_behind_such_a_step():
    marked = np.stack([np.arange(8) == 3, np.arange(8) == 5], axis=1)
    one = dataclasses.replace(series(8), hindsight=marked, made_up=np.arange(16).reshape(8, 2) == 6)
    assert np.argwhere(np.isnan(fitted_to(one))).tolist() == [[3, 0], [4, 0], [6, 1]]
    np.testing.assert_array_equal(fitted_to(series(8)), series(8).values)
