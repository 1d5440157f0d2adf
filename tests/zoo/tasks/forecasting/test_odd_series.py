"""A series that is odd among others is named, left out of what it cannot give, and changes nothing for the others."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from datasets.assembly.series import Cut
from datasets.errors import UserError
from datasets.series.time_series import TimeSeries
from tests.zoo.tasks.forecasting.examples import dataset, model, prepared, series, windows_of_test
from zoo.tasks.forecasting.baselines import Baselines
from zoo.tasks.forecasting.task import TASK, Options

BOTH = [series(90, name="a", variables=1), series(100, name="b", seed=1, variables=1)]


def constant(one: TimeSeries) -> TimeSeries:
    return dataclasses.replace(one, values=np.full_like(one.values, 0.1))


def untimed(one: TimeSeries) -> TimeSeries:
    return dataclasses.replace(one, time=None)


ODD = [
    pytest.param(series(1, name="odd", variables=1), "odd (1 step)", id="one row"),
    pytest.param(series(2, name="odd", variables=1), "odd (2 steps)", id="two rows"),
    pytest.param(series(9, name="odd", variables=1), "odd (9 steps)", id="too short for a window"),
    pytest.param(constant(series(9, name="odd", variables=1)), "odd (9 steps)", id="constant and too short"),
    pytest.param(untimed(series(1, name="odd", variables=1)), "odd (1 step)", id="of no time"),
]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(("odd", "told"), ODD)
def test_a_series_without_a_window_changes_no_number(odd: TimeSeries, told: str, first: bool) -> None:
    without = prepared(*BOTH, ets=True, season=7)
    of = prepared(*([odd, *BOTH] if first else [*BOTH, odd]), ets=True, season=7)
    assert of.learned.to_json() == without.learned.to_json()
    for ours, theirs in (
        (of.train, without.train),
        (of.valid, without.valid),
        *[(of.test(), without.test())],
    ):
        assert ours is not None
        assert theirs is not None
        for planned in ours.plan([3]):
            ours_loaded, theirs_loaded = ours.load(planned), theirs.load(planned)
            np.testing.assert_array_equal(ours_loaded.targets, theirs_loaded.targets)
            for name, array in ours_loaded.inputs.items():
                np.testing.assert_array_equal(array, theirs_loaded.inputs[name])
        predictions = np.zeros((len(ours), 4, 1, 1))
        assert TASK.score(of.learned, predictions, ours) == TASK.score(without.learned, predictions, theirs)
    assert TASK.baselines(of)(windows_of_test(of)) == TASK.baselines(without)(windows_of_test(without))
    assert [note for note in of.notes if note not in without.notes] == [
        f"1 of 3 series is too short for a window of 6 and 4 ahead, and left out: {told}"
    ]


def test_a_series_that_lacks_a_split_is_told_with_it() -> None:
    """40 steps have 24 of train, 8 of dev and 8 of test."""
    of = prepared(*BOTH, series(40, name="c", variables=1), window=4, horizon=9, season=7)
    assert (
        "1 of 3 series is too short for a window of 4 and 9 ahead in dev and test: c (40 steps)" in of.notes
    )
    assert sorted({*of.train.index[:, 0]}) == [0, 1, 2]
    assert sorted({*of.valid.index[:, 0]}) == [0, 1]


def test_a_series_that_train_is_too_short_for_is_scored_all_the_same() -> None:
    of = prepared(*BOTH, series(20, name="c", variables=1), window=10, season=7)
    assert "1 of 3 series is too short for a window of 10 and 4 ahead in train: c (20 steps)" in of.notes
    assert sorted({*windows_of_test(of).index[:, 0]}) == [0, 1, 2]
    found = TASK.baselines(of)(windows_of_test(of))
    assert all(math.isfinite(scores["mase"]) for scores in found.values())


def test_the_season_is_that_of_the_data_and_lags_are_of_each_series() -> None:
    """`short` has 12 steps of train: no season of 24, and 4 lags."""
    of = prepared(*BOTH, series(20, name="short", seed=2, variables=1))
    assert of.learned.season == 24
    assert of.train.mase_scale[2].tolist() == [0.0]
    assert (
        "MASE leaves out 1 of 3 series, no longer in train than a season of 24 steps: short (12 steps)"
        in of.notes
    )
    assert "AR(6) has fewer lags of 1 of 3 series, short in train: short (4)" in of.notes
    rows = TASK.baselines(of)(windows_of_test(of))
    assert {"AR(6)", "last value of 24 steps before"} <= set(rows)


def test_before_its_first_season_a_series_repeats_its_last_value() -> None:
    short = series(20, name="short", seed=2, variables=1)
    of = prepared(*BOTH, short)
    windows = windows_of_test(of)
    found = Baselines(of.train, 24, 4, False).forecasts(windows)["last value of 24 steps before"]
    (row,) = np.flatnonzero(windows.index[:, 0] == 2)
    np.testing.assert_array_equal(found[row], np.repeat(short.values[15:16], 4, axis=0))


@pytest.mark.parametrize("level", [0.1, 7.0, 1.2e9])
def test_a_constant_train_has_no_mase(level: float) -> None:
    """Scores of what varies later are not 0, which would be perfect, nor infinite, but no numbers."""
    one = series(80, variables=1)
    values = np.full_like(one.values, level)
    values[60:, 0] += np.arange(20)
    of = prepared(dataclasses.replace(one, values=values), season=7)
    scores = TASK.baselines(of)(windows_of_test(of))
    assert {name: math.isnan(row["mase"]) for name, row in scores.items()} == dict.fromkeys(scores, True)
    assert all(math.isfinite(row["mae"]) and row["mae"] > 0 for row in scores.values())
    told = "MASE leaves out 1 of 1 series, in train constant or exactly as a season of 7 steps before: a"
    assert told in of.notes


def test_a_constant_variable_is_named_among_the_others() -> None:
    one = series(80, variables=2)
    one.values[:, 1] = 0.3
    of = prepared(one, season=7)
    told = "MASE leaves out 1 of 2 series, in train constant or exactly as a season of 7 steps before: v"
    assert told in of.notes
    both = prepared(one, dataclasses.replace(series(80, name="b"), variables=("u", "v")), season=7)
    assert any(note.endswith("a v") for note in both.notes)


@pytest.mark.parametrize(
    ("lengths", "cut", "message"),
    [
        ((9, 7), Cut(0.2, 0.2), "no train window fits: the longest series has 5 train steps \\(a\\)"),
        ((40, 30), Cut(0.05, 0.2), "no dev window fits: the longest series has 2 dev steps \\(a\\)"),
        ((40, 30), Cut(0.2, 0.05), "no test window fits: the longest series has 2 test steps \\(a\\)"),
    ],
)
def test_where_all_are_too_short_the_longest_is_named(
    lengths: tuple[int, int], cut: Cut, message: str
) -> None:
    all_series = [series(length, name=name) for length, name in zip(lengths, "ab", strict=True)]
    with pytest.raises(UserError, match=f"{message}, a forecast reads --window 6 and scores --horizon 4"):
        TASK.prepare(dataset(*all_series, cut=cut), Options(window=6, horizon=4), 8)


def test_series_at_levels_far_apart_are_learnt_as_at_one() -> None:
    """Meters at 1000, 3e6 and 1.2e9 that vary by about 10: the level of each is subtracted, and is in no unit."""
    walks = [series(90, name=name, seed=n, variables=1) for n, name in enumerate("abc")]
    walks = [dataclasses.replace(one, values=np.round(8 * one.values) / 8) for one in walks]
    apart = [
        dataclasses.replace(one, values=one.values + level)
        for one, level in zip(walks, (1e3, 3e6, 1.2e9), strict=True)
    ]
    of, other = prepared(*apart, season=7), prepared(*reversed(apart), season=7)
    own = np.sqrt(np.mean([one.values[:54].var() for one in walks]))
    assert of.learned.scale == pytest.approx([own])
    assert other.learned.scale == pytest.approx([own])
    assert any(note.startswith("u: the levels of series are far apart") for note in of.notes)
    assert prepared(*apart, season=7, normalise="none").learned.scale > 1e6
    assert not any("u: " in note for note in prepared(*walks, season=7).notes)


def test_a_series_that_decides_the_means_is_named() -> None:
    large = dataclasses.replace(BOTH[1], values=1e5 * BOTH[1].values)
    (note,) = (note for note in prepared(BOTH[0], large, season=7).notes if "times as much" in note)
    assert note.startswith("u: b varies ")
    assert "times as much as a; errors of the large series decide the loss and the means" in note


# ------------------------------------------------------------------------------------ values that were made up


def with_made_up(one: TimeSeries, steps: slice, variable: int = 0) -> TimeSeries:
    made_up = np.zeros(one.values.shape, bool)
    made_up[steps, variable] = True
    values = np.where(made_up, 1e6, one.values)  # whatever stands there is no truth
    return dataclasses.replace(one, values=values, made_up=made_up)


def test_made_up_targets_are_no_truth() -> None:
    one = series(100, variables=2)
    whole, of = prepared(one, season=7), prepared(with_made_up(one, slice(62, 66)), season=7)
    truth = of.valid.targets.values
    assert np.isnan(truth).sum() == whole.valid.targets.values[whole.valid.targets.values != truth].size > 0
    predictions = np.zeros((len(of.valid), 4, 2, 3))
    scores = TASK.score(of.learned, predictions, of.valid)
    errors = np.abs(truth[~np.isnan(truth)])
    assert scores["mae"] == pytest.approx(errors.mean())
    assert all(math.isfinite(value) for name, value in scores.items() if name != "corr")
    details = TASK.details(of.learned, predictions, of.valid)
    assert details["made_up_targets"] == np.isnan(truth).sum()
    assert "made-up values are read, but never scored nor a target in training: 4 of dev" in of.notes


def test_a_window_of_nothing_but_made_up_targets_is_none() -> None:
    one = with_made_up(series(100, variables=1), slice(20, 30))
    of = prepared(one, season=7)
    assert set(range(6, 57)) - {*of.train.index[:, 1]} == {*range(20, 27)}
    told = (
        "made-up values are read, but never scored nor a target in training: 10 of train; "
        "7 windows with nothing else to forecast"
    )
    assert f"{told} are left out" in of.notes
    every = with_made_up(series(100, variables=1), slice(60, 80))
    with pytest.raises(UserError, match="every value of dev that a window forecasts was made up"):
        prepared(every, season=7)


@pytest.mark.parametrize("quantiles", [1, 3])
def test_made_up_targets_are_not_learnt(quantiles: int) -> None:
    """The mean of a batch's weighted losses is the mean over the targets that are known; no gradient is of others."""
    import tensorflow as tf

    one = series(100, variables=2)
    of = prepared(with_made_up(one, slice(18, 21), variable=1), season=7, quantiles=quantiles)
    batch = of.train.load(np.arange(8, 12))
    assert np.isnan(batch.targets).any()
    built = model(of)
    with tf.GradientTape() as tape:
        losses = TASK.loss(tf.constant(batch.targets), built(dict(batch.inputs)))
        total = tf.reduce_sum(losses * batch.weights) / batch.weights.sum()
    gradients = [np.array(gradient) for gradient in tape.gradient(total, built.trainable_variables)]
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    rows = np.arange(8, 12)
    forecasts = np.array(built({name: a[:4] for name, a in batch.inputs.items()})["forecast"])
    of_rows = dataclasses.replace(of.train, index=of.train.index[rows], _cache={})
    assert float(total) == pytest.approx(TASK.score(of.learned, forecasts, of_rows)["loss"], rel=1e-5)


def test_the_linear_map_and_the_unit_of_mase_are_of_known_values() -> None:
    one = series(100, variables=1)
    of = prepared(with_made_up(one, slice(30, 34)), season=7)
    differences = np.abs(one.values[7:60] - one.values[:53])
    touched = np.zeros((60, 1), bool)
    touched[30:34] = True
    known = ~(touched[7:] | touched[:-7])
    assert of.train.mase_scale[0] == pytest.approx([differences[known].mean()])
