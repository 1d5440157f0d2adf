"""Metrics of forecasts from many origins. Errors are `y - f`; all are means over forecasts, steps and variables.

mae, rmse     in the units of the data
mae_scaled, mse_scaled  of values standardised with train's mean and deviation of each variable (LTSF's MAE and MSE)
rse           √(Σ e²) / √(Σ (y - mean of all y)²), over all variables at once (Lai et al. 2018, LSTNet)
corr          correlation of y and f over the forecasts, a variable and step at a time, then the mean (the same)
smape         mean of 2|e| / (|y| + |f|), from 0 to 2, where both are 0: 0
mase          mean of |e| / (mean |y_t - y_{t-m}| of the training series), m the season (Hyndman and Koehler 2006)
pinball       mean pinball loss over the quantile levels
crps          2 · pinball; of a point forecast the absolute error (Gneiting and Raftery 2007)
coverage      share of y between the lowest and the highest quantile; 1 - 2·(lowest level) would be right
"""

from __future__ import annotations

import numpy as np

from zoo.tasks.forecasting.losses import levels, loss_of_errors
from zoo.tasks.forecasting.windows import Targets

Metrics = dict[str, float]


def score(
    forecasts: np.ndarray, targets: Targets, *, scale: np.ndarray, mase_scale: np.ndarray, delta: float
) -> Metrics:
    """All metrics.

    Args:
        forecasts: `(forecasts, steps, variables, levels)`.
        scale: `(variables,)` standard deviations of train.
        mase_scale: `(series of train, variables)`; 0 where a series is constant: it does not count in MASE.
        delta: the point loss, see `zoo.tasks.forecasting.losses`.
    """
    y, middle = targets.values, forecasts[..., forecasts.shape[-1] // 2].astype(np.float64)
    errors = y - middle
    scaled = errors / scale
    metrics = {
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt((errors**2).mean())),
        "mae_scaled": float(np.abs(scaled).mean()),
        "mse_scaled": float((scaled**2).mean()),
        "smape": smape(y, middle),
        "mase": mase(errors, targets.series, mase_scale),
    }
    if y.std() > 0:
        metrics["rse"] = rse(y, middle)
    if (found := corr(y, middle)) is not None:
        metrics["corr"] = found
    if forecasts.shape[-1] == 1:
        return metrics | {"crps": metrics["mae"], "loss": loss_of_errors(scaled, delta)}
    return metrics | _of_quantiles(y, forecasts, scale)


def _of_quantiles(y: np.ndarray, forecasts: np.ndarray, scale: np.ndarray) -> Metrics:
    total, total_scaled = 0.0, 0.0
    tau = levels(forecasts.shape[-1])
    for n, level in enumerate(tau):
        errors = y - forecasts[..., n].astype(np.float64)
        pinball = np.maximum(level * errors, (level - 1) * errors)
        total += float(pinball.mean()) / len(tau)
        total_scaled += float((pinball / scale).mean()) / len(tau)
    inside = (forecasts[..., 0] <= y) & (y <= forecasts[..., -1])
    return {
        "pinball": total, "crps": 2 * total, "coverage": float(inside.mean()), "loss": 2 * total_scaled,
    }  # fmt: skip


def rse(y: np.ndarray, forecasts: np.ndarray) -> float:
    """Root relative squared error."""
    return float(np.sqrt(((y - forecasts) ** 2).sum() / ((y - y.mean()) ** 2).sum()))


def corr(y: np.ndarray, forecasts: np.ndarray) -> float | None:
    """Mean correlation over the first axis; columns in which either is constant do not count. None: all are."""
    a, b = y - y.mean(axis=0), forecasts - forecasts.mean(axis=0)
    deviations = np.sqrt((a**2).mean(axis=0) * (b**2).mean(axis=0))
    counted = deviations > 1e-12 * np.maximum(np.abs(y).max(axis=0), 1e-30) ** 2
    return float(((a * b).mean(axis=0)[counted] / deviations[counted]).mean()) if counted.any() else None


def smape(y: np.ndarray, forecasts: np.ndarray) -> float:
    """Symmetric mean absolute percentage error, as a share."""
    size = np.abs(y) + np.abs(forecasts)
    return float(np.divide(2 * np.abs(y - forecasts), size, out=np.zeros_like(size), where=size > 0).mean())


def mase(errors: np.ndarray, series: np.ndarray, mase_scale: np.ndarray) -> float:
    """Mean absolute error, each variable of each series in units of its seasonal differences in train."""
    units = mase_scale[series][:, None, :]
    counted = np.broadcast_to(units > 0, errors.shape)
    ratios = np.divide(np.abs(errors), units, out=np.zeros_like(errors), where=counted)
    return float(ratios.sum() / counted.sum()) if counted.any() else 0.0


def seasonal_difference(values: np.ndarray, season: int) -> np.ndarray:
    """Mean |y_t - y_{t-m}| of a training series `(time, variables)`: `(variables,)`; m = 1 where it is too short."""
    lag = season if len(values) > season else 1
    if len(values) <= lag:
        return np.zeros(values.shape[1])
    return np.abs(values[lag:] - values[:-lag]).mean(axis=0)
