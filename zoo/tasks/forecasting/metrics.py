"""Metrics of forecasts from many origins. Errors are `e = y - f`; those of which nothing else is said are means over
forecasts, steps and variables.

mae, rmse     in the units of the data
mae_scaled, mse_scaled  of values standardised with train's mean and deviation of each variable (LTSF's MAE and MSE);
              a variable that is constant in train is only shifted, as scikit-learn's StandardScaler does it
rse           √(Σ e²) / √(Σ (y - mean of all y)²), over all variables at once (Lai et al. 2018, LSTNet)
corr          correlation of y and f over the forecasts, a variable and step at a time, then the mean (the same)
smape         mean of 200|e| / (|y| + |f|), in per cent, where both are 0: 0 (Makridakis et al. 2020, M4)
wape          Σ|e| / Σ|y|, in per cent: large series count most
mase          mean of |e| / (mean |y_t - y_{t-m}| of the training series), m the season (Hyndman and Koehler 2006)
pinball       mean pinball loss over the quantile levels
crps          2 · pinball; of a point forecast the absolute error (Gneiting and Raftery 2007)
coverage      share of y between the lowest and the highest quantile; 1 - 2·(lowest level) would be right

smape and mase are means of each variable of each series first, and then over these, so that each counts once.

NaN stands for what is undefined, for 0 would be a perfect error: rse where all y are equal; corr where no variable and
step has both y and f that vary; mase where no series of train has a unit, see `zoo.tasks.forecasting.scales`. Numbers
that differ by rounding alone are equal. A target that is NaN was made up where a value was missing, and is not scored.
"""

from __future__ import annotations

import math

import numpy as np

from zoo.tasks.forecasting.losses import levels, loss_of_errors
from zoo.tasks.forecasting.scales import is_rounding, known_mean
from zoo.tasks.forecasting.windows import Targets

Metrics = dict[str, float]
#: A forecast that varies by a smaller share of what the truth varies by is constant.
FLAT = 1e-6


def score(
    forecasts: np.ndarray, targets: Targets, *, scale: np.ndarray, mase_scale: np.ndarray, delta: float
) -> Metrics:
    """All metrics, in float64.

    Args:
        forecasts: `(forecasts, steps, variables, levels)`.
        targets: with NaN for values that were made up.
        scale: `(variables,)` standard deviations of train.
        mase_scale: `(series of train, variables)`; 0 where a series has no unit: it does not count in MASE.
        delta: the point loss, see `zoo.tasks.forecasting.losses`.
    """
    y, middle = targets.values, forecasts[..., forecasts.shape[-1] // 2].astype(np.float64)
    errors = y - middle
    scaled = errors / scale
    relative = {
        "mase": mase(errors, targets.series, mase_scale), "wape": wape(y, middle), "rse": rse(y, middle),
        "corr": corr(y, middle),
    }  # fmt: skip
    metrics = {
        "mae": float(known_mean(np.abs(errors))),
        "rmse": float(np.sqrt(known_mean(errors**2))),
        "mae_scaled": float(known_mean(np.abs(scaled))),
        "mse_scaled": float(known_mean(scaled**2)),
        "smape": smape(y, middle, targets.series),
        **{name: math.nan if value is None else value for name, value in relative.items()},
    }
    if forecasts.shape[-1] == 1:
        in_units = errors / targets.unit
        known = in_units[~np.isnan(in_units)]
        return metrics | {"crps": metrics["mae"], "loss": loss_of_errors(known, delta)}
    return metrics | _of_quantiles(y, forecasts, targets.unit)


def _of_quantiles(y: np.ndarray, forecasts: np.ndarray, unit: np.ndarray) -> Metrics:
    total, total_scaled = 0.0, 0.0
    tau = levels(forecasts.shape[-1])
    for n, level in enumerate(tau):
        errors = y - forecasts[..., n].astype(np.float64)
        pinball = np.maximum(level * errors, (level - 1) * errors)
        total += float(known_mean(pinball)) / len(tau)
        total_scaled += float(known_mean(pinball / unit)) / len(tau)
    inside = (forecasts[..., 0] <= y) & (y <= forecasts[..., -1])
    return {
        "pinball": total, "crps": 2 * total, "coverage": float(inside[~np.isnan(y)].mean()),
        "loss": 2 * total_scaled,
    }  # fmt: skip


def rse(y: np.ndarray, forecasts: np.ndarray) -> float | None:
    """Root relative squared error; None where all y are equal."""
    known = ~np.isnan(y)
    y, forecasts = y[known], forecasts[known]
    deviation = np.sqrt(((y - y.mean()) ** 2).mean())
    if is_rounding(deviation, np.abs(y).max()):
        return None
    return float(np.sqrt(((y - forecasts) ** 2).mean()) / deviation)


def corr(y: np.ndarray, forecasts: np.ndarray) -> float | None:
    """Mean correlation over the first axis; columns in which either is constant do not count. None: all are."""
    forecasts = np.where(np.isnan(y), np.nan, forecasts)
    a, b = y - known_mean(y, axis=0), forecasts - known_mean(forecasts, axis=0)
    of_y, of_forecasts = (np.sqrt(known_mean(part**2, axis=0)) for part in (a, b))
    counted = ~(is_rounding(of_y, _size(y)) | is_rounding(of_forecasts, _size(forecasts)))
    counted &= of_forecasts > FLAT * of_y  # not where nothing of a column is known: there they are NaN
    if not counted.any():
        return None
    return float((known_mean(a * b, axis=0)[counted] / (of_y * of_forecasts)[counted]).mean())


def _size(values: np.ndarray) -> np.ndarray:
    """The largest number of each column, by its size."""
    return np.where(np.isnan(values), 0.0, np.abs(values)).max(axis=0)


def smape(y: np.ndarray, forecasts: np.ndarray, series: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, in per cent; `series (forecasts,)` is each forecast's."""
    size = np.abs(y) + np.abs(forecasts)
    shares = np.divide(200 * np.abs(y - forecasts), size, out=np.zeros_like(size), where=size != 0)
    return float(known_mean(mean_by_series(shares, series)))


def wape(y: np.ndarray, forecasts: np.ndarray) -> float | None:
    """Weighted absolute percentage error, in per cent; None where all y are 0."""
    size = np.nansum(np.abs(y))
    return float(100 * np.nansum(np.abs(y - forecasts)) / size) if size > 0 else None


def mase(errors: np.ndarray, series: np.ndarray, mase_scale: np.ndarray) -> float | None:
    """Mean absolute error, each variable of each series in units of its seasonal differences in train.

    Args:
        errors: `(forecasts, steps, variables)`, NaN where the value was made up.
        series: `(forecasts,)` number of each forecast's series.
        mase_scale: see `score`.

    Returns:
        None where no series has a unit.
    """
    units = np.broadcast_to(mase_scale[series][:, None, :], errors.shape)
    ratios = np.divide(np.abs(errors), units, out=np.full_like(errors, np.nan), where=units > 0)
    means = mean_by_series(ratios, series)
    return None if np.isnan(means).all() else float(known_mean(means))


def mean_by_series(values: np.ndarray, series: np.ndarray) -> np.ndarray:
    """`(forecasts, steps, variables)` to `(series, variables)`: means of what is not NaN, NaN where nothing is."""
    numbers, position = np.unique(series, return_inverse=True)
    known = ~np.isnan(values)
    total, count = np.zeros((2, len(numbers), values.shape[2]))
    np.add.at(total, position, np.where(known, values, 0.0).sum(axis=1))
    np.add.at(count, position, known.sum(axis=1))
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)
