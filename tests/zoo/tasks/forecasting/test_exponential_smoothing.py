from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from tests.zoo.tasks.forecasting.statsmodels_classes import from_statsmodels
from zoo.tasks.forecasting import exponential_smoothing
from zoo.tasks.forecasting.exponential_smoothing import Smoothing, fit, roll, season_of

AHEAD = np.arange(1, 8)


def noisy(length: int, season: int, kind: int) -> np.ndarray:
    """Walks, lines and seasons with noise."""
    draw = np.random.default_rng(kind).normal(size=(2, length))
    wave = 4 * np.sin(2 * np.pi * np.arange(length) / season) if season > 1 else 0.0
    return np.cumsum(draw[0]) * (kind % 3) + draw[1] * (1 + kind % 2) + wave + 0.05 * kind * np.arange(length)


def of_statsmodels(column: np.ndarray, season: int) -> Any:
    """The same model of statsmodels."""
    ets_model = from_statsmodels("tsa.exponential_smoothing.ets", "ETSModel")
    seasonal = {"seasonal": "add", "seasonal_periods": season} if season > 1 else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ets_model(
            column, error="add", trend="add", damped_trend=True, initialization_method="heuristic", **seasonal
        )


@pytest.mark.parametrize(("season", "worse"), [(1, 1.002), (6, 1.06)])
def test_the_fit_is_as_good_as_that_of_statsmodels(season: int, worse: float) -> None:
    """With a season, statsmodels begins elsewhere, sometimes nearer, sometimes farther."""
    columns = [noisy(120 + 10 * kind, season, kind) for kind in range(5)]
    fitted = fit(columns, season)
    for column, deviation in zip(columns, fitted.deviation, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            other = of_statsmodels(column, season).fit(disp=False)
        assert deviation <= worse * np.sqrt(other.sse / len(column))


@pytest.mark.parametrize("season", [1, 6])
def test_series_side_by_side_are_fitted_and_rolled_as_alone(
    season: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = [noisy(length, season, kind) for kind, length in enumerate((90, 40, 61))]
    origins = [np.array([30, 80]), np.array([33]), np.array([1, 50, 60])]
    together = fit(columns, season)
    found = list(roll(columns, together, origins, AHEAD))
    monkeypatch.setattr(exponential_smoothing, "CHUNK", 1)
    alone = fit(columns, season)
    np.testing.assert_allclose(alone.deviation, together.deviation, rtol=1e-5)
    for one, other in zip(found, roll(columns, together, origins, AHEAD), strict=True):
        np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("season", [1, 6])
def test_rolled_forecasts_and_their_spread_follow_the_equations(season: int) -> None:
    """Step by step, in scalars; and the errors of paths that are drawn spread as it says."""
    column = noisy(60, season, 4)
    fitted = fit([column], season)
    (found,) = roll([column], fitted, [np.array([50])], AHEAD)
    level, slope, seasonal, damping = (
        float(one[0]) for one in exponential_smoothing._parameters(fitted.shares, season)
    )
    first = exponential_smoothing._first_states(column[:, None], season)
    states = float(first.level[0]), float(first.slope[0]), first.season[:, 0].tolist()

    def step(states: tuple, error_of: Any) -> tuple:
        before, rise, ring = states
        predicted = before + damping * rise + ring[0]
        error = error_of(predicted)
        return (
            before + damping * rise + level * error,
            damping * rise + slope * error,
            [*ring[1:], ring[0] + seasonal * error],
        ), predicted + error

    for value in column[:50]:
        states, _ = step(states, lambda predicted, value=value: value - predicted)
    expected, after = [], states
    for _ in AHEAD:
        after, forecast = step(after, lambda _: 0.0)
        expected.append(forecast)
    np.testing.assert_allclose(found[0], expected)
    draw = np.random.default_rng(0)
    paths = np.empty((4000, len(AHEAD)))
    for path in paths:
        after = states
        for n in range(len(AHEAD)):
            after, path[n] = step(after, lambda _: draw.normal(scale=fitted.deviation[0]))
    np.testing.assert_allclose(paths.std(axis=0), fitted.spread(7)[0], rtol=0.05)


def test_rolled_forecasts_are_those_of_statsmodels() -> None:
    """Without a season both begin with the same line."""
    column = noisy(110, 1, 4)
    fitted = fit([column[:80]], 1)
    level, slope, _, damping = (float(one[0]) for one in exponential_smoothing._parameters(fitted.shares, 1))
    (found,) = roll([column], fitted, [np.array([80, 93, 110])], AHEAD)
    for origin, forecast in zip((80, 93, 110), found, strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            smoothed = of_statsmodels(column[:origin], 1).smooth([level, slope, damping])
        np.testing.assert_allclose(forecast, smoothed.forecast(7), rtol=1e-5)


def test_a_constant_is_forecast_to_stay() -> None:
    fitted = fit([np.zeros(30)], 1)
    assert next(roll([np.zeros(40)], fitted, [np.array([35])], AHEAD)).tolist() == [[0.0] * 7]
    assert fitted.spread(7).tolist() == [[0.0] * 7]


def test_a_season_needs_two_of_them() -> None:
    assert (season_of(24, 12), season_of(34, 12), season_of(5, 1)) == (1, 12, 1)


def test_numbers_that_overflow_are_never_best() -> None:
    fitted = fit([np.array([0.0, 1e300, -1e300, 1e300, 0.0])], 1)
    assert isinstance(fitted, Smoothing)
    assert np.isfinite(fitted.shares).all()


def test_no_recursion_grows_with_every_season() -> None:
    """With these the error is least in train, and grows by four tenths of a per cent a season."""
    growing = np.array([[0.92], [0.12], [0.91], [0.6]])
    parameters = [part.item() for part in exponential_smoothing._parameters(growing, 24)]
    assert exponential_smoothing._radius(parameters, 24) > 1 + 1e-5
    stable = exponential_smoothing._stable(growing, 24)
    np.testing.assert_array_equal(stable[[0, 3]], growing[[0, 3]])
    assert (stable[1:3] < growing[1:3]).all()
    for shares, settles in ((growing, False), (stable, True)):
        first = exponential_smoothing._States(np.ones(1), np.ones(1), np.sin(np.arange(24.0))[:, None])
        errors = [
            np.abs(error).item()
            for error, _ in exponential_smoothing._recursion(np.zeros((20_000, 1)), shares, first, 24)
        ]
        assert (max(errors[-2000:]) < max(errors[2000:4000])) == settles


def test_the_radius_is_that_of_the_recursion() -> None:
    """A level alone forgets 1 - α of what it is off by with each step."""
    of_a_season_that_stays = exponential_smoothing._radius((0.3, 0.0, 0.0, 0.8), 4)
    assert of_a_season_that_stays == pytest.approx(1.0)
    shares = np.array([[0.3, 0.5], [0.1, 0.1], [0.2, 0.2], [0.5, 0.5]])
    np.testing.assert_array_equal(exponential_smoothing._stable(shares, 12), shares)
