from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from experiments.report.statistics import Difference, corrected, difference, frontier, mean, seeds_needed


def pair(*gaps: float, first: str = "gru", second: str = "lstm") -> Difference:
    values = np.array([[0.5 + gap, 0.5] for gap in gaps])
    return difference(first, second, range(len(gaps)), values)


def test_a_mean_has_a_t_interval() -> None:
    result = mean([1.0, 2.0, 4.0])
    low, high = stats.t.interval(0.95, 2, loc=7 / 3, scale=stats.sem([1, 2, 4]))
    assert result.value == pytest.approx(7 / 3)
    assert (result.value - result.half, result.value + result.half) == pytest.approx((low, high))


def test_equal_values_have_no_spread_though_their_mean_is_rounded() -> None:
    assert mean([0.1, 0.1, 0.1]).half == 0
    assert np.std([0.1, 0.1, 0.1], ddof=1) > 0
    assert math.isnan(mean([0.1, math.nan, 0.2]).half)


def test_one_value_has_no_interval_and_none_has_no_mean() -> None:
    assert mean([3.0]).value == 3.0
    assert math.isnan(mean([3.0]).half)
    assert math.isnan(mean([]).value)


def test_a_difference_is_taken_seed_by_seed() -> None:
    seeds = np.random.default_rng(0).normal(size=6)  # large, and equal for both
    better = seeds + np.array([0.1, 0.2, 0.1, 0.2, 0.1, 0.2])
    result = difference("a", "b", range(6), np.stack([better, seeds], axis=1))
    assert result.mean == pytest.approx(0.15)
    assert result.p == pytest.approx(stats.ttest_rel(better, seeds).pvalue)
    assert 0.1 <= result.bootstrap_low < 0.15 < result.bootstrap_high <= 0.2


def test_a_difference_on_one_seed_has_a_size_and_nothing_else() -> None:
    result = pair(0.1)
    assert result.mean == pytest.approx(0.1)
    assert math.isnan(result.p)
    assert not result.clear


@pytest.mark.parametrize("gap", [0.0, 0.25])
def test_differences_that_are_all_equal_are_no_test(gap: float) -> None:
    result = pair(gap, gap, gap)
    assert (result.mean, result.deviation) == (pytest.approx(gap), 0)
    assert math.isnan(result.p)
    assert not result.clear


def test_holm_multiplies_the_smallest_p_by_their_number_and_keeps_the_order() -> None:
    tested = [pair(0.1, 0.11, 0.12), pair(0.1, -0.1, 0.05), pair(0.1, 0.2, 0.15), pair(0.3)]
    result = corrected(tested)
    smallest = min(paired.p for paired in tested[:3])
    assert result[0].corrected == pytest.approx(3 * smallest)
    assert [paired.comparisons for paired in result] == [3, 3, 3, 1]
    assert result[1].corrected == max(paired.corrected for paired in result[:3])
    assert math.isnan(result[3].corrected)


def test_clear_needs_the_test_and_the_bootstrap() -> None:
    assert corrected([pair(0.1, 0.11, 0.12)])[0].clear
    assert not corrected([pair(0.1, 0.2, 0.02)])[0].clear, "the bootstrap alone excludes zero"


@pytest.mark.parametrize("effect", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("comparisons", [1, 3])
def test_seeds_needed_have_the_power_and_one_less_has_not(effect: float, comparisons: int) -> None:
    needed = seeds_needed(effect, 1.0, comparisons)

    def power(seeds: int) -> float:
        critical = stats.t.ppf(1 - 0.025 / comparisons, seeds - 1)
        noncentral = stats.nct(seeds - 1, effect * math.sqrt(seeds))
        return noncentral.sf(critical) + noncentral.cdf(-critical)

    assert needed is not None
    assert power(needed) >= 0.8 > power(needed - 1)


@pytest.mark.parametrize(
    ("effect", "needed", "comparisons"), [(4.5, 3, 1), (9.9, 3, 3), (20, 3, 3), (40, 2, 3)]
)
def test_large_effects_do_not_make_two_seeds_enough(effect: float, needed: int, comparisons: int) -> None:
    """By a million made-up experiments of two seeds, for there the noncentral t of SciPy is no number."""
    assert seeds_needed(effect, 1.0, comparisons) == needed
    drawn = np.random.default_rng(0).normal(effect, 1, (1_000_000, 2))
    t = drawn.mean(axis=1) / (np.abs(drawn[:, 0] - drawn[:, 1]) / 2)
    power = (np.abs(t) > stats.t.ppf(1 - 0.025 / comparisons, 1)).mean()
    assert (power >= 0.8) == (needed == 2)


def test_seeds_needed_at_the_ends() -> None:
    assert seeds_needed(1.0, 0.0) is None
    assert seeds_needed(1e-6, 1.0) is None
    assert seeds_needed(0.0, 1.0) is None
    assert seeds_needed(math.nan, 1.0) is None
    assert seeds_needed(1000.0, 1.0) == 2


def test_the_frontier_has_what_nothing_beats() -> None:
    assert frontier([1, 2, 3, 3], [0.5, 0.7, 0.6, 0.8]) == [True, True, False, True]
    assert frontier([1, 1], [0.5, 0.5]) == [True, True]
    assert frontier([1, math.nan], [0.5, 0.9]) == [True, False]
