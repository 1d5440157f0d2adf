"""When there are enough seeds: a rule that looks again after each addition, and whose error rate is kept all the same.

At each look, a number of seeds, every pair of cells that is still open gets a t interval for the mean of its
differences seed by seed. The pair is decided

- where the interval lies between `-size` and `size`: there is no difference that matters;
- else where it excludes zero: one of the two is better.

The chance of error that is allowed, 5 % for all pairs of a group, is divided by the number of pairs, and each pair's
part is spent on its looks in proportion to their seeds, so that later looks get more (spending of the error: Lan and
DeMets 1983; repeated confidence intervals: Jennison and Turnbull 1989). By Bonferroni's inequality, then, the chance
that any interval of any pair at any look misses the true difference is at most 5 %, however looks and pairs depend on
each other. A wrong decision takes such an interval. It rests, as each t interval does, on differences that are normal.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from datasets.errors import UserError
from experiments.report.statistics import LEVEL, ROUNDING

#: Each look has so many times the seeds of the one before.
GROWTH = 1.5
Verdict = Literal["better", "worse", "equal", "open", "waiting"]


@dataclass(frozen=True)
class Stopping:
    """What a comparison says of when to stop.

    Attributes:
        sizes: the smallest difference that matters by task; "" stands for all others. A text is a share: `1%`.
        seeds: all seeds that may be used, in the order in which they are.
        first: how many of them each pair has before the first look.
        cells: the names of what is compared.
    """

    sizes: Mapping[str, str]
    seeds: tuple[int, ...]
    first: int
    cells: tuple[str, ...]

    @property
    def looks(self) -> tuple[int, ...]:
        """The numbers of seeds after which is looked."""
        return looks(self.first, len(self.seeds))

    @property
    def errors(self) -> tuple[float, ...]:
        """The chance of error that each look of a pair may have."""
        at = self.looks
        return tuple((1 - LEVEL) / self.pairs * n / sum(at) for n in at)

    @property
    def pairs(self) -> int:
        """How many pairs there are to decide."""
        return math.comb(len(self.cells), 2)

    def size(self, task: str, scores: np.ndarray) -> float | None:
        """The smallest difference that matters for a task; None where it has none.

        Args:
            scores: of all cells at the seeds of the first look, for a size that is a share of their mean.
        """
        text = self.sizes.get(task, self.sizes.get("", ""))
        if not text:
            return None
        number = float(text.removesuffix("%"))
        return number / 100 * abs(float(np.nanmean(scores))) if text.endswith("%") else number


@dataclass(frozen=True)
class Decision:
    """What was decided of a pair, at which look.

    Attributes:
        verdict: whether the first is better or worse than the second, their difference does not matter (equal), all
            looks have passed (open), or scores are missing for the next look (waiting).
        seeds: how many, at the last look that there was.
        mean, low, high: of the differences `first - second` at that look, with the interval of the rule.
        next: seeds of the next look of a pair that waits.
    """

    first: str
    second: str
    verdict: Verdict
    seeds: int = 0
    mean: float = math.nan
    low: float = math.nan
    high: float = math.nan
    next: int = 0

    @property
    def told_apart(self) -> bool:
        """Whether one of the two is better."""
        return self.verdict in ("better", "worse")


def stopping(grid: Mapping[str, object]) -> Stopping | None:
    """What the fields of a grid say; None where no seeds are to be added.

    Raises:
        UserError: for a difference that is none, and seeds that are too few or too many.
    """
    texts, seeds, cells = (_texts(grid.get(name)) for name in ("until_clear", "seeds", "cells"))
    if not texts:
        return None
    try:
        first, most = tuple(dict.fromkeys(map(int, seeds))), int(str(grid.get("most", 0)))
    except ValueError:
        raise UserError("the grid's seeds, or how many there are at most, are no whole numbers") from None
    if len(first) < 2:
        raise UserError("--until-clear: give at least two --seeds to begin with; one shows no deviation")
    if most < len(first):
        raise UserError(f"--most {most}: there are {len(first)} seeds to begin with")
    further = (seed for seed in itertools.count() if seed not in first)
    ordered = (*first, *itertools.islice(further, most - len(first)))
    return Stopping(dict(map(_size, texts)), ordered, len(first), tuple(cells))


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _size(text: str) -> tuple[str, str]:
    """Task, or nothing, and size of `0.01`, `1%` or `TASK=0.01`."""
    task, _, size = text.rpartition("=")
    try:
        number = float(size.removesuffix("%"))
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise UserError(f"--until-clear {text}: write a difference above 0 such as 0.01, 1% or TASK=0.01")
    return task, size


def looks(first: int, most: int) -> tuple[int, ...]:
    """Numbers of seeds from the first to the most; the last step is not smaller than a quarter."""
    found = [first]
    while found[-1] < most:
        following = math.ceil(GROWTH * found[-1])
        found.append(most if 1.25 * following >= most else following)
    return tuple(found)


def decide(
    first: str, second: str, differences: np.ndarray, rule: Stopping, size: float, less_is_better: bool
) -> Decision:
    """Go through the looks until the pair is decided, or scores are missing.

    Args:
        differences: `first - second` at each seed of the rule, in its order; NaN where a score is missing.
    """
    from scipy import special

    last = Decision(first, second, "open")
    for n, error in zip(rule.looks, rule.errors, strict=True):
        gaps = differences[:n]
        if not np.isfinite(gaps).all():
            return Decision(first, second, "waiting", last.seeds, last.mean, last.low, last.high, n)
        mean = float(gaps.mean())
        half = float(special.stdtrit(n - 1, 1 - error / 2) * gaps.std(ddof=1) / math.sqrt(n))
        verdict = _verdict(mean, half, size, less_is_better)
        last = Decision(first, second, verdict, n, mean, mean - half, mean + half)
        if verdict != "open":
            break
    return last


def _verdict(mean: float, half: float, size: float, less_is_better: bool) -> Verdict:
    """Seeds that all show the same gap decide nothing: chance cannot be judged by them."""
    if half <= ROUNDING * max(1.0, abs(mean)):
        return "open"
    if abs(mean) + half < size:
        return "equal"
    if half < abs(mean):
        return "better" if (mean < 0) == less_is_better else "worse"
    return "open"


def wanted(decisions: Sequence[Decision], rule: Stopping) -> dict[str, tuple[int, ...]]:
    """The seeds that cells of waiting pairs need, by cell."""
    most: dict[str, int] = {}
    for pair in decisions:
        if pair.verdict == "waiting":
            for cell in (pair.first, pair.second):
                most[cell] = max(most.get(cell, 0), pair.next)
    return {cell: rule.seeds[:count] for cell, count in most.items()}
