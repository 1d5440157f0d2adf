"""How far a run has come: read from the files in its folder, so that any process can tell."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import UserError
from experiments.compare.grid import Run, digest
from experiments.report.records import Record, read_record
from zoo.runtime.links import open_in_place
from zoo.runtime.rundir import RunDirectory, read_json


@dataclass(frozen=True)
class RunFolder:
    """The run directory of one run of a grid, which may hold nothing yet, or another run.

    Attributes:
        path: the folder.
        run: the run that it is for.
    """

    path: Path
    run: Run

    def belongs(self) -> bool:
        """Whether the folder holds this run, begun or finished: its configuration is the run's."""
        try:
            config = RunDirectory(self.path).load_config()["config"]
            return digest(config, self.run.basis) == self.run.digest
        except (UserError, KeyError, TypeError, ValueError):
            return False

    def has_results(self) -> bool:
        """Whether the run has left its results here."""
        try:
            return self.belongs() and isinstance(read_json(self.path / "metrics.json"), dict)
        except UserError:
            return False

    def record(self) -> Record | None:
        """What was recorded when the training had ended."""
        return read_record(self.path) if self.has_results() else None

    def is_recorded(self) -> bool:
        """Whether the run has ended well. Its answers may not have been measured."""
        return self.record() is not None

    def is_finished(self) -> bool:
        """Whether nothing is left to do for the run."""
        record = self.record()
        return record is not None and record.measured


@contextmanager
def unlocked(folder: Path, seconds: float = 120.0) -> Iterator[None]:
    """Wait until no process holds the run's folder: a killed worker's run may still be saving its state.

    Raises:
        UserError: if it is still held after so many seconds.
    """
    lock = RunDirectory(folder).lock_path
    deadline = time.monotonic() + seconds
    while os.path.lexists(lock):
        with open(lock, "rb", opener=open_in_place) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise UserError(f"{folder} is still in use by another process", 1) from None
        time.sleep(0.2)
    yield
