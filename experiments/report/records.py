"""What a comparison writes beside the files of `zoo.run`: what is to be run, how it was run, what it costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from datasets.errors import UserError
from zoo.runtime.rundir import read_json, write_json

PLAN = "grid.json"
#: The same in the folder of a search: the contestants at their best.
TUNED = "tuned.json"
RECORD = "comparison.json"
COSTS = "measured.json"
#: Parts of a configuration that are columns of the table of results.
PARTS = ("recurrent", "training", "options", "data")

T = TypeVar("T", bound="_Stored")


@dataclass(frozen=True)
class _Stored:
    """A dataclass as a JSON file. A key that is missing in the file takes its default."""

    @classmethod
    def from_json(cls: type[T], values: object) -> T:
        """From what the file holds. Keys that are not known here are passed over."""
        if not isinstance(values, Mapping):
            raise TypeError(f"{values!r} is not a table")
        names = {field.name for field in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})

    def write(self, path: Path) -> None:
        """Write the file whole or not at all."""
        write_json(path, dataclasses.asdict(self))


@dataclass(frozen=True)
class Plan(_Stored):
    """`grid.json` in the folder of a comparison: what was asked for.

    Attributes:
        grid: the fields of `experiments.compare.grid.Grid`.
        runs: the names of all its runs.
    """

    grid: Mapping[str, object] = field(default_factory=dict)
    runs: Sequence[str] = ()


@dataclass(frozen=True)
class Record(_Stored):
    """`comparison.json`: what is known when the training has ended. Of what comes later only `measured` is changed.

    Attributes:
        digest: tells the run's configuration from others; see `experiments.compare.grid.digest`.
        match: what is equal for all cells of the comparison, units or parameters.
        reference_cell, reference_units: the cell that others were matched to, and its units.
        threads: cores of the run.
        seconds: of the training's process, from start to end.
        host: name of the machine.
        forked: whether the run was forked from a process that had imported TensorFlow; its memory is less then.
        follows: whether it used what a run of another seed had compiled in the same process.
        contestant: the cell with options of its own, such as `lstm(units=96)`; empty where it has none.
        shared: what all others have in place of these options: values by column of the table of results.
        measured: whether the costs of answers have been measured.
    """

    digest: str = ""
    match: str = "units"
    reference_units: int | None = None
    reference_cell: str | None = None
    threads: int | None = None
    seconds: float | None = None
    host: str | None = None
    forked: bool = False
    follows: bool = False
    contestant: str = ""
    shared: Mapping[str, object] = field(default_factory=dict)
    measured: bool = True


@dataclass(frozen=True)
class Costs(_Stored):
    """`measured.json`: what a finished run costs where it is used.

    Attributes:
        latency_p50_ms, latency_p95_ms: median and 95th percentile of the milliseconds for one answer.
        answers: how many answers were timed.
        artifact_bytes: size of the SavedModel.
        model_bytes: size of `model.keras`.
    """

    latency_p50_ms: float | None = None
    latency_p95_ms: float | None = None
    answers: int | None = None
    artifact_bytes: int | None = None
    model_bytes: int | None = None


def read_record(folder: Path) -> Record | None:
    """The record in a run's folder; None where there is none that can be read."""
    try:
        return Record.from_json(read_json(folder / RECORD))
    except (UserError, TypeError):
        return None


def flat_options(config: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """The options of a configuration by column of the table of results: `recurrent.units`, `training.epochs`, …"""

    def flat(value: object) -> object:
        return " ".join(map(str, value)) if isinstance(value, list) else value

    return {f"{part}.{name}": flat(value) for part in PARTS for name, value in dict(config[part]).items()}
