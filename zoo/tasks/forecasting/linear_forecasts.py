"""Forecasts that are linear in the window, as matrices: exponential smoothing, autoregressions, ridge regressions.

A `LinearForecast` maps a window `z (window,)` to `z @ matrix + constant`, its next `horizon` values. Where z is what
the values differ from a level by, so are the forecasts.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

import numpy as np

#: Of exponential smoothing, tried on train: of the level, of the trend and its damping, of the season (None: none).
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)
TRENDS = ((0.0, 1.0), (0.05, 0.8), (0.05, 0.95), (0.05, 1.0), (0.2, 0.8), (0.2, 0.95), (0.2, 1.0))
SEASONS = (None, 0.05, 0.2, 0.5)
#: Penalties of ridge regression, in mean squares of a feature.
PENALTIES = (1e-3, 1e-2, 1e-1, 1.0)
#: Rounds of reweighting towards the least absolute error, and the least residual, as a share of the median one.
ROUNDS, LEAST_RESIDUAL = 12, 0.05


class LinearForecast(NamedTuple):
    """`matrix (window, horizon)` and `constant (horizon,)`."""

    matrix: np.ndarray
    constant: np.ndarray

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """`(rows, window)` to `(rows, horizon)`."""
        return windows @ self.matrix + self.constant


def last_season(window: int, horizon: int, season: int) -> LinearForecast:
    """The value of the last season; of a season of one step, the last value."""
    matrix = np.zeros((window, horizon))
    matrix[window - season + np.arange(horizon) % season, np.arange(horizon)] = 1
    return LinearForecast(matrix, np.zeros(horizon))


def drift(window: int, horizon: int) -> LinearForecast:
    """The line through the first and the last value of the window."""
    ahead = np.arange(1, horizon + 1) / max(window - 1, 1)
    matrix = np.zeros((window, horizon))
    matrix[0] -= ahead
    matrix[-1] += 1 + ahead
    return LinearForecast(matrix, np.zeros(horizon))


def smoothings(window: int, horizon: int, season: int) -> Iterator[LinearForecast]:
    """Exponential smoothing with every setting that a window is long enough for."""
    seasons = SEASONS if season > 1 and window >= 2 * season else (None,)
    for level, (trend, damping), seasonal in product(LEVELS, TRENDS, seasons):
        yield smoothing(window, horizon, level, trend, damping, seasonal, season)


def smoothing(
    window: int,
    horizon: int,
    level: float,
    trend: float,
    damping: float,
    seasonal: float | None,
    season: int,
    line_through: int = 0,
) -> LinearForecast:
    """Exponential smoothing, additive, with damped trend and, where `seasonal` is given, a season.

        l_t = α (y_t - s_{t-m}) + (1-α) (l_{t-1} + φ b_{t-1})
        b_t = β (l_t - l_{t-1}) + (1-β) φ b_{t-1}
        s_t = γ (y_t - l_{t-1} - φ b_{t-1}) + (1-γ) s_{t-m}
        forecast of t+h: l_t + (φ + … + φ^h) b_t + s_{t+h-m}            (Hyndman and Athanasopoulos 2021, ch. 8)

    It begins with the mean of the first season, or with the first value, and without trend; of windows of which
    `line_through` is given, with the line through so many first values.
    """
    values = np.eye(window)  # the state is linear in the window: row t tells what value t adds
    slope = np.zeros(window)
    if seasonal is None:
        now, first = values[:, 0], 1
        seasons = [np.zeros(window)]
        if line_through > 1:
            now, slope, first = *_line(values[:, :line_through]), 0
    else:
        now, first = values[:, :season].mean(axis=1), season
        seasons = [values[:, step] - now for step in range(season)]
    for step in range(first, window):
        before, predicted = seasons[step % len(seasons)], now + damping * slope
        smoothed = level * (values[:, step] - before) + (1 - level) * predicted
        slope = trend * (smoothed - now) + (1 - trend) * damping * slope
        if seasonal is not None:
            seasons[step % season] = seasonal * (values[:, step] - predicted) + (1 - seasonal) * before
        now = smoothed
    growth = np.cumsum(damping ** np.arange(1, horizon + 1))
    ahead = [
        now + of_slope * slope + seasons[(window + step) % len(seasons)]
        for step, of_slope in enumerate(growth)
    ]
    return LinearForecast(np.stack(ahead, axis=1), np.zeros(horizon))


def _line(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The least squares line through `(rows, steps)`: its value one step before the first, and its slope."""
    steps = np.arange(1, values.shape[1] + 1)
    centred = steps - steps.mean()
    slope = values @ centred / (centred @ centred)
    return values.mean(axis=1) - slope * steps.mean(), slope


def iterated(coefficients: np.ndarray, constant: float, window: int, horizon: int) -> LinearForecast:
    """An autoregression whose forecasts feed the next: `coefficients (lags,)`, the latest value's first."""
    lags = len(coefficients)
    matrix = np.zeros((horizon + window, window))  # every value by what the window's values add to it
    matrix[:window] = np.eye(window)
    constants = np.zeros(horizon + window)
    for step in range(window, window + horizon):
        before = slice(step - lags, step)
        matrix[step] = coefficients[::-1] @ matrix[before]
        constants[step] = coefficients[::-1] @ constants[before] + constant
    return LinearForecast(matrix[window:].T, constants[window:])


def of_differences(coefficients: np.ndarray, distance: int) -> np.ndarray:
    """Coefficients of an autoregression of values from one of their differences over `distance` steps."""
    lags = len(coefficients)
    of_values = np.zeros(lags + distance)
    of_values[:lags] += coefficients
    of_values[distance:] -= coefficients
    of_values[distance - 1] += 1
    return of_values


def autoregression(before: np.ndarray, after: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Least squares of the next values on the ones before.

    Args:
        before: `(rows, lags)`, the latest last.
        after: `(rows,)`.
        weights: `(rows,)`.

    Returns:
        Coefficients `(lags,)`, the latest first, and the constant.
    """
    solved = _solve(with_one(before) * weights[:, None], after[:, None] * weights[:, None], 1e-9)
    return solved[:-1, 0][::-1], float(solved[-1, 0])


def ridge(before: np.ndarray, after: np.ndarray, weights: np.ndarray, penalty: float) -> LinearForecast:
    """Ridge regression of all steps ahead on the window.

    Args:
        before: `(rows, window)`.
        after: `(rows, horizon)`.
        weights: `(rows,)`, of the errors.
        penalty: on the coefficients, in mean squares of a feature.
    """
    solved = _solve(with_one(before) * weights[:, None], after * weights[:, None], penalty)
    return LinearForecast(solved[:-1], solved[-1])


def least_absolute(
    before: np.ndarray, after: np.ndarray, weights: np.ndarray, penalty: float
) -> LinearForecast:
    """As `ridge`, with each row weighted down by its error until absolute errors count, not squared ones.

    Iteratively reweighted least squares (Holland and Welsch 1977), one weight a row.
    """
    found = ridge(before, after, weights, penalty)
    for _ in range(ROUNDS):
        residuals = np.abs(after - found(before)) * weights[:, None]
        median = np.median(residuals)
        if not median > 0:
            break  # most rows are met exactly
        of_row = np.sqrt((median / np.maximum(residuals, LEAST_RESIDUAL * median)).mean(axis=1))
        found = ridge(before, after, weights * of_row, penalty)
    return found


def with_one(rows: np.ndarray) -> np.ndarray:
    """The rows with a 1 at their end, for the constant."""
    return np.concatenate([rows, np.ones((len(rows), 1))], axis=1)


def _solve(features: np.ndarray, targets: np.ndarray, penalty: float) -> np.ndarray:
    """Ridge regression; the last feature, the constant's, is all but free."""
    squares = features.T @ features
    size = np.trace(squares[:-1, :-1]) / max(len(squares) - 1, 1) or 1.0
    penalties = np.full(len(squares), penalty * size)
    penalties[-1] = 1e-9 * max(squares[-1, -1], 1e-300)
    return np.linalg.solve(squares + np.diag(penalties + 1e-12 * size), features.T @ targets)
