"""The client's side: give unfinished runs to workers, and take what comes back, until nothing is left."""

from __future__ import annotations

import json
import queue
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias

from datasets.errors import UserError
from experiments.compare import cluster, processes, worker
from experiments.compare.bundle import pack, unpack
from experiments.compare.folders import RunFolder
from experiments.compare.grid import Run
from experiments.compare.worker import Job, Outcome
from zoo.runtime.progress import log
from zoo.runtime.rundir import write_json
from zoo.runtime.signals import Stopped, stop_signals

if TYPE_CHECKING:
    from distributed import Client, Future

#: Where a worker that shares no file system keeps its runs, under the folder in which it was started.
REMOTE_RUNS = "comparison/runs"
#: Runs that a worker does one after the other.
Batch: TypeAlias = tuple[Run, ...]
STOP_SECONDS = 90.0
#: How often a run is given to workers; Dask tries each time until four of them have died.
MOST_TRIES = 2


@dataclass(frozen=True)
class Setting:
    """How runs are done. See `Job`; `out` is the folder of the comparison."""

    out: Path
    travels: bool = False
    threads: int | None = None
    program: str = "zoo.run"
    measure: str | None = "experiments.compare.measure"

    def folder(self, run: Run) -> RunFolder:
        """The run directory."""
        return RunFolder(self.out / "runs" / run.name, run)

    def failure(self, run: Run) -> Path:
        """The file that tells of a run that failed."""
        return self.out / "failures" / f"{run.name}.json"


@dataclass
class Tally:
    """How far the grid has come.

    Attributes:
        runs: all of the grid.
        workers: how many there are.
        finished_before, finished: how many runs were finished when this command began, and how many it has finished.
        failed: the names of the runs that failed.
        stopped: how many runs were stopped from outside.
        seconds: each finished run with the seconds that it took.
        left: the runs that have not ended yet.
    """

    runs: list[Run]
    workers: int
    finished_before: int = 0
    finished: int = 0
    failed: list[str] = field(default_factory=list)
    stopped: int = 0
    seconds: list[tuple[Run, float]] = field(default_factory=list)
    left: list[Run] = field(default_factory=list)

    def with_more(self, other: Tally) -> Tally:
        """Both together, of runs that were done one after the other."""
        return Tally(
            [*self.runs, *other.runs],
            other.workers,
            self.finished_before + other.finished_before,
            self.finished + other.finished,
            [*self.failed, *other.failed],
            self.stopped + other.stopped,
            [*self.seconds, *other.seconds],
        )

    def line(self, run: Run, outcome: Outcome) -> str:
        """The message when a run has ended: how far the grid has come, and the time that is left."""
        done = len(self.runs) - len(self.left)
        message = f"{done}/{len(self.runs)} {run.name}: {outcome.status}, {outcome.seconds:.0f} s"
        if outcome.status == "finished" and not outcome.measured:
            message += " (its answers could not be measured: see its log)"
        if outcome.status == "failed":
            message += f" ({(outcome.log.strip().splitlines() or ['see its log'])[-1]})"
        if self.left and self.seconds:
            message += f"; {duration(seconds_left(self.left, self.seconds, self.workers))} left"
        return message


def seconds_left(left: list[Run], known: list[tuple[Run, float]], workers: int) -> float:
    """The expected seconds of the runs that are left: each as long as those that are most like it.

    Args:
        left: runs that have not ended.
        known: runs that have ended, with their seconds.
        workers: how many runs are done at a time.
    """

    def expected(run: Run) -> float:
        for likeness in (_config_without_seed, _task_and_cell, _task, _anything):
            seconds = [value for other, value in known if likeness(other) == likeness(run)]
            if seconds:
                return fmean(seconds)
        return 0.0

    return sum(map(expected, left)) / max(1, workers)


def batches(runs: Sequence[Run], workers: int) -> list[Batch]:
    """Runs that differ in their seed alone, together: what one of them compiles, the next ones use.

    None has more runs than half of a worker's share, so that all workers are busy to the end. The order is that of the
    first runs.
    """
    most = max(1, len(runs) // (2 * max(1, workers)))
    alike: dict[str, list[Run]] = {}
    for run in runs:
        alike.setdefault(_kind(run), []).append(run)
    cut = [tuple(of[start : start + most]) for of in alike.values() for start in range(0, len(of), most)]
    return sorted(cut, key=lambda batch: runs.index(batch[0]))


def _kind(run: Run) -> str:
    """The same text for runs that differ in their seed alone."""
    return json.dumps([run.device, _config_without_seed(run)], sort_keys=True, default=str)


def _config_without_seed(run: Run) -> dict[str, object]:
    training = {name: value for name, value in run.config.get("training", {}).items() if name != "seed"}
    return {**run.config, "training": training}


def _task_and_cell(run: Run) -> tuple[str, str]:
    return run.task, run.cell


def _task(run: Run) -> str:
    return run.task


def _anything(_: Run) -> None:
    """All runs are alike."""


def duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


# ------------------------------------------------------------------------------------ the loop


def do_all(client: Client, runs: list[Run], setting: Setting) -> Tally:
    """Every run that is not finished, on the client's workers.

    Raises:
        Stopped: after Ctrl-C or SIGTERM, when the runs in work have saved their state.
        UserError: if the scheduler is gone.
    """
    tally = _start(runs, setting, len(cluster.workers_of(client)))
    if not tally.left:
        return tally
    with stop_signals() as received:
        session = _Session(client, tally, setting)
        session.give_all(tally.left)
        session.collect(received)
    if received:
        raise Stopped(
            received[0], f"with {tally.finished + tally.finished_before} of {len(runs)} runs finished"
        )
    return tally


def _start(runs: list[Run], setting: Setting, workers: int) -> Tally:
    """The tally before anything is done: which runs are finished already, and how long they took."""
    tally = Tally(runs, workers)
    for run in runs:
        record = setting.folder(run).record()
        if record is None or not record.measured:
            tally.left.append(run)
            continue
        tally.finished_before += 1
        tally.seconds.append((run, record.seconds or 0.0))
    log(f"{len(runs)} runs, {tally.finished_before} of them finished before; {workers} workers")
    if not workers:
        log("there is no worker yet; the runs wait for one: dask worker ADDRESS --nthreads 1")
    return tally


class _Session:
    """The runs that are with the workers: given, waited for, and booked when they have ended.

    Args:
        client: of the cluster.
        tally: how far the grid has come; it is kept up to date.
        setting: how runs are done.
    """

    def __init__(self, client: Client, tally: Tally, setting: Setting) -> None:
        self.client, self.tally, self.setting = client, tally, setting
        self.name = uuid.uuid4().hex
        self.futures: dict[str, tuple[Future, Batch]] = {}
        self.tries: Counter[Run] = Counter()
        self.suspects: list[Run] = []
        self.done: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self.workers_on_host = cluster.workers_on_host(client)
        # Seeds of one cell are not to run on this device or that by chance: where there are GPUs, `auto` is one.
        self.on_gpu = ("gpu", "auto") if cluster.has_gpus(client) else ("gpu",)

    def give_all(self, runs: Sequence[Run]) -> None:
        """Queue runs, in batches where a process can go on with what another seed has compiled."""
        together = not self.setting.travels and processes.is_forked(self.setting.program)
        for run in () if together else runs:
            self.give((run,))
        for batch in batches(runs, self.tally.workers) if together else ():
            self.give(batch)

    def give(self, batch: Batch) -> None:
        """Queue runs for a worker. Workers take batches in the order of the grid, whenever they were queued."""
        run = batch[0]
        self.tries.update(batch)
        future = self.client.submit(
            worker.do_runs,
            [self._job(run) for run in batch],
            key=f"{run.task}-{run.cell}-{run.name}-{self.name}-{self.tries[run]}",
            pure=False,
            priority=-self.tally.runs.index(run),
            resources={"GPU": 1} if run.device in self.on_gpu else None,
        )
        future.add_done_callback(self.done.put)
        self.futures[str(future.key)] = (future, batch)

    def _job(self, run: Run) -> Job:
        folder, setting = self.setting.folder(run), self.setting
        partial = None
        if setting.travels and folder.belongs():
            partial = pack(folder.path)
        return Job(
            run,
            f"{REMOTE_RUNS}/{run.name}" if setting.travels else str(folder.path.absolute()),
            setting.travels,
            session=self.name,
            threads=setting.threads,
            workers_on_host=self.workers_on_host,
            partial=partial,
            program=setting.program,
            measure=setting.measure,
            alike=_kind(run),
        )

    def collect(self, received: list[int]) -> None:
        """Take outcomes until none is left, or, after a signal, until the runs in work have stopped."""
        stopping_since = None
        while self.futures or (self.suspects and not received):
            if not self.futures:
                self.give((self.suspects.pop(0),))
            if self.client.status not in ("running", "connecting"):
                raise UserError("the scheduler is gone; start again to go on", 1)
            if received:
                stopping_since = stopping_since or time.monotonic()
                # Again and again: a worker may have come back.
                self.client.run(processes.stop, self.name, on_error="ignore")
                if time.monotonic() - stopping_since > STOP_SECONDS:
                    return
            try:
                future = self.done.get(timeout=0.5)
            except queue.Empty:
                self._book_finished()
                continue
            self._take(future)

    def _book_finished(self) -> None:
        """Book the runs that have ended of batches that have not."""
        for _, batch in self.futures.values():
            for run in batch[:-1]:
                record = self.setting.folder(run).record() if run in self.tally.left else None
                if record and record.measured:
                    self._book(run, Outcome(run.name, "finished", record.seconds or 0.0))

    def _take(self, future: Future) -> None:
        """Book the runs of a batch that has ended.

        Where a run kills its workers again and again, Dask also gives up the runs that waited behind it. All of them
        are suspects: at the end each is tried once more, alone, which shows the one to blame.
        """
        _, batch = self.futures.pop(str(future.key))
        left = [run for run in batch if run in self.tally.left]
        if _was_killed(future) and self.tries[batch[0]] < MOST_TRIES:
            self.suspects.extend(left)
        else:
            outcomes = {outcome.name: outcome for outcome in _outcomes(future, batch)}
            for run in left:
                self._book(run, outcomes[run.name])
        future.release()

    def _book(self, run: Run, outcome: Outcome) -> None:
        """Put the run's folder where it belongs, and count it."""
        tally, setting, folder = self.tally, self.setting, self.setting.folder(run)
        if outcome.bundle is not None and not folder.is_finished():
            unpack(outcome.bundle, folder.path)
            # The worker's copy goes: what is here is newer the next time, wherever the run has gone on till then.
            self.client.run(
                worker.forget, f"{REMOTE_RUNS}/{run.name}", workers=[outcome.worker], on_error="ignore"
            )
        tally.left.remove(run)
        if folder.is_recorded() and outcome.status == "finished":
            tally.finished += 1
            tally.seconds.append((run, outcome.seconds))
            setting.failure(run).unlink(missing_ok=True)
        elif outcome.status == "stopped":
            tally.stopped += 1
        else:
            tally.failed.append(run.name)
            _record_failure(run, outcome, setting)
        log(tally.line(run, outcome))
        if not outcome.measured and outcome.log:
            log(outcome.log)


def _was_killed(future: Future) -> bool:
    """Whether Dask has given the run up because workers died that had it."""
    return future.status == "error" and type(future.exception()).__name__ == "KilledWorker"


def _outcomes(future: Future, batch: Batch) -> list[Outcome]:
    """What the worker answered, or why it did not, for each run."""
    if future.status == "finished":
        outcomes: list[Outcome] = future.result()
        return outcomes
    if future.status == "cancelled":
        return [Outcome(run.name, "stopped", 0.0, "the scheduler let go of it") for run in batch]
    problem = future.exception()
    trace = "".join(traceback.format_exception(problem)[-3:])
    if _was_killed(future):
        trace = f"its worker died again and again: {problem}"
    return [Outcome(run.name, "failed", 0.0, trace.strip()) for run in batch]


def _record_failure(run: Run, outcome: Outcome, setting: Setting) -> None:
    path = setting.failure(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    log = outcome.log or "it says that it finished, but its folder does not hold the results"
    write_json(
        path,
        {
            "run": run.name, "task": run.task, "cell": run.cell, "seed": run.seed,
            "command": ["python", "-m", setting.program, *run.arguments], "worker": outcome.worker,
            "last_lines": log.splitlines()[-worker.LOG_LINES :],
        },
    )  # fmt: skip
