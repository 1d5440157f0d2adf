from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from datasets.series.time_series import TimeSeries
from tests.zoo.tasks.forecasting.examples import prepared, series, windows_of_test
from zoo.tasks.forecasting.naive2 import is_seasonal, naive2, overall
from zoo.tasks.forecasting.task import DIFFERENT_SIZE, TASK

FACTORS = np.array([0.5, 1.5, 1.2, 0.8])


def seasonal(size: float = 1.0, name: str = "a") -> TimeSeries:
    """A level that rises, times a factor of each phase."""
    steps = np.arange(80)
    values = size * (100 + steps) * FACTORS[steps % 4]
    return dataclasses.replace(series(80, name=name, variables=1), values=values[:, None])


def test_the_last_value_is_adjusted_for_the_season() -> None:
    of = prepared(seasonal(), season=4, horizon=4)
    windows = windows_of_test(of)
    last = windows.index[:, 1] - 1
    expected = (100 + last)[:, None] * FACTORS[(last[:, None] + [1, 2, 3, 4]) % 4]
    np.testing.assert_allclose(naive2(windows, 4)[..., 0], expected, rtol=0.02)


@pytest.mark.parametrize("season", [1, 4])
def test_without_a_season_it_repeats_the_last_value(season: int) -> None:
    one = series(80, variables=2)
    values = 50 + np.random.default_rng(0).normal(size=one.values.shape)
    of = prepared(dataclasses.replace(one, values=values), season=season)
    windows = windows_of_test(of)
    expected = np.repeat(windows.raw(np.arange(len(windows)), -1, 0), 4, axis=1)
    np.testing.assert_array_equal(naive2(windows, season), expected)


def test_the_test_of_a_season() -> None:
    noise = np.random.default_rng(0).normal(size=200)
    assert not is_seasonal(noise, 4)
    assert is_seasonal(noise + 3 * FACTORS[np.arange(200) % 4], 4)
    assert not is_seasonal(np.full(50, 3.0), 4)


def test_naive_2_itself_has_an_overall_average_of_1() -> None:
    of = prepared(seasonal(), seasonal(1e3, "b"), season=4, normalise="auto")
    assert of.learned.different_size
    assert TASK.headline_of(of.learned) == DIFFERENT_SIZE
    windows = windows_of_test(of)
    scores = TASK.baselines(of)(windows)
    assert scores["naive 2"]["owa"] == pytest.approx(1)
    last = scores["last value"]
    shares = [last[name] / scores["naive 2"][name] for name in ("smape", "mase")]
    assert last["owa"] == pytest.approx(np.mean(shares))
    assert np.isnan(overall(scores["drift"], dataclasses.replace(windows, yardstick={"mase": 0.0}), 4))


def test_series_of_one_size_keep_the_usual_table() -> None:
    of = prepared(season=4)
    assert TASK.headline_of(of.learned) == TASK.headline
    assert "owa" not in TASK.baselines(of)(windows_of_test(of))["last value"]


def test_the_unit_of_mase_is_of_all_that_came_before_a_split() -> None:
    one = series(100, variables=1)
    of = prepared(one, season=4)
    for windows, start in ((of.valid, 60), (windows_of_test(of), 80)):
        expected = np.abs(one.values[4:start] - one.values[: start - 4]).mean()
        assert windows.mase_scale == pytest.approx(np.array([[expected]]))
