"""Naive 2, M4's yardstick: the last value, adjusted for the season where a test finds one (Makridakis et al. 2020)."""

from __future__ import annotations

import warnings

import numpy as np

from zoo.tasks.forecasting.metrics import Metrics, mase, smape
from zoo.tasks.forecasting.windows import Windows

#: The test of a season asks for so many of them, and for an autocorrelation beyond 90 % of those of white noise.
FEWEST_SEASONS, BEYOND = 3, 1.645


def overall(metrics: Metrics, windows: Windows, season: int) -> float:
    """M4's overall weighted average: the mean of sMAPE and MASE, each as a share of naive 2's; NaN where one is none.

    Args:
        metrics: of a forecast on these windows.
    """
    if not windows.yardstick:
        targets, forecasts = windows.targets, naive2(windows, season)
        found = mase(targets.values - forecasts, targets.series, windows.mase_scale)
        windows.yardstick["smape"] = smape(targets.values, forecasts, targets.series)
        windows.yardstick["mase"] = np.nan if found is None else found
    shares = [metrics[name] / value if value > 0 else np.nan for name, value in windows.yardstick.items()]
    return float(np.mean(shares))


def naive2(windows: Windows, season: int) -> np.ndarray:
    """Forecasts `(windows, scored steps, variables)`; the season is that of the values before the first origin.

    Args:
        windows: of one split.
        season: steps of a season, 1 for none.
    """
    specification = windows.specification
    ahead = specification.ahead
    forecasts = np.repeat(windows.raw(np.arange(len(windows)), -1, 0), len(ahead), axis=1)
    if season == 1:
        return forecasts
    order = np.argsort(windows.index[:, 0], kind="stable")
    numbers, first = np.unique(windows.index[order, 0], return_index=True)
    for n, which in zip(numbers, np.split(order, first[1:]), strict=True):
        origins = windows.index[which, 1]
        factors = _factors(windows.series[n].values[: origins.min()], season)
        last, then = (origins - 1) % season, (origins[:, None] + ahead - 1) % season
        forecasts[which] *= factors[then] / factors[last][:, None]
    return forecasts


def _factors(values: np.ndarray, season: int) -> np.ndarray:
    """By which values of each phase of the season are larger or smaller, `(season, variables)`; 1 for no season."""
    return np.stack([_factors_of(column, season) for column in values.T], axis=1)


def _factors_of(column: np.ndarray, season: int) -> np.ndarray:
    if len(column) < FEWEST_SEASONS * season or (column <= 0).any() or not is_seasonal(column, season):
        return np.ones(season)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # newer versions of pandas warn of what statsmodels does
        from statsmodels.tsa.seasonal import seasonal_decompose

        factors = seasonal_decompose(column, model="multiplicative", period=season).seasonal[:season]
    return factors if (factors > 0).all() else np.ones(season)


def is_seasonal(column: np.ndarray, season: int) -> bool:
    """Whether the autocorrelation at a season is more than chance, given those at shorter lags (Bartlett)."""
    changes = column - column.mean()
    total = (changes**2).sum()
    if not total > 0:
        return False
    found = np.array([(changes[lag:] * changes[:-lag]).sum() / total for lag in range(1, season + 1)])
    limit = BEYOND * np.sqrt((1 + 2 * (found[:-1] ** 2).sum()) / len(column))
    return bool(abs(found[-1]) > limit)
