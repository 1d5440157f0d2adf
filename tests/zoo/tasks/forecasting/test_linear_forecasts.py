"""Each matrix beside a loop that does the same step by step."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.tasks.forecasting import linear_forecasts as linear

DRAW = np.random.default_rng(0)
WINDOWS = DRAW.normal(size=(5, 12))


def test_the_last_season_and_the_line_through_the_ends() -> None:
    np.testing.assert_array_equal(linear.last_season(12, 6, 4)(WINDOWS), WINDOWS[:, [8, 9, 10, 11, 8, 9]])
    slope = (WINDOWS[:, -1:] - WINDOWS[:, :1]) / 11
    np.testing.assert_allclose(linear.drift(12, 3)(WINDOWS), WINDOWS[:, -1:] + slope * [1, 2, 3])


@pytest.mark.parametrize("seasonal", [None, 0.3])
def test_exponential_smoothing(seasonal: float | None) -> None:
    alpha, beta, phi, season = 0.4, 0.2, 0.9, 3
    found = linear.smoothing(12, 5, alpha, beta, phi, seasonal, season)(WINDOWS)
    for window, forecasts in zip(WINDOWS, found, strict=True):
        level = window[:season].mean() if seasonal else window[0]
        seasons = list(window[:season] - level) if seasonal else [0.0]
        trend = 0.0
        for t in range(season if seasonal else 1, 12):
            before, predicted = seasons[t % len(seasons)], level + phi * trend
            new = alpha * (window[t] - before) + (1 - alpha) * predicted
            trend = beta * (new - level) + (1 - beta) * phi * trend
            if seasonal:
                seasons[t % season] = seasonal * (window[t] - predicted) + (1 - seasonal) * before
            level = new
        expected = [
            level + sum(phi**k for k in range(1, h + 1)) * trend + seasons[(11 + h) % len(seasons)]
            for h in range(1, 6)
        ]
        np.testing.assert_allclose(forecasts, expected)


@pytest.mark.parametrize("level", [0.0, 0.4])
def test_smoothing_that_begins_with_a_line_goes_on_with_it(level: float) -> None:
    line = 3 + 2 * np.arange(17.0)
    found = linear.smoothing(12, 5, level, 0.2, 1.0, None, 1, line_through=10)(line[None, :12])
    np.testing.assert_allclose(found[0], line[12:])


def test_every_smoothing_follows_the_level() -> None:
    for forecast in linear.smoothings(12, 5, 4):
        np.testing.assert_allclose(forecast(WINDOWS + 7), forecast(WINDOWS) + 7)


def test_an_autoregression_feeds_its_forecasts_back() -> None:
    coefficients, constant = np.array([0.5, -0.3, 0.2]), 0.7
    found = linear.iterated(coefficients, constant, 12, 6)(WINDOWS)
    for window, forecasts in zip(WINDOWS, found, strict=True):
        values = list(window)
        for _ in range(6):
            values.append(coefficients @ values[:-4:-1] + constant)
        np.testing.assert_allclose(forecasts, values[12:])


def test_an_autoregression_of_differences_is_one_of_values() -> None:
    """y_t - y_{t-4} = 0.5 (y_{t-1} - y_{t-5}) + 0.2 (y_{t-2} - y_{t-6})."""
    found = linear.of_differences(np.array([0.5, 0.2]), 4)
    np.testing.assert_allclose(found, [0.5, 0.2, 0, 1, -0.5, -0.2])


def test_an_autoregression_is_found_again() -> None:
    before = DRAW.normal(size=(300, 3))
    after = before @ [0.2, -0.3, 0.5] + 0.7
    coefficients, constant = linear.autoregression(before, after, np.ones(300))
    np.testing.assert_allclose(coefficients, [0.5, -0.3, 0.2], atol=1e-6)
    assert constant == pytest.approx(0.7)


def test_a_ridge_regression_is_that_of_scikit_learn() -> None:
    from sklearn.linear_model import Ridge

    before, after = DRAW.normal(size=(60, 4)), DRAW.normal(size=(60, 2))
    found = linear.ridge(before, after, np.ones(60), 0.1)
    size = (before**2).sum() / 4
    expected = Ridge(alpha=0.1 * size).fit(before, after)
    np.testing.assert_allclose(found(before), expected.predict(before), atol=1e-6)


def test_absolute_errors_pay_no_heed_to_outliers() -> None:
    before = DRAW.normal(size=(200, 2))
    after = before @ np.array([[1.0], [2.0]]) + 0.01 * DRAW.normal(size=(200, 1))
    after[::10] += 100
    found = linear.least_absolute(before, after, np.ones(200), 1e-6)
    np.testing.assert_allclose(found.matrix[:, 0], [1, 2], atol=0.02)
    assert found.constant == pytest.approx([0], abs=0.02)


def test_weights_count_errors() -> None:
    """Two rows of one feature, of which one counts for nothing."""
    before, after = np.array([[1.0], [1.0]]), np.array([[3.0], [100.0]])
    assert linear.ridge(before, after, np.array([1.0, 0.0]), 1e-9)(before)[0] == pytest.approx([3])
