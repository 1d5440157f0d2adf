"""Sentences about comparisons, each computed from its numbers: what can be concluded, and what cannot."""

from __future__ import annotations

import math

from experiments.report.differences import SAME, counted
from experiments.report.groups import Group
from experiments.report.metrics import number
from experiments.report.statistics import FEW_SEEDS, Difference, corrected, frontier
from zoo.runtime.metric_names import less_is_better

#: What runs of a group should have in common: column of the table, and what it is called.
DIFFER = {
    "git.commit": "commits",
    "git.dirty": "states of the repository (with changes that are not committed, and without)",
    "device": "devices",
    "host": "machines",
    "forked": "ways of starting a run, whose peak memory differs (forked from a process that had imported TensorFlow)",
    "threads": "numbers of cores for a run",
    "versions.tensorflow": "versions of TensorFlow",
    "versions.keras": "versions of Keras",
}


def of_all(all_groups: list[Group]) -> list[str]:
    """How many differences are clear, and how many would be if all groups were one family of tests."""
    decided = [pair for group in all_groups for pair in group.decisions.values()]
    if decided and len(all_groups) > 1:
        return [f"{counted(decided)}; 5 % of error are allowed to each task."]
    pairs = [pair for group in all_groups for pair in group.differences]
    if len(all_groups) < 2 or not pairs:
        return []
    clear = sum(pair.clear for pair in pairs)
    within_all = sum(pair.clear for pair in corrected(pairs))
    return [
        f"Of {len(pairs):,} pairs {clear:,} differ clearly, with p values corrected for the pairs of a task. Corrected "
        f"for all {len(pairs):,} pairs at once, {within_all:,} would."
    ]


def of_group(group: Group) -> list[str]:
    """What stands above a group's tables: the best cell, the baselines, the ceiling, what is missing."""
    sentences = [_of_best(group), *_of_baselines(group), *_of_ceiling(group), *_of_keras(group)]
    sentences += [*_of_missing(group), *_of_runs(group)]
    counts = {len(pair.seeds) for pair in group.differences if len(pair.seeds) > 1 and group.rule is None}
    if counts and min(counts) < FEW_SEEDS:
        sentences.append(
            f"With {min(counts)} seeds the bootstrap's interval is too narrow (it has few distinct resamples): a "
            "difference counts only where the t test finds it too."
        )
    return sentences


def _of_missing(group: Group) -> list[str]:
    """Which scores are not there, and which seeds the means are over then."""
    sentences = [
        f"Not a number: the score of {cell} on {len(seeds)} of {len(group.of(cell))} seeds ({_listed(seeds)}); "
        + (
            "it is left out of what follows."
            if len(seeds) == len(group.of(cell))
            else "its means are of the others."
        )
        for cell, seeds in group.no_number.items()
    ]
    return [*sentences, *_of_seeds(group)]


def _of_seeds(group: Group) -> list[str]:
    if group.rule and group.common:
        return [
            f"Means are over the {len(group.common)} seeds that every cell has; differences that were decided later "
            "are over more."
        ]
    lacks = [f"{cell} has no score of seed {_listed(seeds)}" for cell, seeds in group.missing.items()]
    if not lacks:
        return []
    if group.common:
        return [
            f"Missing: {'; '.join(lacks)}. All means are over the seeds that every cell has: {_listed(group.common)}."
        ]
    return [f"Missing: {'; '.join(lacks)}. No seed is common to all cells, so each mean is over other seeds."]


def _listed(seeds: list[int]) -> str:
    return ", ".join(map(str, seeds))


def _of_runs(group: Group) -> list[str]:
    """What else than cell and seed differs between the runs, or was counted once only."""
    sentences = []
    if group.repeated:
        sentences.append(f"{group.repeated} runs repeat a cell and seed; of each the latest counts.")
    differ = [
        f"{group.runs[column].nunique(dropna=False)} {what}"
        for column, what in DIFFER.items()
        if column in group.runs and group.runs[column].nunique(dropna=False) > 1
    ]
    if differ:
        sentences.append(f"Not all runs were made alike: there are {', '.join(differ)}.")
    return sentences


def _of_best(group: Group) -> str:
    best = group.best()
    pairs = [pair for pair in group.differences if best in (pair.first, pair.second)]
    score = f"{group.split} {group.metric} {number(group.mean(best, 'score').value)}"
    if not pairs:
        return f"{best} is the only cell ({score})."
    if group.is_clearly_best(best):
        return f"{best} is the best cell ({score}), clearly so beside each other one."
    equal = [pair.second if pair.first == best else pair.first for pair in pairs if not group.is_clear(pair)]
    if not equal:
        return f"{best} has the best mean ({score}), but over other seeds than the differences below: trust those."
    return f"{best} has the best mean ({score}), but not clearly: {' and '.join(equal)} may be as good."


def _of_baselines(group: Group) -> list[str]:
    """Which cells differ from the best baseline, seed by seed."""
    best = group.best_baseline()
    if best is None:
        return ["There is no baseline to compare with."]
    name, mean = best
    cells_by_verdict: dict[str, list[str]] = {}
    for cell in group.compared:
        verdict = _against_baseline(group, group.difference_from_baseline(cell, name))
        cells_by_verdict.setdefault(verdict, []).append(cell)
    listed = "; ".join(f"{', '.join(cells)}: {verdict}" for verdict, cells in cells_by_verdict.items())
    return [f"The best baseline is {name} ({number(mean.value)}). Compared with it, {listed}."]


def _against_baseline(group: Group, pair: Difference) -> str:
    """A cell's verdict against a baseline, by the interval of their difference."""
    if len(pair.seeds) < 2:
        return "not judged by fewer than two seeds"
    better = "better" if (pair.mean < 0) == group.less_is_better else "worse"
    if pair.deviation == 0:
        return "the same on every seed" if abs(pair.mean) < SAME else f"{better} by the same on every seed"
    if pair.low > 0 or pair.high < 0:
        return f"{better}, for the 95 % interval of the difference excludes 0"
    return "not told apart from it"


def _of_ceiling(group: Group) -> list[str]:
    """How near the best cell comes to what is possible, by the first metric of which that is known."""
    for metric in (group.metric, *group.headline):
        ceiling = group.ceiling_of(metric)
        if math.isfinite(ceiling):
            break
    else:
        return []
    bound = "lowest possible value" if less_is_better(metric) else "ceiling"
    score = group.mean(group.best(), f"{group.split}.{metric}").value
    gap = f"is {number(abs(ceiling - score))} {'above' if score > ceiling else 'below'} it"
    if math.isclose(
        score, ceiling, rel_tol=1e-9
    ):  # a mean of scores that reach it is off by what floats round
        gap = "reaches it"
    what = "" if metric == group.metric else f" of {metric}"
    return [f"The known {bound}{what} is {number(ceiling)} (the data are synthetic); {group.best()} {gap}."]


def _of_keras(group: Group) -> list[str]:
    layers = [cell for cell in group.cells if cell not in group.compared]
    seeds = max((len(group.of(cell)) for cell in layers), default=0)
    few = f"{seeds} seed{'s' if seeds > 1 else ''}"
    return [f"Keras' own layers are shown without comparison ({few}): {', '.join(layers)}."] if layers else []


def of_costs(group: Group) -> list[str]:
    """Which cells are on the frontier of score and cost, by means, and what beats the others."""
    sentences = []
    for column, title in group.costs.items():
        costs = {cell: group.mean(cell, column).value for cell in group.compared}
        known = [cell for cell in group.compared if math.isfinite(costs[cell])]
        if len(known) < 2:
            continue
        on = on_frontier(group, column, known)
        off = [f"{cell} (behind {_beater(group, column, cell, on)})" for cell in known if cell not in on]
        rest = f"; not on it: {', '.join(off)}" if off else ""
        sentences.append(f"Score against {title}, by means: on the frontier {', '.join(on)}{rest}.")
    if sentences and not all(group.is_clear(pair) for pair in group.differences):
        sentences.append(
            "Where a difference in score is not clear, chance decides who is on a frontier and who is behind."
        )
    return sentences


def on_frontier(group: Group, column: str, cells: list[str]) -> list[str]:
    """The cells that no other beats in score and cost at once."""
    sign = -1 if group.less_is_better else 1
    scores = [sign * group.mean(cell, "score").value for cell in cells]
    costs = [group.mean(cell, column).value for cell in cells]
    return [cell for cell, on in zip(cells, frontier(costs, scores), strict=True) if on]


def _beater(group: Group, column: str, cell: str, on: list[str]) -> str:
    """A cell of the frontier that is at least as good and as cheap."""
    sign = -1 if group.less_is_better else 1
    for other in on:
        cheaper = group.mean(other, column).value <= group.mean(cell, column).value
        if cheaper and sign * group.mean(other, "score").value >= sign * group.mean(cell, "score").value:
            return other
    return "none"


def of_matching(group: Group) -> list[str]:
    """What is equal for the cells of a group, and how nearly; nothing for a single cell."""
    if len(group.compared) < 2:
        return []
    counts = {cell: group.mean(cell, "parameters").value for cell in group.compared}
    first = group.compared[0]
    units = {cell: int(group.of(cell)["recurrent.units"].iloc[0]) for cell in group.compared}
    if group.match == "parameters":
        first = next((cell for cell in group.compared if units[cell] == _reference_units(group)), first)
    furthest = max(counts, key=lambda cell: abs(counts[cell] / counts[first] - 1))
    off = counts[furthest] / counts[first] - 1
    listed = ", ".join(f"{cell} {units[cell]}" for cell in group.compared)
    if group.match == "parameters":
        return [
            f"Matched by parameters: {counts[first]:,.0f} of {first}; furthest off is {furthest} ({off:+.2%}). "
            f"Units: {listed}."
        ]
    if len(set(units.values())) == 1:
        return [f"Matched by units ({units[first]}); parameters then differ by up to {abs(off):.0%}."]
    return [f"Not matched: units are {listed}; parameters differ by up to {abs(off):.0%}."]


def _reference_units(group: Group) -> float:
    """The units of the cell whose parameters the others were to have."""
    return float(group.runs["reference_units"].iloc[0])
