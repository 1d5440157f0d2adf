"""The report's section on cells over all data sets: average ranks, and how probably one cell is better than another."""

from __future__ import annotations

import math

from experiments.report.content import Cell, Section, Table
from experiments.report.groups import Group
from experiments.report.metrics import number, share
from experiments.report.pictures import Drawer
from experiments.report.ranks import LEAST_DATA_SETS, ROPE, Pair, Ranking, data_sets, ranking

#: A probability from which on a statement is made of a pair.
SURE = 0.95
#: How the table of ranks calls a cost.
_COSTS = {"seconds.processor": "processor time of training", "parameters": "parameters"}
TITLE = "Over all data sets"
MOST_PAIRS = 10  # that are shown unfolded


def over_all_data(all_groups: list[Group], drawer: Drawer) -> list[Section]:
    """The sections; a sentence where there are too few data sets, and nothing where there is one or one cell."""
    count = len(data_sets(all_groups))
    if count < 2 or all(len(group.compared) < 2 for group in all_groups):
        return []
    found = ranking(all_groups)
    if found is None:
        return [Section(TITLE, sentences=[_why_not(count)])]
    section = Section(TITLE, sentences=_sentences(found), tables=[_ranks(found)])
    section.pictures = drawer.critical_difference(found) if len(found.cells) > 2 else []
    pairs = Section("Pairs of cells over all data sets", 3, _of_pairs(found.pairs), [_pairs(found.pairs)])
    pairs.folded = len(found.pairs) > MOST_PAIRS
    return [section, pairs]


def _why_not(count: int) -> str:
    if count < LEAST_DATA_SETS:
        return (
            f"Of all data sets together nothing is said: that takes {LEAST_DATA_SETS}, and there are {count}."
        )
    return "Of all data sets together nothing is said: no two cells have scores of each of them."


def _sentences(found: Ranking) -> list[str]:
    count = len(found.data_sets)
    ranks = ", ".join(f"{cell} {mean:.2f}" for cell, mean in zip(found.cells, found.means, strict=True))
    sentences = [
        f"Average ranks over {count} data sets, 1 is best: {ranks}. Each data set counts once, by the mean over its "
        "seeds; the tests take data sets for independent draws from those that matter."
    ]
    if found.costs:
        sentences.append(
            "A cost is the median over the data sets of what the cell takes there in parts of the one that takes least."
        )
    if found.left_out:
        sentences.append(f"Not ranked, for some data set has no score of them: {', '.join(found.left_out)}.")
    if math.isfinite(found.p):
        differ = (
            "The ranks differ by more than chance"
            if found.p < 1 - SURE
            else "Chance alone could rank them like this"
        )
        p = share(found.p)
        sentences.append(
            f"{differ} (Friedman's test, corrected by Iman and Davenport: p {p if p[0] == '<' else f'= {p}'}). Average "
            f"ranks that differ by less than {found.critical_difference:.2f} cannot be told apart (Nemenyi, at 5 %)."
        )
    return sentences


def _ranks(found: Ranking) -> Table:
    """A row a cell: its average rank, what it costs, and of each data set its score and, in brackets, its rank."""
    columns = ["cell", "average rank", *(_COSTS[column] for column in found.costs), *found.data_sets]
    rows = []
    for place, (cell, mean) in enumerate(zip(found.cells, found.means.round(2), strict=True)):
        costs = [
            Cell(f"× {of_cells[place]:.2f}", float(of_cells[place])) for of_cells in found.costs.values()
        ]
        placed = zip(found.scores[:, place], found.ranks[:, place], strict=True)
        rows.append([Cell(cell, cell), Cell(f"{mean:.4g}", float(mean)), *costs, *map(_placed, placed)])
    return Table("ranks", columns, rows)


def _placed(score_and_rank: tuple[float, float]) -> Cell:
    score, rank = map(float, score_and_rank)
    return Cell(f"{number(score)} ({rank:.4g})" if math.isfinite(score) else f"({rank:.4g})", rank)


def _of_pairs(pairs: list[Pair]) -> list[str]:
    """How the probabilities are to be read, and what is sure by them."""
    sentences = [
        "Bayesian signed-rank test (Benavoli et al. 2017) of relative differences, of which those within "
        f"{ROPE:.0%} do not matter: the probabilities that, on a data set like these, the first is better, it does not "
        "matter, and the second is better. P values are of Wilcoxon's signed-rank test, corrected by Holm."
    ]
    for pair in pairs:
        names = f"{pair.first} and {pair.second}"
        if pair.equal >= SURE:
            sentences.append(
                f"Between {names} the difference does not matter (probability {_probability(pair.equal)})."
            )
        for first, second, probability in (
            (pair.first, pair.second, pair.better), (pair.second, pair.first, pair.worse),
        ):  # fmt: skip
            if probability >= SURE:
                sentences.append(
                    f"{first} is better than {second} (probability {_probability(probability)})."
                )
    if len(sentences) == 1:
        sentences.append(f"Of no pair one of the three is at least {SURE:.0%} probable.")
    return sentences


def _probability(value: float) -> str:
    """As by samples, which never tell 0 or 1."""
    return "> 0.999" if value > 0.999 else share(value)


def _pairs(pairs: list[Pair]) -> Table:
    columns = [
        "pair", "median relative difference", "first better", "does not matter", "second better", "p",
        "p corrected (Holm)",
    ]  # fmt: skip
    rows = [
        [
            Cell(f"{pair.first} − {pair.second}", f"{pair.first} − {pair.second}"),
            Cell(f"{pair.median:+.2%}".replace("-", "−"), pair.median),
            *(Cell(_probability(value), value) for value in (pair.better, pair.equal, pair.worse)),
            *(Cell(share(value), value) for value in (pair.p, pair.corrected)),
        ]
        for pair in pairs
    ]
    return Table("pairs-over-all", columns, rows)
