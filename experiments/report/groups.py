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
from experiments.report.metrics import less_is_better
from experiments.report.reading import Found
from experiments.report.statistics import Difference, Mean

#: What a run costs: column of the table, and what it is called.
COSTS = {
    "seconds.train": "training seconds",
    "parameters": "parameters",
    "latency_p50_ms": "milliseconds an answer",
}
NOT_OPTIONS = {"recurrent.cell", "training.seed", "recurrent.units", "training.tensorboard"}
NOT_OPTIONS |= {"training.checkpoint_seconds"}
KERAS = "keras_"


@dataclass
class Group:
    """Runs that may be compared.

    Attributes:
        title: task, data and what is special to the group.
        runs: the rows of the table; `trivial`: their trivial rows on the split of the scores.
        metric, split: of the scores.
        cells: in order; first those compared, then Keras' own layers.
        compared: the cells that are compared pair by pair.
        differences: of each pair, corrected for their number.
        missing: by cell, the seeds that other cells have and it has not.
    """

    task: str
    data: str
    options: str
    runs: pd.DataFrame
    trivial: pd.DataFrame
    metric: str
    split: str
    headline: list[str]
    synthetic: bool
    match: str
    cells: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    missing: dict[str, list[int]] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Task, data and options."""
        told = f"{self.task} on {self.data}{' (synthetic)' if self.synthetic else ''}"
        return f"{told}, {self.options}" if self.options else told

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

    def mean(self, cell: str, column: str) -> Mean:
        """Of a column over the seeds of a cell."""
        key = (cell, column)
        if key not in self._means:
            values = self.of(cell)[column] if column in self.runs else pd.Series(dtype=float)
            self._means[key] = statistics.mean(values.dropna().to_numpy(float))
        return self._means[key]

    def best(self) -> str:
        """The cell with the best mean score."""
        means = {cell: self.mean(cell, "score").value for cell in self.compared}
        known = {cell: value for cell, value in means.items() if math.isfinite(value)} or means
        return (min if self.less_is_better else max)(known, key=lambda cell: known[cell])

    def trivial_means(self, metric: str) -> dict[str, Mean]:
        """Of the trivial rows, each seed once."""
        if not len(self.trivial) or metric not in self.trivial:
            return {}
        once = self.trivial.drop_duplicates(["row", "seed"])
        return {
            str(row): statistics.mean(rows[metric].dropna().to_numpy(float))
            for row, rows in once.groupby("row", sort=False)
        }


def groups(found: Found) -> list[Group]:
    """The groups of a folder, in the order of task, data and options."""
    if not len(found.frame):
        return []
    frame = found.frame.copy()
    trivial = found.trivial
    if len(trivial):
        trivial = trivial.merge(frame[["run", "seed"]], on="run")
    made = []
    gc.freeze()  # statsmodels collects garbage whenever it corrects p values; all that was read is none
    for (task, spec), runs in frame.groupby(["task", "spec"], sort=True):
        labels = _labels(runs)
        for label in sorted(labels.unique(), key=_in_order):
            part = runs[labels == label]
            made.append(_group(str(task), str(spec), str(label), part, trivial))
    gc.unfreeze()
    return made


def _in_order(label: str) -> list[tuple[int, float, str]]:
    """Numbers in labels sort as numbers."""
    found = []
    for word in label.replace("=", " ").replace(",", " ").split():
        try:
            found.append((0, float(word), ""))
        except ValueError:
            found.append((1, 0.0, word))
    return found


def _labels(runs: pd.DataFrame) -> pd.Series:
    """For each run what tells its options from those of the other runs of the same task and data."""
    table = pd.DataFrame(index=runs.index)
    names = [name for name in runs if name.partition(".")[0] in ("recurrent", "training", "options", "data")]
    for name in names:
        if name not in NOT_OPTIONS:
            table[name.partition(".")[2]] = runs[name]
    # Where parameters are matched, units belong to the cell; those of the first cell tell the levels apart.
    matched = (runs["match"] == "parameters") & runs["reference_units"].notna()
    table["units"] = runs["recurrent.units"].where(~matched, runs["reference_units"]).astype(int)
    table["match"] = runs["match"]
    shown = table.map(_level)
    differ = [name for name in shown if shown[name].nunique() > 1]
    if not differ:
        return pd.Series("", index=runs.index)
    return shown[differ].apply(lambda row: ", ".join(f"{name}={row[name]}" for name in differ), axis=1)


def _level(value: object) -> str:
    """An option as a level; a whole number that a missing one among them made a float is whole again."""
    if value is None or value != value:
        return "default"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _group(task: str, spec: str, label: str, runs: pd.DataFrame, trivial: pd.DataFrame) -> Group:
    # A configuration that was run twice counts once.
    runs = runs.sort_values(["cell", "seed", "run"]).drop_duplicates(["cell", "seed"], keep="last")
    split = str(runs["split"].iloc[0])
    beside = trivial
    if len(trivial):
        beside = trivial[trivial["run"].isin(runs["run"]) & (trivial["split"] == split)]
    first = runs.iloc[0]
    made = Group(
        task, Path(str(first["dataset"])).name or spec, label, runs, beside, str(first["metric"]), split,
        str(first["headline"]).split(), bool(first["synthetic"]), str(first["match"]),
    )  # fmt: skip
    names = list(dict.fromkeys(runs["cell"]))
    made.compared = ordered([name for name in names if not name.startswith(KERAS)]) or names
    made.cells = [*made.compared, *(name for name in names if name not in made.compared)]
    made.missing = dict(_missing(made))
    made.differences = statistics.corrected([*_differences(made)])
    return made


def ordered(cells: list[str]) -> list[str]:
    """The cells of the lectures in their order, then others by name."""
    known = ["vanilla", "lstm", "gru"]
    return sorted(cells, key=lambda cell: (known.index(cell) if cell in known else len(known), cell))


def _missing(group: Group) -> Iterator[tuple[str, list[int]]]:
    seeds = {cell: set(group.of(cell)["seed"]) for cell in group.compared}
    every = set().union(*seeds.values())
    for cell, own in seeds.items():
        if every - own:
            yield cell, sorted(int(seed) for seed in every - own)


def _differences(group: Group) -> Iterator[Difference]:
    """Of each pair of compared cells, the later one less the earlier one, at the seeds that both have."""
    scores = group.runs.pivot(index="seed", columns="cell", values="score")
    for earlier, later in itertools.combinations(group.compared, 2):
        both = scores[[later, earlier]].dropna().sort_index()
        yield statistics.difference(
            later, earlier, [int(seed) for seed in both.index], np.asarray(both, float)
        )
