from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.zoo.tasks.forecasting.examples import prepared, series, windows_of_test
from zoo.tasks.forecasting.baselines import Baselines, lags_of
from zoo.tasks.forecasting.losses import levels


def test_each_row_against_its_definition():
    one = series(80)
    of = prepared(one, season=3)
    windows = windows_of_test(of)
    rows = Baselines(of.train, season=3, lags=2, ets=False).forecasts(windows)
    y, t, n = one.values, int(windows.index[5, 1]), 5
    np.testing.assert_allclose(rows["last value"][n], [y[t - 1]] * 4)
    np.testing.assert_allclose(rows["last value of 3 steps before"][n], y[[t - 3, t - 2, t - 1, t - 3]])
    slope = (y[t - 1] - y[t - 6]) / 5
    np.testing.assert_allclose(rows["drift"][n], [y[t - 1] + k * slope for k in range(1, 5)])
    assert set(rows) == {"last value", "last value of 3 steps before", "drift", "AR(2)", "linear map"}


def test_where_only_the_last_step_is_scored_rows_forecast_that_step():
    one = series(80)
    full, last = prepared(one, season=3), prepared(one, season=3, only_last=True)
    rows = Baselines(full.train, 3, 2, True).forecasts(windows_of_test(full))
    single = Baselines(last.train, 3, 2, True).forecasts(windows_of_test(last))
    common = windows_of_test(last).index[:, 1] >= windows_of_test(full).index[0, 1]
    for name in rows:
        if name != "linear map":  # that is fitted on other windows
            np.testing.assert_allclose(single[name][common][:, 0], rows[name][:, -1], err_msg=name)
    assert "ETS" in rows


@pytest.mark.parametrize("length", [2, 3, 4, 5, 9, 10, 12, 40])
def test_of_a_series_of_few_steps_a_row_has_numbers_all_the_same(length: int) -> None:
    """None can be fitted on one to three steps; the last value is repeated there."""
    long, short = series(60, variables=1, name="a"), series(40, variables=1, name="b", seed=1)
    of = prepared(long, short)
    index = of.train.index[of.train.index[:, 0] == 0]
    train = replace(of.train, series=(of.train.series[0], short.until(length)), index=index, _cache={})
    rows = Baselines(train, season=6, lags=4, ets=True).quantiles(windows_of_test(of), levels(3))
    last = rows["last value"][..., 0]
    assert all(np.isfinite(row).all() for row in rows.values())
    if length <= 3:
        of_short = windows_of_test(of).index[:, 0] == 1
        for name in ("AR(4)", "ETS"):
            np.testing.assert_allclose(rows[name][of_short, ..., 1], last[of_short])
    assert lags_of(length, 24) <= max(0, length // 3)


def test_rows_that_say_a_spread_have_quantiles():
    of = prepared(series(200, variables=1))
    rows = Baselines(of.train, season=3, lags=2, ets=True)
    points, found = rows.forecasts(windows_of_test(of)), rows.quantiles(windows_of_test(of), levels(9))
    assert {name for name, row in found.items() if row.shape[-1] == 9} == {"AR(2)", "ETS"}
    for name in ("AR(2)", "ETS"):
        np.testing.assert_allclose(found[name][..., 4], points[name])
        assert (np.diff(found[name], axis=-1) > 0).all()
        widths = found[name][..., -1] - found[name][..., 0]
        assert (np.diff(widths, axis=1) > 0).all(), "later steps of a random walk are less certain"
    at_one = rows.quantiles(windows_of_test(of), levels(1))
    assert {row.shape[-1] for row in at_one.values()} == {1}


def test_intervals_of_rows_cover_what_they_say():
    """Of noise around a level that hardly moves both rows know the model."""
    walk = series(2000, variables=1)
    noise = np.random.default_rng(1).normal(scale=3.0, size=(2000, 1))
    of = prepared(replace(walk, values=50 + noise))
    windows = windows_of_test(of)
    truth = windows.targets.values
    for name, row in Baselines(of.train, 1, 2, True).quantiles(windows, levels(9)).items():
        if row.shape[-1] == 9:
            inside = (row[..., 0] <= truth) & (truth <= row[..., -1])
            assert inside.mean() == pytest.approx(0.8, abs=0.03), name


def test_rows_know_nothing_from_the_origin_on():
    one = series(80)
    of = prepared(one, season=3)
    rows = Baselines(of.train, 3, 2, True)
    windows = windows_of_test(of)
    before = rows.forecasts(windows)
    origin = int(windows.index[4, 1])
    windows.series[0].values[origin:] += 1000
    windows._cache.clear()
    after = rows.forecasts(windows)
    for name in before:
        np.testing.assert_allclose(after[name][:5], before[name][:5], err_msg=name)
        assert not np.allclose(after[name][5:], before[name][5:]), name


def test_the_linear_map_finds_a_linear_rule():
    """y_t = y_{t-2}: the map gives the exact continuation of an alternating series."""
    values = np.where(np.arange(80) % 2, 10.0, 20.0)[:, None] + np.zeros((80, 1))
    one = series(80, variables=1)
    one.values[:] = values
    of = prepared(one)
    found = Baselines(of.train, 1, 2, False).forecasts(windows_of_test(of))["linear map"]
    np.testing.assert_allclose(found, windows_of_test(of).targets.values, atol=0.2)


def test_the_linear_map_where_no_window_is_without_a_made_up_step() -> None:
    """As in a table of a shop that is closed on Sundays, with a horizon of a week or more."""
    one = series(80, variables=1)
    values = np.where(np.arange(80) % 2, 10.0, 20.0)[:, None]
    made_up = np.arange(80)[:, None] % 4 == 0
    one = replace(one, values=values, made_up=made_up)
    of = prepared(one)
    assert np.isnan(of.train.targets.values).any(axis=(1, 2)).all()
    truth = windows_of_test(of).targets.values
    found = Baselines(of.train, 1, 2, False).forecasts(windows_of_test(of))["linear map"]
    np.testing.assert_allclose(found[~np.isnan(truth)], truth[~np.isnan(truth)], atol=0.2)
    assert np.isfinite(found).all()
    made_up[20] = False  # a few windows that are known as a whole change little
    of = prepared(replace(one, made_up=made_up))
    again = Baselines(of.train, 1, 2, False).forecasts(windows_of_test(of))["linear map"]
    np.testing.assert_allclose(again, found, atol=0.05)


def test_where_a_step_is_never_known_the_linear_map_is_the_last_value() -> None:
    one = series(80, variables=1)
    of = prepared(replace(one, made_up=np.arange(80)[:, None] % 2 == 1), stride=2)
    windows = windows_of_test(of)
    never = np.isnan(of.train.targets.values).all(axis=(0, 2))
    assert never.sum() == 2
    found = Baselines(of.train, 1, 2, False).forecasts(windows)["linear map"]
    last = windows.raw(np.arange(len(windows)), -1, 0)
    np.testing.assert_allclose(found[:, never], np.broadcast_to(last, found[:, never].shape))
