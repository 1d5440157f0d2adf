"""Run directories as one table. What is missing, truncated or foreign is named and left out."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from datasets.errors import UserError
from experiments.report.earlier import beside_own
from experiments.report.records import COSTS, PLAN, RECORD, Costs, Plan, Record, flat_options
from zoo.runtime.results import Results
from zoo.runtime.rundir import read_json

SPLITS = ("test", "dev")


@dataclass
class RunCollection:
    """The runs in a folder.

    Attributes:
        frame: one row a finished run.
        baselines: one row for each run, baseline and split: run, baseline, split, and a column per metric.
        histories: the learning curves by run: a table of floats by column name.
        by_length: by run: rows with `low`, `high`, `examples` and a metric each.
        by_series: by run: rows as `zoo.tasks.forecasting.by_series` tells them, of runs that forecast.
        left_out: by the name of a folder or file, why it is not in the frame.
        failures: what is recorded of runs that failed.
        missing: runs that the grid has and the folder has not.
        plan: what was asked for; empty where that is not known.
        earlier: how many runs come from each table of an earlier report: these have no learning curves, and no scores
            by length or series.
    """

    folder: Path
    frame: pd.DataFrame
    baselines: pd.DataFrame
    histories: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    by_length: dict[str, list[dict[str, float]]] = field(default_factory=dict)
    by_series: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    plan: Plan = field(default_factory=Plan)
    earlier: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A run that failed, with the last lines of its log."""

    run: str
    last_lines: list[str]


class LeftOut(Exception):
    """Why a folder is not in the table."""


def read(folder: str | PathLike[str], beside: Sequence[str] = ()) -> RunCollection:
    """Read every run directory in `folder/runs`, or in the folder itself.

    Args:
        beside: reports, or their `results.parquet`, whose runs stand beside.

    Raises:
        UserError: if there is no such folder, or such a report.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder of runs: there is no such folder")
    collection = RunCollection(folder, pd.DataFrame(), pd.DataFrame())
    rows: list[dict[str, object]] = []
    baselines: list[dict[str, object]] = []
    for path in sorted(_runs_folder(folder).iterdir()):
        if path.name.startswith("."):
            continue
        try:
            row = _read_run(path, collection, baselines)
        except LeftOut as reason:
            collection.left_out[path.name] = str(reason)
        else:
            rows.append(row)
    collection.frame = pd.DataFrame(rows)
    collection.baselines = pd.DataFrame(baselines)
    finished = {row["run"] for row in rows}  # a record of a run that has been finished since counts no more
    collection.failures = [
        failure for failure in _failures(folder / "failures") if failure.run not in finished
    ]
    for failure in collection.failures:
        collection.left_out.pop(failure.run, None)
    collection.plan = _plan(folder / PLAN)
    collection.missing = _missing(collection)
    if beside:
        tables = beside_own(collection.frame, collection.baselines, beside)
        collection.frame, collection.baselines, collection.earlier = tables
    collection.frame.attrs["left_out"] = dict(collection.left_out)
    return collection


def _runs_folder(folder: Path) -> Path:
    return folder / "runs" if (folder / "runs").is_dir() else folder


# ------------------------------------------------------------------------------------ one run


def _read_run(path: Path, collection: RunCollection, baselines: list[dict[str, object]]) -> dict[str, object]:
    """The row of one run; its baselines, learning curves and scores by length are added to the others'.

    Raises:
        LeftOut: for what is no finished run.
    """
    if not path.is_dir():
        raise LeftOut("a file, not the folder of a run")
    if not (path / "config.json").is_file():
        raise LeftOut("not the folder of a run: it has no config.json")
    stored = _table(path, "config.json")
    if not (path / "metrics.json").is_file():
        raise LeftOut("not finished: it has no metrics.json")
    metrics = _table(path, "metrics.json")
    try:
        results = Results.from_json(metrics)
        row = _row(path, stored, results)
        rows_of_baselines = [*_baselines(path.name, results)]
        lengths, of_series = _by_length(results), _by_series(results)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise LeftOut(f"no results of a run: {type(problem).__name__} {problem}") from None
    history = _history(path / "history.csv")
    collection.histories[path.name] = history
    if lengths:
        collection.by_length[path.name] = lengths
    if of_series:
        collection.by_series[path.name] = of_series
    baselines += rows_of_baselines
    return row


def _table(path: Path, name: str) -> dict[str, Any]:
    try:
        table = read_json(path / name)
    except UserError as problem:
        raise LeftOut(str(problem).replace(f"{path}/", "")) from None
    if not isinstance(table, dict):
        raise LeftOut(f"{name} holds no table")
    return table


def _row(path: Path, stored: Mapping[str, Any], results: Results) -> dict[str, Any]:
    config = stored["config"]
    for name, stated, configured in (
        ("task", results.task, config["task"]), ("cell", results.cell, config["recurrent"]["cell"])
    ):  # fmt: skip
        if stated != configured:
            raise LeftOut(f"metrics.json is of {name} {stated!r}, config.json of {configured!r}")
    split = next((split for split in SPLITS if split in results.scores), None)
    if split is None:
        raise LeftOut("metrics.json has no scores")
    metric = next((name for name in results.headline if name in results.scores[split]), None)
    if metric is None:
        raise LeftOut(f"metrics.json has none of its headline scores on {split}")
    environment = stored.get("environment") or {}
    return {
        "run": path.name,
        "task": results.task,
        "dataset": results.dataset,
        "cell": results.cell,
        "spec": str(config["dataset"]),
        "synthetic": results.synthetic,
        "seed": results.seed,
        "headline": " ".join(results.headline),
        "split": split,
        "metric": metric,
        "score": results.scores[split][metric],
        **_scores(results),
        **{f"ceiling.{name}": value for name, value in results.ceiling.items()},
        **{f"seconds.{name}": value for name, value in results.seconds.items()},
        "parameters": results.parameters,
        "epochs": results.epochs,
        "best_epoch": results.best_epoch,
        "peak_memory_bytes": results.peak_memory_bytes,
        "engine": results.engine,
        "device": results.device,
        **_recorded(path),
        **flat_options(config),
        "recurrent.units": int(config["recurrent"]["units"]),
        **_environment_columns(environment),
    }


def _number(value: float | str | None) -> float:
    """A JSON number; null stands for what was not finite."""
    return math.nan if value is None else float(value)


def _scores(results: Results) -> dict[str, float]:
    own = {
        f"{split}.{name}": value for split in SPLITS for name, value in results.scores.get(split, {}).items()
    }
    of_baselines = {
        f"baseline.{baseline}.{split}.{name}": value
        for baseline, splits in results.baselines.items()
        for split, scores in splits.items()
        for name, value in scores.items()
    }
    return {**own, **of_baselines}


def _recorded(path: Path) -> dict[str, object]:
    """What the comparison recorded beside the run; runs made by hand have none."""
    record = Record.from_json(_table(path, RECORD)) if (path / RECORD).is_file() else Record()
    costs = Costs.from_json(_table(path, COSTS)) if (path / COSTS).is_file() else Costs()
    # A contestant is called by its options; a cell that has none of its own is called by its name.
    own = {"cell": record.contestant} if record.contestant else {}
    started = {"forked": record.forked, "follows": record.follows}
    shared = {
        f"shared.{name}": "default" if value is None else value for name, value in record.shared.items()
    }
    return {
        **own,
        **{name: "yes" for name, is_so in started.items() if is_so},
        **shared,
        "match": record.match,
        "reference_units": None if record.reference_units is None else int(record.reference_units),
        "reference_cell": record.reference_cell,
        "threads": record.threads,
        "host": record.host,
        "seconds.wall": _number(record.seconds),
        "measured": record.measured is True,
        "latency_p50_ms": _number(costs.latency_p50_ms),
        "latency_p95_ms": _number(costs.latency_p95_ms),
        "artifact_bytes": _number(costs.artifact_bytes),
        "model_bytes": _number(costs.model_bytes),
    }


def _environment_columns(environment: Mapping[str, Any]) -> dict[str, Any]:
    git = environment.get("git") or {}
    return {
        **{name: environment.get(name) for name in ("python", "platform", "created")},
        **{f"versions.{name}": version for name, version in (environment.get("packages") or {}).items()},
        "git.commit": git.get("commit"),
        "git.dirty": git.get("dirty"),
    }


def _baselines(run: str, results: Results) -> Iterator[dict[str, object]]:
    """A row for each baseline and split."""
    for baseline, splits in results.baselines.items():
        for split, scores in splits.items():
            yield {"run": run, "baseline": baseline, "split": split, **scores}


def _by_series(results: Results) -> list[dict[str, Any]]:
    """The scores and forecasts of a task that gives them by series; null stands for what was not finite."""
    texts, numbers = ("series", "variable", "place"), ("read", "came", "forecast", "low", "high")
    return [
        {name: str(row[name]) for name in texts}
        | {name: [_number(value) for value in row[name]] for name in numbers}
        | {name: int(row[name]) for name in ("forecasts", "ahead")}
        | {"scores": {str(name): _number(value) for name, value in row["scores"].items()}}
        for row in results.details.get("by_series") or []
    ]


def _by_length(results: Results) -> list[dict[str, float]]:
    """The table of a task that gives its scores by the length of the sequence."""
    rows = results.details.get("by_length") or []
    return [
        {name: _number(value) for name, value in row.items()} for row in rows if {"low", "high"} <= set(row)
    ]


def _history(path: Path) -> dict[str, list[float]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            names, *rows = csv.reader(file)
        if not rows:
            raise ValueError("no epoch")
        columns = zip(*[[float(text or "nan") for text in row] for row in rows], strict=True)
        return {name: list(values) for name, values in zip(names, columns, strict=True)}
    except FileNotFoundError:
        raise LeftOut("history.csv is missing") from None
    except (OSError, ValueError, csv.Error) as problem:
        raise LeftOut(f"history.csv is truncated or foreign ({problem})") from None


# ------------------------------------------------------------------------------------ what is not there


def _failures(folder: Path) -> Iterator[Failure]:
    for path in sorted(folder.glob("*.json")):
        try:
            record = read_json(path)
            yield Failure(str(record["run"]), [str(line) for line in record["last_lines"]])
        except (UserError, KeyError, TypeError):
            yield Failure(path.stem, ["its record cannot be read"])


def _plan(path: Path) -> Plan:
    """What was asked for, as far as that can be read."""
    try:
        plan = Plan.from_json(read_json(path))
        return Plan(dict(plan.grid), [str(name) for name in plan.runs])
    except (UserError, TypeError, ValueError):
        return Plan()


def _missing(collection: RunCollection) -> list[str]:
    """Runs of the grid of which there is nothing at all."""
    present = {*collection.left_out, *(failure.run for failure in collection.failures)}
    present |= set(collection.frame["run"]) if len(collection.frame) else set()
    return [name for name in collection.plan.runs if name not in present]
