"""What the intervals of forecasts are worth: how often they cover, how wide they are, and both in one number.

An interval from the quantile of level τ to that of 1 - τ is said to cover 1 - 2τ; α = 2τ is what it leaves out.

width   mean of U - L of the widest interval, in the units of the data
msis    mean of (U - L) + 2/α (L - y) where y < L, + 2/α (y - U) where y > U, each in units of the series' seasonal
        differences in train: M4's, which takes α = 0.05 (`--quantiles 39`), while nine quantiles have α = 0.2
"""

from __future__ import annotations

import math

import numpy as np

from zoo.tasks.forecasting.losses import levels
from zoo.tasks.forecasting.scales import known_mean
from zoo.tasks.forecasting.windows import Targets


def interval_metrics(forecasts: np.ndarray, targets: Targets, mase_scale: np.ndarray) -> dict[str, float]:
    """`width` and `msis`; none of point forecasts. `msis` is NaN where no series of train has a unit.

    Args:
        forecasts: `(forecasts, steps, variables, levels)`.
        targets: with NaN for values that were made up.
        mase_scale: `(series of train, variables)`; 0 where a series has no unit: it does not count.
    """
    count = forecasts.shape[-1]
    if count == 1:
        return {}
    y = targets.values
    low, high = forecasts[..., 0].astype(np.float64), forecasts[..., -1].astype(np.float64)
    beyond = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    score = high - low + beyond / levels(count)[0]  # 2/α is 1/τ
    units = mase_scale[targets.series][:, None, :]
    counted = (units > 0) & ~np.isnan(y)
    scaled = np.divide(score, units, out=np.zeros_like(score), where=counted)
    msis = float(scaled[counted].mean()) if counted.any() else math.nan
    return {"width": float(known_mean(np.where(np.isnan(y), np.nan, high - low))), "msis": msis}


def coverage_by_step(forecasts: np.ndarray, y: np.ndarray) -> dict[float, np.ndarray]:
    """The share of values in each interval by step ahead, `(steps,)`, by what the interval is said to cover.

    Args:
        forecasts: `(forecasts, steps, variables, levels)`.
        y: `(forecasts, steps, variables)`, NaN where a value is not known.
    """
    level = levels(forecasts.shape[-1])
    covered = {}
    for n in range(forecasts.shape[-1] // 2):
        inside = (forecasts[..., n] <= y) & (y <= forecasts[..., -1 - n])
        shares = known_mean(np.where(np.isnan(y), np.nan, inside), axis=(0, 2))
        covered[round(float(level[-1 - n] - level[n]), 6)] = shares
    return covered
