"""Autoregressions, each variable of each series by itself: least squares, forecasts step by step, and their errors."""

from __future__ import annotations

import numpy as np

from zoo.tasks.forecasting.scales import is_rounding, mean_and_deviation


def fit_autoregression(
    values: np.ndarray, lags: int, left_out: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Least squares of each variable on a constant and its own last `lags` values.

    Of a constant, with no lags, and where too few values are left to fit, it repeats the last value.

    Args:
        values: `(time, variables)`.
        lags: fewer than half of the steps.
        left_out: `(time, variables)` bool, which values nothing is fitted to, such as made-up ones; None: none.

    Returns:
        Coefficients `(variables, 1 + lags)`, the constant first and then the latest value's, and the deviation
        `(variables,)` of the errors one step ahead.
    """
    coefficients = np.zeros((values.shape[1], 1 + max(lags, 1)))
    deviations = np.zeros(values.shape[1])
    for n, column in enumerate(values.T):
        known = np.ones(len(column) - lags, bool) if left_out is None else ~left_out[lags:, n]
        too_few = left_out is not None and known.sum() <= 2 * lags
        if lags == 0 or too_few or is_rounding(np.ptp(column), np.abs(column).max()):
            coefficients[n, 1] = 1.0
            deviations[n] = np.diff(column).std() if len(column) > 1 else 0.0
            continue
        middle, size = (statistic[0] for statistic in mean_and_deviation([column[:, None]]))
        scaled = (column - middle) / size
        before = np.lib.stride_tricks.sliding_window_view(scaled, lags)[:-1, ::-1]
        features = np.concatenate([np.ones((len(before), 1)), before], axis=1)[known]
        after = scaled[lags:][known]
        fitted = np.linalg.lstsq(features, after, rcond=None)[0]
        coefficients[n, 1:] = fitted[1:]
        coefficients[n, 0] = fitted[0] * size + middle * (1 - fitted[1:].sum())
        deviations[n] = size * np.sqrt(((after - features @ fitted) ** 2).mean())
    return coefficients, deviations


def autoregress(
    values: np.ndarray, origins: np.ndarray, coefficients: np.ndarray, horizon: int
) -> np.ndarray:
    """Step by step, each forecast feeding the next: `(origins, horizon, variables)`."""
    lags = coefficients.shape[1] - 1
    steps = np.maximum(origins[:, None] - np.arange(1, lags + 1), 0)
    known = values[steps].transpose(0, 2, 1)  # (origins, variables, lags), the latest first
    forecasts = np.empty((len(origins), horizon, values.shape[1]))
    for step in range(horizon):
        forecasts[:, step] = coefficients[:, 0] + (coefficients[:, 1:] * known).sum(axis=-1)
        known = np.concatenate([forecasts[:, step, :, None], known[..., :-1]], axis=-1)
    return forecasts


def spread_of_autoregression(coefficients: np.ndarray, deviations: np.ndarray, steps: int) -> np.ndarray:
    """The deviation of the error of a forecast 1 to `steps` ahead, `(steps, variables)`.

    It is σ √(1 + ψ_1² + … + ψ_{h-1}²), ψ what an error adds to the value j steps later (Box and Jenkins 1970, ch. 5).
    """
    lags = coefficients.shape[1] - 1
    added = np.zeros((len(coefficients), steps + lags))
    added[:, lags] = 1.0
    for step in range(1, steps):
        added[:, lags + step] = (coefficients[:, 1:] * added[:, step : lags + step][:, ::-1]).sum(axis=1)
    return (deviations[:, None] * np.sqrt(np.cumsum(added[:, lags:] ** 2, axis=1))).T
