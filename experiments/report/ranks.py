"""Cells over all data sets at once: average ranks, which of them differ, and how probably one is better than another.

Each data set counts once, by the means over its seeds. The tests are those of Demšar (2006), "Statistical comparisons
of classifiers over multiple data sets"; the Bayesian signed-rank test is that of Benavoli, Corani, Demšar and Zaffalon
(2017), "Time for a change".
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.report.groups import Group
from experiments.report.statistics import LEVEL

#: With fewer data sets none of the tests can find anything.
LEAST_DATA_SETS = 5
#: Relative differences that are smaller do not matter: the region of practical equivalence.
ROPE = 0.01
SAMPLES = 50_000
#: Of these columns the ranking tells what a cell costs.
COSTS = ("seconds.processor", "parameters")
#: Weight of the observation that the prior adds, a difference of 0; each data set has 1.
PRIOR = 0.5


@dataclass(frozen=True)
class Pair:
    """Two cells over all data sets.

    Attributes:
        median: of the relative differences; above 0 the first is better.
        p: of Wilcoxon's signed-rank test; `corrected` by Holm's method among all pairs.
        better, equal, worse: probabilities that on a further data set the first is better than the second, that their
            difference does not matter, and that it is worse.
    """

    first: str
    second: str
    median: float
    p: float
    corrected: float
    better: float
    equal: float
    worse: float


@dataclass(frozen=True)
class Ranking:
    """Cells in the order of their average ranks.

    Attributes:
        cells: the best first; those that each data set has.
        left_out: cells that some data set lacks.
        data_sets: task and data.
        ranks: `(data sets, cells)`, 1 for the best of a data set; equal scores share their ranks.
        scores: `(data sets, cells)`, means over seeds; NaN where a data set has several groups.
        costs: by column of the table of runs, each cell's share of what the cheapest one costs on the same data:
            the median over the data sets, `(cells,)`; only what all cells have.
        p: of Friedman's test as corrected by Iman and Davenport; NaN for two cells.
        critical_difference: average ranks that differ by less cannot be told apart (Nemenyi); NaN for two cells.
        pairs: each pair of cells.
    """

    cells: list[str]
    left_out: list[str]
    data_sets: list[str]
    ranks: np.ndarray
    scores: np.ndarray
    costs: dict[str, np.ndarray]
    p: float
    critical_difference: float
    pairs: list[Pair]

    @property
    def means(self) -> np.ndarray:
        """Average ranks `(cells,)`."""
        return self.ranks.mean(axis=0)

    def cliques(self) -> list[tuple[int, int]]:
        """First and last place of cells in a row that cannot be told apart; those within others are left out."""
        means, found = self.means, list[tuple[int, int]]()
        for first in range(len(means)):
            last = max(np.flatnonzero(means - means[first] < self.critical_difference))
            if last > first and (not found or last > found[-1][1]):
                found.append((first, int(last)))
        return found


def data_sets(all_groups: Sequence[Group]) -> dict[tuple[str, str], list[Group]]:
    """The groups of each task and data."""
    found: dict[tuple[str, str], list[Group]] = {}
    for group in all_groups:
        found.setdefault((group.task, group.data), []).append(group)
    return found


def ranking(all_groups: Sequence[Group]) -> Ranking | None:
    """The cells over all data sets; None where there are too few of one or the other.

    Where a data set has several groups, which differ in their options, its ranks and its differences are their means.
    """
    every = list(dict.fromkeys(cell for group in all_groups for cell in group.compared))
    cells = [cell for cell in every if all(_has_score(group, cell) for group in all_groups)]
    by_data = data_sets(all_groups)
    if len(cells) < 2 or len(by_data) < LEAST_DATA_SETS:
        return None
    ranks = np.array([np.mean([_ranks(group, cells) for group in of], axis=0) for of in by_data.values()])
    order = np.argsort(ranks.mean(axis=0), kind="stable")
    cells, ranks = [cells[place] for place in order], ranks[:, order]
    return Ranking(
        cells,
        [cell for cell in every if cell not in cells],
        [f"{task} on {data}" for task, data in by_data],
        ranks,
        np.array([_scores(of, cells) for of in by_data.values()]),
        {column: costs for column in COSTS if np.isfinite(costs := _costs(all_groups, cells, column)).all()},
        friedman(ranks),
        critical_difference(*ranks.shape),
        _corrected([*_pairs(cells, list(by_data.values()))]),
    )


def _has_score(group: Group, cell: str) -> bool:
    return cell in group.compared and math.isfinite(group.mean(cell, "score").value)


def _ranks(group: Group, cells: Sequence[str]) -> np.ndarray:
    from scipy import stats

    sign = 1 if group.less_is_better else -1
    return np.asarray(stats.rankdata([sign * group.mean(cell, "score").value for cell in cells]))


def _scores(of: Sequence[Group], cells: Sequence[str]) -> list[float]:
    """Of the groups of a data set, where they are one."""
    return [of[0].mean(cell, "score").value if len(of) == 1 else math.nan for cell in cells]


def _costs(all_groups: Sequence[Group], cells: Sequence[str], column: str) -> np.ndarray:
    """What a column says of each cell in parts of what it says of the least one, `(cells,)`; NaN where it does not."""
    found = np.array([[group.mean(cell, column).value for cell in cells] for group in all_groups])
    least = found.min(axis=1, keepdims=True)
    return np.median(found / np.where(least > 0, least, math.nan), axis=0)


def friedman(ranks: np.ndarray) -> float:
    """P that average ranks differ as much where all cells are equally good; NaN for two cells.

    Args:
        ranks: `(data sets, cells)`; ties are corrected for, and so are ranks that are means of several groups' (Conover
            1999, section 5.8).
    """
    from scipy import stats

    count, cells = ranks.shape
    if cells < 3:
        return math.nan
    if np.ptp(ranks, axis=1).max() == 0:
        return 1.0
    usual = (cells + 1) / 2
    between, every = ((ranks.sum(axis=0) - count * usual) ** 2).sum(), ((ranks - usual) ** 2).sum()
    statistic = (cells - 1) * between / every
    if math.isclose(statistic, count * (cells - 1)):
        return 0.0
    ratio = (count - 1) * statistic / (count * (cells - 1) - statistic)
    return float(stats.f.sf(ratio, cells - 1, (cells - 1) * (count - 1)))


def critical_difference(count: int, cells: int) -> float:
    """By how much the average ranks of two cells must differ (Nemenyi 1963); NaN for two cells.

    Args:
        count: data sets.
    """
    from scipy import stats

    if cells < 3:
        return math.nan
    quantile = stats.studentized_range.ppf(LEVEL, cells, np.inf) / math.sqrt(2)
    return float(quantile * math.sqrt(cells * (cells + 1) / (6 * count)))


def _pairs(cells: Sequence[str], by_data: Sequence[Sequence[Group]]) -> Iterator[Pair]:
    from scipy import stats

    for first, second in itertools.combinations(cells, 2):
        differences = np.array(
            [np.mean([relative_difference(group, first, second) for group in of]) for of in by_data]
        )
        p = float(stats.wilcoxon(differences, zero_method="zsplit").pvalue) if differences.any() else 1.0
        yield Pair(first, second, float(np.median(differences)), p, p, *signed_rank(differences))


def relative_difference(group: Group, first: str, second: str) -> float:
    """By what share of their mean the score of the first is better than that of the second; below 0: worse."""
    one, other = (group.mean(cell, "score").value for cell in (first, second))
    scale = (abs(one) + abs(other)) / 2
    gain = other - one if group.less_is_better else one - other
    return gain / scale if scale else 0.0


def signed_rank(differences: np.ndarray, rope: float = ROPE) -> tuple[float, float, float]:
    """Probabilities that the first is better, that the difference does not matter, and that it is worse.

    The differences of the data sets and one of 0 have random weights from a Dirichlet distribution; of each draw of
    weights it is asked which of the three has most weight among the means of two differences.
    """
    values = np.append(0.0, differences)
    weights = np.random.default_rng(0).dirichlet([PRIOR, *np.ones(len(differences))], SAMPLES)
    sums = values[:, None] + values[None]
    better, worse = (
        ((weights @ where.astype(float)) * weights).sum(axis=1)
        for where in (sums > 2 * rope, sums < -2 * rope)
    )
    most = np.argmax([better, 1 - better - worse, worse], axis=0)
    first, equal, second = np.bincount(most, minlength=3) / SAMPLES
    return float(first), float(equal), float(second)


def _corrected(pairs: list[Pair]) -> list[Pair]:
    from statsmodels.stats.multitest import multipletests

    adjusted = multipletests([pair.p for pair in pairs], alpha=1 - LEVEL, method="holm")[1]
    return [replace(pair, corrected=float(p)) for pair, p in zip(pairs, adjusted, strict=True)]
