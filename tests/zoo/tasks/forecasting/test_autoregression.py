from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.tasks.forecasting.statsmodels_classes import from_statsmodels
from zoo.tasks.forecasting.autoregression import (
    autoregress,
    fit_autoregression,
    spread_of_autoregression,
)


def seasonal(length: int = 120, season: int = 6) -> np.ndarray:
    draw = np.random.default_rng(0).normal(size=length)
    return 0.05 * np.arange(length) + 3 * np.sin(2 * np.pi * np.arange(length) / season) + 0.3 * draw


@pytest.mark.parametrize("lags", [1, 4])
def test_it_is_that_of_statsmodels(lags: int):
    auto_reg = from_statsmodels("tsa.ar_model", "AutoReg")
    y = seasonal()
    fitted = auto_reg(y[:100], lags).fit()
    coefficients, deviations = fit_autoregression(y[:100, None], lags)
    np.testing.assert_allclose(coefficients[0], fitted.params, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(deviations[0], np.sqrt(fitted.sigma2), rtol=1e-6)
    ours = autoregress(y[:, None], np.array([100]), coefficients, 7)[0, :, 0]
    np.testing.assert_allclose(ours, fitted.forecast(7), rtol=1e-6)
    expected = np.sqrt(fitted.get_prediction(100, 106).var_pred_mean)
    np.testing.assert_allclose(
        spread_of_autoregression(coefficients, deviations, 7)[:, 0], expected, rtol=1e-6
    )


def test_variables_and_origins_do_not_touch_each_other():
    y = np.stack([seasonal(), seasonal(season=5)[::-1]], axis=1)
    coefficients, _ = fit_autoregression(y, 3)
    both = autoregress(y, np.array([50, 90]), coefficients, 4)
    for variable in range(2):
        alone = autoregress(y[:, [variable]], np.array([90]), coefficients[[variable]], 4)
        np.testing.assert_allclose(both[1, :, variable], alone[0, :, 0])


def test_a_constant_is_forecast_to_stay():
    y = np.full((50, 1), 3.0)
    coefficients, deviations = fit_autoregression(y, 2)
    assert autoregress(y, np.array([40]), coefficients, 3).ravel().tolist() == [3, 3, 3]
    assert deviations.tolist() == [0.0]


@pytest.mark.parametrize("level", [0.0, 1.2e9])
def test_a_large_level_costs_no_digits(level: float) -> None:
    """Eighths, which are exact at both levels."""
    y = np.round(8 * seasonal()[:, None]) / 8
    origins = np.array([80, 93])
    found = autoregress(level + y, origins, fit_autoregression(level + y[:80], 4)[0], 7) - level
    np.testing.assert_allclose(found, autoregress(y, origins, fit_autoregression(y[:80], 4)[0], 7), atol=1e-4)


def test_nothing_is_fitted_to_what_was_made_up() -> None:
    y = seasonal()[:, None]
    made_up = np.arange(len(y))[:, None] == len(y) - 1
    for one, other in zip(
        fit_autoregression(np.where(made_up, 99.0, y), 2, made_up), fit_autoregression(y[:-1], 2), strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-6)
    coefficients, deviations = fit_autoregression(y, 2, np.ones_like(made_up))
    assert coefficients.tolist() == [[0.0, 1.0, 0.0]]
    few = np.ones_like(made_up)
    few[50:54] = False  # as many values as would fit exactly are too few
    assert fit_autoregression(y, 2, few)[0].tolist() == [[0.0, 1.0, 0.0]]
    assert np.isfinite(deviations).all()
