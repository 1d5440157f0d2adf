"""Metrics of forecasts from many origins. Errors are `y - f`; all are means over forecasts, steps and variables.

mae, rmse     in the units of the data
mae_scaled, mse_scaled  of values standardised with train's mean and deviation of each variable (LTSF's MAE and MSE);
              a variable that is constant in train is only shifted, as scikit-learn's StandardScaler does it
rse           √(Σ e²) / √(Σ (y - mean of all y)²), over all variables at once (Lai et al. 2018, LSTNet)
corr          correlation of y and f over the forecasts, a variable and step at a time, then the mean (the same)
smape         mean of 2|e| / (|y| + |f|), from 0 to 2, where both are 0: 0
mase          mean of |e| / (mean |y_t - y_{t-m}| of the training series), m the season (Hyndman and Koehler 2006)
pinball       mean pinball loss over the quantile levels
crps          2 · pinball; of a point forecast the absolute error (Gneiting and Raftery 2007)
coverage      share of y between the lowest and the highest quantile; 1 - 2·(lowest level) would be right

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
        "mase": mase(errors, targets.series, mase_scale), "rse": rse(y, middle), "corr": corr(y, middle),
    }  # fmt: skip
    metrics = {
        "mae": float(known_mean(np.abs(errors))),
        "rmse": float(np.sqrt(known_mean(errors**2))),
        "mae_scaled": float(known_mean(np.abs(scaled))),
        "mse_scaled": float(known_mean(scaled**2)),
        "smape": smape(y, middle),
        **{name: math.nan if value is None else value for name, value in relative.items()},
    }
    if forecasts.shape[-1] == 1:
        known = scaled[~np.isnan(scaled)]
        return metrics | {"crps": metrics["mae"], "loss": loss_of_errors(known, delta)}
    return metrics | _of_quantiles(y, forecasts, scale)


def _of_quantiles(y: np.ndarray, forecasts: np.ndarray, scale: np.ndarray) -> Metrics:
    total, total_scaled = 0.0, 0.0
    tau = levels(forecasts.shape[-1])
    for n, level in enumerate(tau):
        errors = y - forecasts[..., n].astype(np.float64)
        pinball = np.maximum(level * errors, (level - 1) * errors)
        total += float(known_mean(pinball)) / len(tau)
        total_scaled += float(known_mean(pinball / scale)) / len(tau)
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


def smape(y: np.ndarray, forecasts: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, as a share."""
    size = np.abs(y) + np.abs(forecasts)
    shares = np.divide(2 * np.abs(y - forecasts), size, out=np.zeros_like(size), where=size != 0)
    return float(known_mean(shares))


def mase(errors: np.ndarray, series: np.ndarray, mase_scale: np.ndarray) -> float | None:
    """Mean absolute error, each variable of each series in units of its seasonal differences in train.

    Args:
        errors: `(forecasts, steps, variables)`, NaN where the value was made up.
        series: `(forecasts,)` number of each forecast's series.
        mase_scale: see `score`.

    Returns:
        None where no series has a unit.
    """
    units = mase_scale[series][:, None, :]
    counted = (units > 0) & ~np.isnan(errors)
    ratios = np.divide(np.abs(errors), units, out=np.zeros_like(errors), where=counted)
    return float(ratios.sum() / counted.sum()) if counted.any() else None
