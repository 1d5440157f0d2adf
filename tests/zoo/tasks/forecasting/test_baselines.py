from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.tasks.forecasting.examples import prepared, series, windows_of_test
from zoo.tasks.forecasting.baselines import (
    Baselines,
    autoregress,
    fit_autoregression,
    fit_ets,
    from_statsmodels,
    lags_of,
    roll_ets,
)

AHEAD = np.arange(1, 8)


def seasonal(length: int = 120, season: int = 6) -> np.ndarray:
    draw = np.random.default_rng(0).normal(size=length)
    return 0.05 * np.arange(length) + 3 * np.sin(2 * np.pi * np.arange(length) / season) + 0.3 * draw


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


@pytest.mark.parametrize("lags", [1, 4])
def test_the_autoregression_is_that_of_statsmodels(lags: int):
    auto_reg = from_statsmodels("tsa.ar_model", "AutoReg")
    y = seasonal()
    fitted = auto_reg(y[:100], lags).fit()
    coefficients = fit_autoregression(y[:100, None], lags)
    np.testing.assert_allclose(coefficients[0], fitted.params, rtol=1e-6, atol=1e-8)
    ours = autoregress(y[:, None], np.array([100]), coefficients, 7)[0, :, 0]
    np.testing.assert_allclose(ours, fitted.forecast(7), rtol=1e-6)


def test_a_constant_is_forecast_to_stay():
    y = np.full((50, 1), 3.0)
    assert autoregress(y, np.array([40]), fit_autoregression(y, 2), 3).ravel().tolist() == [3, 3, 3]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 9, 10, 12])
@pytest.mark.parametrize("constant", [True, False])
def test_of_a_series_of_few_steps_a_row_has_numbers_all_the_same(length: int, constant: bool) -> None:
    """None can be fitted on one to three steps; the last value is repeated there."""
    y = np.full(20, 0.1) if constant else seasonal(20)
    coefficients = fit_autoregression(y[:length, None], lags_of(length, 24))
    by_lags = autoregress(y[:, None], np.array([15]), coefficients, 7)[0, :, 0]
    by_ets = roll_ets(y, fit_ets(y[:length], 6), np.array([15]), AHEAD)[0]
    assert np.isfinite([by_lags, by_ets]).all()
    if constant or length <= 3:
        np.testing.assert_allclose([by_lags, by_ets], np.full((2, 7), y[14]), rtol=1e-6)


@pytest.mark.parametrize("level", [0.0, 1.2e9])
def test_a_large_level_costs_no_digits(level: float) -> None:
    """Eighths, which are exact at both levels."""
    y = np.round(8 * seasonal()) / 8
    origins, season = np.array([80, 93]), 6
    coefficients = fit_autoregression(level + y[:80, None], 4)
    by_lags = autoregress(level + y[:, None], origins, coefficients, 7) - level
    by_ets = roll_ets(level + y, fit_ets(level + y[:80], season), origins, AHEAD) - level
    np.testing.assert_allclose(
        by_lags, autoregress(y[:, None], origins, fit_autoregression(y[:80, None], 4), 7), atol=1e-4
    )
    np.testing.assert_allclose(by_ets, roll_ets(y, fit_ets(y[:80], season), origins, AHEAD), atol=1e-4)


@pytest.mark.parametrize("season", [1, 6])
def test_rolled_ets_is_that_of_statsmodels_at_each_origin(season: int):
    """With the same parameters and starting states a model of the values before the origin forecasts the same."""
    import warnings

    ets_model = from_statsmodels("tsa.exponential_smoothing.ets", "ETSModel")
    y = seasonal()
    fitted = fit_ets(y[:80], season)
    assert fitted is not None
    origins = np.array([80, 93, 110])
    found = roll_ets(y, fitted, origins, AHEAD)
    seasonal_part = {"seasonal": "add", "seasonal_periods": season} if season > 1 else {}
    for origin, forecast in zip(origins, found, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ets_model(
                y[:origin], error="add", trend="add", damped_trend=True, initialization_method="heuristic",
                **seasonal_part,
            )  # fmt: skip
            expected = model.smooth(fitted[0]).forecast(7)
        np.testing.assert_allclose(forecast, expected, rtol=1e-6)


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
