"""What a worker does with one run: start it, wait for it, measure what it left, and hand its folder over.

Nothing here keeps a result in memory: all that counts is in the run's folder, so a worker can be killed at any time.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from experiments.compare.bundle import pack, unpack
from experiments.compare.folders import RunFolder, unlocked
from experiments.compare.grid import Run
from experiments.compare.processes import STOPPED_CODES, is_forked, is_stopped, run_supervised
from experiments.report.records import RECORD, Record
from zoo.config_file import own_flags
from zoo.runtime.cores import cores
from zoo.runtime.links import open_in_place
from zoo.runtime.rundir import RunDirectory, remove

LOG_LINES = 20


@dataclass(frozen=True)
class Job:
    """A run, and where and how a worker shall run it.

    Attributes:
        folder: the run directory; where the worker shares no file system with the client, a name for one of its own.
        travels: whether the folder is to come back as bytes.
        session: of the command that asks; what it stops is stopped, whatever else the worker does.
        threads: cores of each run; None shares the worker's cores among the workers on its machine.
        workers_on_host: by a worker's address, how many workers share its machine.
        partial: an unfinished run as bytes, to go on with.
        program, measure: modules that train and that measure afterwards (None: nothing is measured).
        dev_only: whether the test split stays unread.
        alike: equal for runs that differ in their seed alone, which may follow one another in one process; else empty.
        follows: whether it follows such a run.
    """

    run: Run
    folder: str
    travels: bool
    session: str
    threads: int | None = None
    workers_on_host: Mapping[str, int] = field(default_factory=dict)
    partial: bytes | None = None
    program: str = "zoo.run"
    measure: str | None = "experiments.compare.measure"
    dev_only: bool = False
    alike: str = ""
    follows: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: finished, failed or stopped.
        seconds: from start to end here, of all processes.
        log: the last lines of its log, where something went wrong.
        worker: the address of the worker.
        bundle: the folder as bytes where it travels.
        measured: whether what it costs could be measured, if it has finished.
    """

    name: str
    status: str
    seconds: float
    log: str = ""
    worker: str = ""
    bundle: bytes | None = None
    measured: bool = True


def do_runs(jobs: Sequence[Job]) -> list[Outcome]:
    """Run after run, those that are alike in one process where that is possible.

    Raises:
        OSError, UserError: if the worker's disk does not let it.
    """
    outcomes: list[Outcome] = []
    for job in jobs:
        follows = bool(outcomes) and outcomes[-1].status == "finished" and is_forked(job.program)
        outcomes.append(do_run(replace(job, follows=follows)))
    return outcomes


def do_run(job: Job) -> Outcome:
    """Run it, or go on with it, or find it finished.

    Raises:
        OSError, UserError: if the worker's disk does not let it.
    """
    start = time.monotonic()
    path = Path(job.folder).absolute()
    log = path.parent.parent / "logs" / f"{path.name}.log"
    for parent in (path.parent, log.parent):
        parent.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path, job.run)
    with unlocked(path):
        status = _finish(job, folder, log)
    record = folder.record()
    measured = status != "finished" or (record is not None and record.measured)
    return Outcome(
        job.run.name,
        status,
        seconds=time.monotonic() - start,
        log=_end_of(log) if status == "failed" or not measured else "",
        worker=_worker_address(),
        bundle=pack(path) if job.travels and path.is_dir() else None,
        measured=measured,
    )


def _finish(job: Job, folder: RunFolder, log: Path) -> str:
    """Do what is left to do for a run, and give its status."""
    start = time.monotonic()
    if job.partial is not None and not folder.belongs():
        unpack(job.partial, folder.path)
    if folder.is_finished():
        return "finished"
    threads = job.threads or _share(job.workers_on_host)
    if not folder.has_results():
        code = _train(job, folder, log, threads)
        if code:
            return "stopped" if is_stopped(job.session) or code in STOPPED_CODES else "failed"
    record = folder.record()
    if record is None:
        record = _record(job, threads, time.monotonic() - start)
        record.write(folder.path / RECORD)
    measured = True
    if job.measure:
        command = [sys.executable, "-m", job.measure, str(folder.path), *own_flags(job.run.config)]
        measured = not run_supervised(command, log, threads, job.session)
    if is_stopped(job.session):
        return "stopped"
    replace(record, measured=measured).write(folder.path / RECORD)
    remove(RunDirectory(folder.path).checkpoint_path)
    return "finished"


def _train(job: Job, folder: RunFolder, log: Path, threads: int) -> int:
    """The exit code of the training. A signal that ended it is written into the log: a killed process cannot."""
    shared = ["--shared-baselines", str(_shared_baselines(folder.path))]
    dev_only = ["--dev-only"] if job.dev_only else []
    command = [sys.executable, "-m", job.program, *_arguments(folder), *shared, *dev_only]
    code = run_supervised(command, log, threads, job.session, job.alike)
    if code > 128 and code not in STOPPED_CODES:
        _log_signal(log, code - 128)
    return code


def _log_signal(log: Path, number: int) -> None:
    reason = ", often for want of memory" if number == signal.SIGKILL else ""
    with open(log, "a", encoding="utf-8", opener=open_in_place) as file:
        file.write(f"killed by {signal.Signals(number).name}{reason}\n")


def _arguments(folder: RunFolder) -> list[str]:
    """The command line that begins a run, or goes on with it."""
    if folder.belongs():
        return ["--resume", str(folder.path), *own_flags(folder.run.config)]
    if folder.path.exists():
        remove(folder.path)  # killed before it had a configuration, or of another run
    return [*folder.run.arguments, "--out", str(folder.path)]


def _shared_baselines(folder: Path) -> Path:
    """Where the runs of a comparison share the baselines that one of them has trained; each machine has its own."""
    return folder.parent.parent / "baselines"


def _record(job: Job, threads: int, seconds: float) -> Record:
    run = job.run
    return Record(
        digest=run.digest,
        match=run.match,
        reference_units=run.reference_units,
        reference_cell=run.reference_cell,
        threads=threads,
        seconds=round(seconds, 2),
        host=os.uname().nodename,
        forked=is_forked(job.program),
        follows=job.follows,
        contestant=run.contestant,
        shared=run.shared,
        measured=False,
    )


def _share(workers_on_host: Mapping[str, int]) -> int:
    """The cores of this machine for each of the workers on it."""
    others = workers_on_host.get(_worker_address(), 1)
    return max(1, cores() // others)


def _worker_address() -> str:
    """The address of the worker that this process is; empty outside of a cluster."""
    from distributed import get_worker

    try:
        return get_worker().address
    except ValueError:
        return ""


def _end_of(log: Path) -> str:
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = file.read()[-20_000:].splitlines()
    # A progress bar is one line to a terminal and many to a file: what counts is after its last return.
    return "\n".join(line.rsplit("\r", 1)[-1] for line in lines[-LOG_LINES:])


def forget(folder: str) -> None:
    """Remove a worker's own copy of a run that has arrived."""
    path = Path(folder).absolute()
    remove(path)
    remove(path.parent.parent / "logs" / f"{path.name}.log")
