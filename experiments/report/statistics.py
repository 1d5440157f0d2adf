"""Means over seeds, differences between cells at equal seeds, and what they allow to conclude.

Every interval is one of seeds: of the chance in initial weights, order of the data and dropout. It says nothing of
another test set.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

LEVEL = 0.95
POWER = 0.8
RESAMPLES = 2000
MOST_SEEDS = 10_000
#: Equal numbers may differ by so much, relative to them or to 1.
ROUNDING = 1e-12
#: Fewer seeds have so few distinct resamples that the bootstrap's interval is too narrow.
FEW_SEEDS = 6


@dataclass(frozen=True)
class Mean:
    """A mean over seeds with half the width of its 95 % t interval; NaN where there is one seed."""

    value: float
    half: float
    seeds: int


@dataclass(frozen=True)
class Difference:
    """`first - second`, seed by seed.

    Attributes:
        seeds: those that both have.
        mean, deviation: of the differences. Where the deviation is 0, there is no interval and no test.
        low, high: 95 % t interval; `bootstrap_low`, `bootstrap_high`: 95 % percentile bootstrap interval. Both are of
            this pair alone, not corrected for the others.
        p: of the paired t test; `corrected` by Holm's method among the comparisons of the same group.
        comparisons: how many these are.
    """

    first: str
    second: str
    seeds: tuple[int, ...]
    mean: float
    deviation: float = math.nan
    low: float = math.nan
    high: float = math.nan
    bootstrap_low: float = math.nan
    bootstrap_high: float = math.nan
    p: float = math.nan
    corrected: float = math.nan
    comparisons: int = 1

    @property
    def clear(self) -> bool:
        """Whether both the corrected test and the bootstrap interval tell the two apart."""
        excludes = self.bootstrap_low > 0 or self.bootstrap_high < 0
        return bool(self.corrected < 1 - LEVEL and excludes)


def mean(values: Sequence[float]) -> Mean:
    """The mean with its t interval; values that are not numbers make it NaN."""
    from scipy import stats

    array = np.asarray(values, float)
    if len(array) < 2:
        return Mean(float(array.mean()) if len(array) else math.nan, math.nan, len(array))
    deviation = array.std(ddof=1)
    if deviation < ROUNDING * max(1.0, float(np.abs(array).max())):
        deviation = 0.0
    half = stats.t.ppf((1 + LEVEL) / 2, len(array) - 1) * deviation / math.sqrt(len(array))
    return Mean(float(array.mean()), float(half), len(array))


def difference(first: str, second: str, seeds: Sequence[int], values: np.ndarray) -> Difference:
    """The paired difference of two cells.

    Args:
        values: `(seeds, 2)`, the scores of the first and the second cell.
    """
    gaps = values[:, 0] - values[:, 1]
    untested = Difference(first, second, tuple(seeds), float(gaps.mean()) if len(gaps) else math.nan)
    if len(gaps) < 2 or not np.isfinite(gaps).all():
        return untested
    from scipy import stats

    deviation = float(gaps.std(ddof=1))
    if deviation < ROUNDING * max(1.0, float(np.abs(values).max())):
        return replace(untested, deviation=0.0)  # chance cannot be judged by seeds that all show the same gap
    average = mean(gaps)
    p = float(stats.ttest_1samp(gaps, 0.0).pvalue)
    interval = stats.bootstrap(
        (gaps,),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return replace(
        untested,
        deviation=deviation,
        low=average.value - average.half,
        high=average.value + average.half,
        bootstrap_low=float(interval.low),
        bootstrap_high=float(interval.high),
        p=p,
    )


def corrected(differences: Sequence[Difference]) -> list[Difference]:
    """The same with p values corrected for their number (Holm 1979)."""
    from statsmodels.stats.multitest import multipletests

    tested = [pair for pair in differences if math.isfinite(pair.p)]
    if not tested:
        return list(differences)
    adjusted = iter(multipletests([pair.p for pair in tested], alpha=1 - LEVEL, method="holm")[1])
    return [
        replace(pair, corrected=float(next(adjusted)), comparisons=len(tested))
        if math.isfinite(pair.p)
        else pair
        for pair in differences
    ]


def seeds_needed(size: float, deviation: float, comparisons: int = 1) -> int | None:
    """Seeds with which a paired t test finds a true difference of this size four times in five.

    Args:
        size: the difference.
        deviation: standard deviation of the differences of single seeds, as estimated from the seeds there are.
        comparisons: tests at once; the level of each is 5 % divided by them, Holm's strictest.

    Returns:
        At least 2; None for more than 10,000, or where nothing can be estimated: seeds that all show the same gap do
        not say how much seeds differ.
    """
    if not (math.isfinite(size) and math.isfinite(deviation)) or 0 in (size, deviation):
        return None
    from scipy import stats

    alpha, effect = (1 - LEVEL) / max(1, comparisons), abs(size) / deviation
    # With the normal distribution in place of Student's; from there it is a few steps.
    seeds = max(2, math.ceil(((stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(POWER)) / effect) ** 2))
    if seeds > MOST_SEEDS:
        return None
    while _power(effect, seeds, alpha) < POWER:
        seeds += 1
    while seeds > 2 and _power(effect, seeds - 1, alpha) >= POWER:
        seeds -= 1
    return seeds


def _power(effect: float, seeds: int, alpha: float) -> float:
    """Of the two-sided paired t test, for a true difference of so many standard deviations.

    Given the estimated deviation, which is chi distributed, the mean is normal: its probability beyond the critical
    value is averaged over that distribution. (The noncentral t of SciPy, by which the power is usually computed, is
    NaN for large effects.)
    """
    from scipy import special

    probabilities, weights = _quadrature()
    deviations = np.sqrt(2 * special.gammaincinv((seeds - 1) / 2, probabilities) / (seeds - 1))
    critical = special.stdtrit(seeds - 1, 1 - alpha / 2) * deviations
    shift = effect * math.sqrt(seeds)
    return float(weights @ (special.ndtr(shift - critical) + special.ndtr(-shift - critical)))


@functools.cache
def _quadrature() -> tuple[np.ndarray, np.ndarray]:
    """Gauss and Legendre's points and weights between 0 and 1."""
    nodes, weights = np.polynomial.legendre.leggauss(96)
    return (nodes + 1) / 2, weights / 2


def frontier(costs: Sequence[float], scores: Sequence[float]) -> list[bool]:
    """Which points are on the Pareto frontier: no other is at least as cheap and as good, and better in one of the two.

    Args:
        scores: larger is better.
    """
    points = list(zip(costs, scores, strict=True))

    def beaten(cost: float, score: float) -> bool:
        return any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in points)

    return [
        math.isfinite(cost) and math.isfinite(score) and not beaten(cost, score) for cost, score in points
    ]
