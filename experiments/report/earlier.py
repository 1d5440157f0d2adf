"""The runs of earlier reports beside new ones, from the table that a report leaves: `results.parquet`."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from datasets.errors import UserError
from datasets.options import fields_of
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.tasks.base import load_task

RESULTS = "results.parquet"
#: What no table of results is without.
NEEDED = {
    "run", "task", "dataset", "spec", "cell", "seed", "split", "metric", "headline", "score", "match", "measured",
    "synthetic",
}  # fmt: skip
BASELINE = re.compile(r"baseline\.(?P<name>.+)\.(?P<split>test|dev)\.(?P<metric>[^.]+)")


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """The table as others may read it: without names of machines, and of folders on them; a column of one type each."""
    table = frame.drop(columns="host", errors="ignore")
    table.attrs = {}
    for name in table.columns:  # an option can be a number in one run and a text in another
        if table[name].dtype == object:
            known = table[name].notna()
            kinds = {type(value) for value in table.loc[known, name]}
            if not kinds <= {bool} and not kinds <= {int, float}:
                table[name] = table[name].where(known).map(str, na_action="ignore")
        if pd.api.types.is_string_dtype(table[name]):
            table[name] = table[name].map(_without_folder, na_action="ignore")
    return table


def _without_folder(text: str) -> str:
    return Path(text).name if os.path.isabs(text) else text


def beside_own(
    frame: pd.DataFrame, baselines: pd.DataFrame, reports: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Runs of a folder and those of earlier reports as one table.

    Data sets are told by their names, for the earlier table has no folders. A run that is in several tables counts
    once, the folder's own before others.

    Args:
        frame, baselines: of the folder; see `experiments.report.reading.RunCollection`.
        reports: folders of reports, or their `results.parquet`.

    Returns:
        Both tables with the earlier runs in them, and how many came from each report.

    Raises:
        UserError: if there is no such report, or it is no table of results.
    """
    frames, of_baselines, counts = [plain(frame)], [baselines], {}
    runs = set(frame["run"]) if len(frame) else set()
    for report in reports:
        table = _with_later_options(_read(Path(report)), frame.columns)
        table = table[~table["run"].isin(runs)]
        runs |= set(table["run"])
        counts[report] = len(table)
        frames.append(table)
        of_baselines.append(_baselines(table))
    joined = _joined(frames)
    for name in {"measured", "synthetic"} & {*joined.columns}:
        joined[name] = joined[name].astype(bool)
    return joined, _joined(of_baselines), counts


def _joined(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Tables below each other; those without a row say nothing, nor of the types of columns."""
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _read(path: Path) -> pd.DataFrame:
    """The table of an earlier report."""
    path = path / RESULTS if path.is_dir() else path
    if not path.is_file():
        raise UserError(f"{path} is no report's table: there is no such file")
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as problem:
        raise UserError(f"{path} is no report's {RESULTS}: {str(problem).splitlines()[0]}") from None
    missing = sorted(NEEDED - {*table.columns})
    if missing:
        raise UserError(f"{path} is no report's {RESULTS}: it has no column {missing[0]!r}")
    return table


def _with_later_options(table: pd.DataFrame, known: pd.Index) -> pd.DataFrame:
    """An earlier table with those of the `known` columns that are options which there were not yet."""
    later: dict[str, pd.Series] = {}
    for task in table["task"].unique():
        for name, value in _without_the_option(str(task)).items():
            if name in known:
                said = later.get(name, table.get(name, pd.Series(None, table.index, dtype=object)))
                later[name] = said.astype(object).where((table["task"] != task) | said.notna(), value)
    return table.assign(**later)


def _without_the_option(name: str) -> dict[str, object]:
    """What a run of a task did, by column, before there was the option: what that says of it, or its default."""
    try:
        task = load_task(name)
    except UserError:  # somebody's own, that is not here
        return {}
    values = {}
    options = {"recurrent": RecurrentOptions, "training": TrainingOptions, "options": task.options_type}
    for part, of_part in options.items():
        for field in fields_of(of_part, task.defaults_of(of_part)):
            value = field.metadata.get("before", field.default)
            values[f"{part}.{field.name}"] = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return values


def _baselines(table: pd.DataFrame) -> pd.DataFrame:
    """A row for each run, baseline and split, from columns such as `baseline.majority.test.accuracy`."""
    places: dict[tuple[str, str], dict[str, str]] = {}
    for column in table.columns:
        found = BASELINE.fullmatch(column)
        if found:
            places.setdefault((found["name"], found["split"]), {})[column] = found["metric"]
    parts = []
    for (name, split), columns in places.items():
        scores = table[list(columns)].rename(columns=columns)
        scores = scores.assign(run=table["run"], baseline=name, split=split).dropna(
            subset=[*columns.values()], how="all"
        )
        parts.append(scores)
    return _joined(parts)
