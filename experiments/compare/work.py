"""What a worker does with one run: start it, wait for it, measure what it left, and hand its folder over.

Nothing here keeps a result in memory: all that counts is in the run's folder, so a worker can be killed at any time.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.errors import UserError
from experiments.compare.bundle import pack, unpack
from experiments.compare.grid import Run, digest
from zoo.runtime.cores import cores
from zoo.runtime.rundir import REPOSITORY, RunDirectory, read_json, remove, write_json

RECORD = "comparison.json"
LAST_LINES = 20
STOPPED_CODES = (128 + 2, 128 + 15)


@dataclass(frozen=True)
class Job:
    """A run, and where and how a worker shall run it.

    Attributes:
        folder: the run directory; where the worker shares no file system with who asks, a name for one of its own.
        travels: whether the folder is to come back as bytes.
        session: of the command that asks; what it stops is stopped, whatever else the worker does.
        threads: cores of each run; None shares the worker's cores among the workers on its machine.
        workers_on_host: how many workers there are, by host.
        partial: an unfinished run as bytes, to go on with.
        program, measure: modules that train and that measure afterwards (None: nothing is measured).
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


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        status: finished, failed or stopped.
        seconds: from start to end here, of all processes.
        said: the end of what it wrote to its log.
        bundle: the folder as bytes where it travels.
        measured: whether what it costs could be measured, if it has finished.
    """

    name: str
    status: str
    seconds: float
    said: str = ""
    worker: str = ""
    bundle: bytes | None = None
    measured: bool = True


# ------------------------------------------------------------------------------------ folders


def is_finished(folder: Path, wanted: str, basis: str) -> bool:
    """Whether there is nothing left to do for the run with this digest."""
    return is_recorded(folder, wanted, basis) and _record_of(folder).get("measured", False)


def is_recorded(folder: Path, wanted: str, basis: str) -> bool:
    """Whether the folder holds the results of the run with this digest, and the record of its end; it may be that
    its answers could not be measured."""
    return has_results(folder, wanted, basis) and (folder / RECORD).is_file()


def _record_of(folder: Path) -> dict[str, Any]:
    try:
        record = read_json(folder / RECORD)
    except UserError:
        return {}
    return record if isinstance(record, dict) else {}


def has_results(folder: Path, wanted: str, basis: str) -> bool:
    """Whether the run with this digest has left its results in the folder."""
    try:
        return is_of(folder, wanted, basis) and isinstance(read_json(folder / "metrics.json"), dict)
    except UserError:
        return False


def is_of(folder: Path, wanted: str, basis: str) -> bool:
    """Whether the folder belongs to the run with this digest."""
    try:
        return digest(RunDirectory(folder).load_config()["config"], basis) == wanted
    except (UserError, KeyError, TypeError, ValueError):
        return False


@contextmanager
def alone(folder: Path, seconds: float = 120.0) -> Iterator[None]:
    """Wait until no process holds the run's folder: a killed worker's run may still be saving its state.

    Raises:
        UserError: if it is still held after so many seconds.
    """
    lock = RunDirectory(folder).lock_path
    deadline = time.monotonic() + seconds
    while lock.exists():
        with open(lock, "rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise UserError(f"{folder} is still in use by another process", 1) from None
        time.sleep(0.2)
    yield


# ------------------------------------------------------------------------------------ one run


def work(job: Job) -> Outcome:
    """Run it, or go on with it, or find it finished.

    Raises:
        OSError, UserError: if the worker's disk does not let it.
    """
    began = time.monotonic()
    folder = Path(job.folder).absolute()
    log = folder.parent.parent / "logs" / f"{folder.name}.log"
    for parent in (folder.parent, log.parent):
        parent.mkdir(parents=True, exist_ok=True)
    with alone(folder):
        status = _finish(job, folder, log)
    seconds = time.monotonic() - began
    bundle = pack(folder) if job.travels and folder.is_dir() else None
    measured = status != "finished" or _record_of(folder).get("measured", False)
    said = _end_of(log) if status == "failed" or not measured else ""
    return Outcome(job.run.name, status, seconds, said, _worker_address(), bundle, measured)


def _finish(job: Job, folder: Path, log: Path) -> str:
    run = job.run
    began = time.monotonic()
    if job.partial is not None and not is_of(folder, run.digest, run.basis):
        unpack(job.partial, folder)
    if is_finished(folder, run.digest, run.basis):
        return "finished"
    threads = job.threads or _share(job.workers_on_host)
    if not has_results(folder, run.digest, run.basis):
        shared = ["--shared-rows", str(_shared_rows(folder))]
        command = [sys.executable, "-m", job.program, *_arguments(run, folder), *shared]
        code = _run(command, log, threads, job.session)
        if code:
            if code > 128 and code not in STOPPED_CODES:
                _tell_signal(log, code - 128)
            return "stopped" if is_stopped(job.session) or code in STOPPED_CODES else "failed"
    if not is_recorded(folder, run.digest, run.basis):
        write_json(folder / RECORD, _record(job, threads, time.monotonic() - began))
    measured = True
    if job.measure:
        measured = not _run([sys.executable, "-m", job.measure, str(folder)], log, threads, job.session)
    if is_stopped(job.session):
        return "stopped"
    write_json(folder / RECORD, {**_record_of(folder), "measured": measured})
    remove(RunDirectory(folder).checkpoint_path)
    return "finished"


def _tell_signal(log: Path, number: int) -> None:
    """Write into the log what ended its process, which one that was killed cannot say."""
    why = ", often for want of memory" if number == signal.SIGKILL else ""
    with open(log, "a", encoding="utf-8") as file:
        file.write(f"killed by {signal.Signals(number).name}{why}\n")


def _arguments(run: Run, folder: Path) -> list[str]:
    if is_of(folder, run.digest, run.basis):
        return ["--resume", str(folder)]
    if folder.exists():
        remove(folder)  # killed before it had a configuration, or of another run
    return [*run.arguments, "--out", str(folder)]


def _shared_rows(folder: Path) -> Path:
    """Where the runs of a comparison share what they train beside their models; each machine has its own."""
    return folder.parent.parent / "rows"


def _record(job: Job, threads: int, seconds: float) -> dict[str, Any]:
    """What is known when the training has ended; of what comes later only `measured` is changed."""
    run = job.run
    return {
        "digest": run.digest,
        "match": run.match,
        "reference_units": run.reference_units,
        "reference_cell": run.reference_cell,
        "threads": threads,
        "seconds": round(seconds, 2),
        "host": os.uname().nodename,
        "measured": False,
    }


def _share(workers_on_host: Mapping[str, int]) -> int:
    """The cores of this machine for each of the workers on it."""
    others = workers_on_host.get(_worker_address(), 1)
    return max(1, cores() // others)


def _worker_address() -> str:
    from distributed import get_worker

    try:
        return get_worker().address
    except ValueError:
        return ""


def environment(threads: int, gpu: bool) -> dict[str, str]:
    """The environment of a run: its share of the cores, and a GPU only where the worker offers one."""
    count = str(threads)
    pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    tensorflow = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    paths = [str(REPOSITORY), *filter(None, [os.environ.get("PYTHONPATH")]), str(Path.cwd())]
    variables = {**os.environ, **dict.fromkeys((*pools, *tensorflow), count)}
    variables["PYTHONPATH"] = os.pathsep.join(paths)
    if not gpu:
        variables["CUDA_VISIBLE_DEVICES"] = "-1"
    return variables


def _offers_gpu() -> bool:
    from distributed import get_worker

    try:
        return bool(get_worker().state.total_resources.get("GPU"))
    except ValueError:
        return False


def _end_of(log: Path) -> str:
    with open(log, encoding="utf-8", errors="replace") as file:
        lines = file.read()[-20_000:].splitlines()
    # A progress bar is one line to a terminal and many to a file: what counts is after its last return.
    return "\n".join(line.rsplit("\r", 1)[-1] for line in lines[-LAST_LINES:])


# ------------------------------------------------------------------------------------ processes and their end

_STOPPED: set[str] = set()
_RUNNING: dict[subprocess.Popen[bytes], str] = {}
_LOCK = threading.Lock()


def _run(command: list[str], log: Path, threads: int, session: str) -> int:
    """A command under a guard: it gets SIGTERM when this process dies, or when `stop` is called."""
    guard = [sys.executable, "-m", "experiments.compare.guard", str(log), *command]
    with _LOCK:
        if session in _STOPPED:
            return STOPPED_CODES[-1]
        process = subprocess.Popen(
            guard,
            stdin=subprocess.PIPE,
            env=environment(threads, _offers_gpu()),
            start_new_session=True,  # Ctrl-C on the terminal is not for it
        )
        _RUNNING[process] = session
    try:
        return process.wait()
    finally:
        with _LOCK:
            _RUNNING.pop(process)
            if process.stdin:
                process.stdin.close()


def stop(session: str) -> None:
    """Let the session's run on this worker save its state and end, and start none of its runs any more."""
    with _LOCK:
        _STOPPED.add(session)
        for process, whose in _RUNNING.items():
            if whose == session and process.stdin and not process.stdin.closed:
                process.stdin.close()


def is_stopped(session: str) -> bool:
    """Whether `stop` was called."""
    return session in _STOPPED


def forget(folder: str) -> None:
    """Remove a worker's own copy of a run that has arrived."""
    path = Path(folder).absolute()
    remove(path)
    remove(path.parent.parent / "logs" / f"{path.name}.log")
