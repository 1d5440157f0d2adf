"""Runs that may be compared: of the same task and data, with the same options but for the cell and the seed."""

from __future__ import annotations

import functools
import gc
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.report import statistics
from experiments.report.reading import RunCollection
from experiments.report.sequential import Decision, Stopping, decide, stopping
from experiments.report.statistics import Difference, Mean
from zoo.cli.cells import in_order, keras_layers
from zoo.runtime.metric_names import less_is_better

#: What a run costs: column of the table, and what it is called.
COSTS = {
    "seconds.train": "training seconds",
    "seconds.processor": "processor seconds of training",
    "parameters": "parameters",
    "latency_p50_ms": "milliseconds an answer",
}
NOT_OPTIONS = {"recurrent.cell", "training.seed", "recurrent.units", "training.tensorboard"}
NOT_OPTIONS |= {"training.checkpoint_seconds"}


@dataclass
class Group:
    """Runs that may be compared.

    Attributes:
        title: task, data and what is special to the group.
        runs: the rows of the table.
        baselines: the scores of their baselines on the split of the scores: a row for each run and baseline.
        metric, split: of the scores.
        cells: in order; first those compared, then Keras' own layers.
        compared: the cells that are compared pair by pair.
        differences: of each pair, corrected for their number.
        missing: by cell, the seeds of which others have a score and it has none.
        no_number: by cell, the seeds of which there is a run whose score is no number.
        common: the seeds of which each compared cell has a score. Means and differences are over these; where there
            are none, each is over its own.
        repeated: runs that are left out because the same configuration was run again later.
        rule: by which seeds were added until pairs were clear, and the smallest difference that matters; None where the
            number of seeds was fixed.
        decisions: of each pair by that rule; they take the place of tests, which do not know of the looks between.
    """

    task: str
    data: str
    options: str
    runs: pd.DataFrame
    baselines: pd.DataFrame
    metric: str
    split: str
    headline: list[str]
    synthetic: bool
    match: str
    cells: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    missing: dict[str, list[int]] = field(default_factory=dict)
    no_number: dict[str, list[int]] = field(default_factory=dict)
    common: list[int] = field(default_factory=list)
    repeated: int = 0
    rule: tuple[Stopping, float] | None = None
    decisions: dict[tuple[str, str], Decision] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Task, data and options."""
        title = f"{self.task} on {self.data}{' (synthetic)' if self.synthetic else ''}"
        return f"{title}, {self.options}" if self.options else title

    @property
    def less_is_better(self) -> bool:
        """Which way is better."""
        return less_is_better(self.metric)

    @functools.cached_property
    def _by_cell(self) -> dict[str, pd.DataFrame]:
        ordered_runs = self.runs.sort_values("seed")
        return {str(cell): rows for cell, rows in ordered_runs.groupby("cell", sort=False)}

    @functools.cached_property
    def _means(self) -> dict[tuple[str, str], Mean]:
        return {}

    def of(self, cell: str) -> pd.DataFrame:
        """The runs of a cell, by seed."""
        return self._by_cell[cell]

    def counted(self, cell: str) -> pd.DataFrame:
        """The runs of a cell that its means are over."""
        runs = self.of(cell)
        if not self.common or cell not in self.compared:
            return runs
        return runs[runs["seed"].isin(self.common)]

    @property
    def costs(self) -> dict[str, str]:
        """What is set against the score: column and title; parameters only where they are not equal on purpose."""
        return {column: title for column, title in COSTS.items() if column != self.match}

    @property
    def seeds(self) -> int:
        """How many seeds any compared cell has a score of."""
        return len({int(seed) for cell in self.compared for seed in _scored(self.of(cell))})

    def mean(self, cell: str, column: str) -> Mean:
        """Of a column over the seeds that count."""
        key = (cell, column)
        if key not in self._means:
            values = self.counted(cell)[column] if column in self.runs else pd.Series(dtype=float)
            self._means[key] = statistics.mean(values.dropna().to_numpy(float))
        return self._means[key]

    def best(self) -> str:
        """The cell with the best mean score."""
        means = {cell: self.mean(cell, "score").value for cell in self.compared}
        known = {cell: value for cell, value in means.items() if math.isfinite(value)} or means
        return (min if self.less_is_better else max)(known, key=lambda cell: known[cell])

    def is_clear(self, pair: Difference) -> bool:
        """Whether a pair can be told apart: as was decided where seeds were added, else as the tests say."""
        decision = self.decisions.get((pair.first, pair.second))
        return decision.told_apart if decision else pair.clear

    def first_is_better(self, pair: Difference) -> bool:
        """Whether the difference is in favour of the first of a pair."""
        decision = self.decisions.get((pair.first, pair.second))
        return ((decision.mean if decision else pair.mean) < 0) == self.less_is_better

    def is_clearly_best(self, cell: str) -> bool:
        """Whether each difference from another cell is clear and in its favour."""
        own = [pair for pair in self.differences if cell in (pair.first, pair.second)]
        return all(self.is_clear(pair) and self.first_is_better(pair) == (cell == pair.first) for pair in own)

    def baseline_scores(self, metric: str) -> dict[str, pd.Series]:
        """By the baseline's name its scores by seed.

        Each seed counts once: the baseline of the first cell's run, whose size it may share.
        """
        if not len(self.baselines) or metric not in self.baselines:
            return {}
        once = self.baselines.drop_duplicates(["baseline", "seed"])
        if self.common:
            once = once[once["seed"].isin(self.common)]
        return {
            str(name): rows.set_index("seed")[metric].dropna()
            for name, rows in once.groupby("baseline", sort=False)
        }

    def baseline_means(self, metric: str) -> dict[str, Mean]:
        """Means of the baselines over these seeds."""
        scores = self.baseline_scores(metric)
        return {name: statistics.mean(values.to_numpy(float)) for name, values in scores.items()}

    def difference_from_baseline(self, cell: str, name: str) -> Difference:
        """The difference of a cell from a baseline, seed by seed."""
        scores = self.counted(cell).set_index("seed")["score"]
        baseline = self.baseline_scores(self.metric)[name]
        return _paired(cell, name, pd.DataFrame({cell: scores, name: baseline}))

    def best_baseline(self) -> tuple[str, Mean] | None:
        """The best baseline by its mean; None where there is none."""
        means = self.baseline_means(self.metric)
        known = {name: mean for name, mean in means.items() if math.isfinite(mean.value)}
        if not known:
            return None
        best = (min if self.less_is_better else max)(known, key=lambda name: known[name].value)
        return best, known[best]

    @property
    def ceiling(self) -> float:
        """The best score that is possible, of data that are synthetic; NaN where it is not known."""
        return self.ceiling_of(self.metric)

    def ceiling_of(self, metric: str) -> float:
        """The same of another metric."""
        column = f"ceiling.{metric}"
        known = self.runs[column].dropna() if column in self.runs else pd.Series(dtype=float)
        return float(known.iloc[0]) if len(known) else math.nan


def groups(collection: RunCollection) -> list[Group]:
    """The groups of a folder, in the order of task, data and options."""
    if not len(collection.frame):
        return []
    frame = collection.frame.copy()
    baselines = collection.baselines
    if len(baselines):
        baselines = baselines.merge(frame[["run", "seed", "cell"]], on="run")
    names = _names_of_data(frame)
    rule = stopping(collection.plan.grid)
    all_groups = []
    gc.freeze()  # statsmodels collects garbage whenever it corrects p values; all that was read is none
    for (task, spec), runs in frame.groupby(["task", "spec"], sort=True):
        labels = _labels(runs)
        for label in sorted(labels.unique(), key=_in_order):
            part = runs[labels == label]
            group = _group(str(task), names[str(spec)], str(label), part, baselines)
            if rule is not None:
                _decide(group, rule)
            all_groups.append(group)
    gc.unfreeze()
    return all_groups


def _names_of_data(frame: pd.DataFrame) -> dict[str, str]:
    """What each data set is called: by its name, or in full where another one has the same."""
    specs = frame[["spec", "dataset"]].drop_duplicates("spec")
    names = {str(spec): Path(str(name)).name or str(spec) for spec, name in specs.itertuples(index=False)}
    shared = [*names.values()]
    return {spec: name if shared.count(name) == 1 else spec for spec, name in names.items()}


def _in_order(label: str) -> list[tuple[int, float, str]]:
    """Numbers in labels sort as numbers."""
    key = []
    for word in label.replace("=", " ").replace(",", " ").split():
        try:
            key.append((0, float(word), ""))
        except ValueError:
            key.append((1, 0.0, word))
    return key


def _labels(runs: pd.DataFrame) -> pd.Series:
    """For each run what tells its options from those of the other runs of the same task and data."""
    table = pd.DataFrame(index=runs.index)
    names = [name for name in runs if name.partition(".")[0] in ("recurrent", "training", "options", "data")]
    for name in names:
        if name not in NOT_OPTIONS:
            table[name.partition(".")[2]] = _shared(runs, name)
    # Where parameters are matched, units belong to the cell; those of the first cell tell the levels apart.
    matched = (runs["match"] == "parameters") & runs["reference_units"].notna()
    units = _shared(runs, "recurrent.units").where(~matched, runs["reference_units"])
    table["units"] = units.astype(int)
    table["match"] = runs["match"]
    table["matched to"] = _reference(runs["reference_cell"]).where(matched, None)
    table["score"] = runs["split"] + " " + runs["metric"]
    shown = table.map(_level)
    differ = [name for name in shown if shown[name].nunique() > 1]
    if not differ:
        return pd.Series("", index=runs.index)
    return shown[differ].apply(lambda row: ", ".join(f"{name}={row[name]}" for name in differ), axis=1)


def _shared(runs: pd.DataFrame, name: str) -> pd.Series:
    """An option as all cells have it: one that is a contestant's own is no reason for a group of its own."""
    column = f"shared.{name}"
    return runs[name].where(runs[column].isna(), runs[column]) if column in runs else runs[name]


def _reference(cells: pd.Series) -> pd.Series:
    """The cell that others were matched to. Where a record does not say it, the only one that other records name."""
    known = cells.dropna().unique()
    return cells.fillna(known[0]) if len(known) == 1 else cells


def _level(value: object) -> str:
    """An option's value as text. Pandas makes whole numbers floats where one is missing; they are shown as whole."""
    if value is None or value != value:
        return "default"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _group(task: str, data: str, label: str, runs: pd.DataFrame, baselines: pd.DataFrame) -> Group:
    every = len(runs)
    runs = runs.sort_values(["cell", "seed", "created", "run"], na_position="first")
    runs = runs.drop_duplicates(["cell", "seed"], keep="last")
    split = str(runs["split"].iloc[0])
    if len(baselines):
        baselines = baselines[baselines["run"].isin(runs["run"]) & (baselines["split"] == split)]
    first = runs.iloc[0]
    group = Group(
        task, data, label, runs, baselines, str(first["metric"]), split,
        str(first["headline"]).split(), bool(first["synthetic"]), str(first["match"]), repeated=every - len(runs),
    )  # fmt: skip
    group.compared = _compared(group)
    others = [name for name in in_order({*runs["cell"]}) if name not in group.compared]
    group.cells = [*group.compared, *others]
    if len(baselines):
        group.baselines = baselines.sort_values(
            "cell", key=lambda column: column.map(group.cells.index), kind="stable"
        )
    group.missing = dict(_missing(group))
    group.no_number = dict(_no_number(group))
    scored = [_scored(group.of(cell)) for cell in group.compared]
    group.common = sorted(set.intersection(*scored))
    group.differences = statistics.corrected([*_differences(group)])
    return group


def _compared(group: Group) -> list[str]:
    """The cells of a group that are compared: those that have a score.

    Keras' own layers are among them only where they have several seeds, and all that the others have. Where no cell has
    a score, all cells are compared.
    """
    every = in_order([*set(group.runs["cell"])])
    names = [name for name in every if _scored(group.of(name))] or every
    keras = keras_layers()
    own = [name for name in names if name not in keras]
    seeds = {int(seed) for name in own for seed in group.of(name)["seed"]}
    as_many = [
        name for name in names if name not in own and len(seeds) > 1 and seeds <= _scored(group.of(name))
    ]
    return [*own, *as_many] if own else names


def _scored(runs: pd.DataFrame) -> set[int]:
    """The seeds of which there is a score."""
    return {int(seed) for seed in runs.loc[np.isfinite(runs["score"]), "seed"]}


def _missing(group: Group) -> Iterator[tuple[str, list[int]]]:
    seeds = {cell: _scored(group.of(cell)) for cell in group.compared}
    every = set().union(*seeds.values())
    for cell, own in seeds.items():
        if every - own:
            yield cell, sorted(int(seed) for seed in every - own)


def _no_number(group: Group) -> Iterator[tuple[str, list[int]]]:
    for cell in group.cells:
        runs = group.of(cell)
        seeds = {int(seed) for seed in runs["seed"]} - _scored(runs)
        if seeds:
            yield cell, sorted(seeds)


def _differences(group: Group) -> Iterator[Difference]:
    """Of each pair of compared cells, the later one less the earlier one, at the seeds that count."""
    scores = pd.concat([group.counted(cell) for cell in group.compared])
    scores = scores.pivot(index="seed", columns="cell", values="score")
    for earlier, later in itertools.combinations(group.compared, 2):
        yield _paired(later, earlier, scores)


def _paired(first: str, second: str, scores: pd.DataFrame) -> Difference:
    """The difference of two columns of a table with a row a seed, at the seeds that both have."""
    both = scores[[first, second]].dropna().sort_index()
    return statistics.difference(first, second, [int(seed) for seed in both.index], np.asarray(both, float))


def _decide(group: Group, rule: Stopping) -> None:
    """Decide each pair of the group that the rule is about, from all seeds of both."""
    cells = [cell for cell in group.compared if cell in rule.cells]
    if len(cells) < 2:
        return
    scores = pd.DataFrame({cell: group.of(cell).set_index("seed")["score"] for cell in cells})
    scores = scores.reindex(list(rule.seeds))
    size = rule.size(group.task, scores.iloc[: rule.first].to_numpy(float))
    if size is None:
        return
    group.rule = rule, size
    for earlier, later in itertools.combinations(cells, 2):
        gaps = (scores[later] - scores[earlier]).to_numpy(float)
        group.decisions[later, earlier] = decide(later, earlier, gaps, rule, size, group.less_is_better)
