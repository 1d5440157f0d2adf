"""Units that are learnt from train: means, deviations, seasonal differences; and what in them is only rounding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Numbers that differ by less than this share of their size are equal: float64 has rounded them, once or a few times.
ROUNDING = 16 * np.finfo(np.float64).eps
#: A series whose seasonal differences are a smaller share of its deviation repeats itself exactly.
PERIODIC = 1e-8
#: So many times what series vary by themselves, and their levels are far apart.
FAR_APART = 100


def mean_and_deviation(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Of each column over all parts `(time, columns)`; the deviation of what is constant but for rounding is 1.

    Both are sums of differences from the first row, so that a large level costs no digits.
    """
    stacked = np.concatenate(parts)
    first = stacked[0]
    differences = stacked - first
    deviation = differences.std(axis=0)
    constant = is_rounding(deviation, np.abs(stacked).max(axis=0))
    return first + differences.mean(axis=0), np.where(constant, 1.0, deviation)


def deviation_within(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The root of the mean variance of series around their own means, `(columns,)`; 0 where all are constant."""
    own = np.stack([(part - part[0]).std(axis=0) for part in parts])
    level = np.stack([np.abs(part).max(axis=0) for part in parts])
    own = np.where(is_rounding(own, level), 0.0, own)
    return np.sqrt(np.average(own**2, axis=0, weights=[len(part) for part in parts]))


def unit_of(parts: Sequence[np.ndarray], by_window: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation as `mean_and_deviation` has them, for series that may stand at levels far apart.

    Where a window's own level is subtracted, what the levels differ by is not in what is learnt: if all values together
    vary more than `FAR_APART` times as much as the series do around their own means, the latter is the deviation.

    Args:
        parts: the values of each series.
        by_window: whether each window's own level is subtracted.
    """
    mean, deviation = mean_and_deviation(parts)
    own = deviation_within(parts)
    far_apart = by_window & (own > 0) & (deviation > FAR_APART * own)
    return mean, np.where(far_apart, own, deviation)


def seasonal_difference(values: np.ndarray, season: int) -> np.ndarray:
    """Mean |y_t - y_{t-m}| of a training series `(time, variables)`, where both are known: `(variables,)`.

    It is 0 where there is no such unit: the series is not longer than a season m, or constant, or repeats itself
    exactly. NaN stands for values that are not known.
    """
    if len(values) <= season:
        return np.zeros(values.shape[1])
    found = known_mean(np.abs(values[season:] - values[:-season]), axis=0)
    deviation = np.sqrt(known_mean((values - known_mean(values, axis=0)) ** 2, axis=0))
    level = np.where(np.isnan(values), 0.0, np.abs(values)).max(axis=0)
    none = np.isnan(found) | is_rounding(found, level) | (found <= PERIODIC * deviation)
    return np.where(none, 0.0, found)


def error_units(series: Sequence[np.ndarray], season: int) -> np.ndarray:
    """In which the errors of each series `(time, variables)` count: `(series, variables)`.

    It is the mean seasonal difference, as in MASE, or else that of neighbouring values. It is infinite for a series of
    which both are 0, which has nothing to learn; but 1 for all where every series is such.
    """
    units = np.stack([seasonal_difference(values, season) for values in series])
    neighbours = np.stack([seasonal_difference(values, 1) for values in series])
    units = np.where(units > 0, units, neighbours)
    return np.where(units > 0, units, np.inf) if units.any() else np.ones_like(units)


def is_rounding(spread: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Whether numbers of this size differ by nothing but what float64 rounds."""
    return spread <= ROUNDING * level


def known_mean(values: np.ndarray, axis: int | tuple[int, ...] | None = None) -> np.ndarray:
    """The mean of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
