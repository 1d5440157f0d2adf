"""Commands that a worker starts: each under a supervisor, with a share of the cores, until it ends or is stopped."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO

from experiments.compare.warm import MODULES, READY, STOP
from zoo.runtime.versions import REPOSITORY

#: Exit codes of a run that a signal has stopped, after it saved its state: SIGINT, SIGTERM.
STOPPED_CODES = (128 + 2, 128 + 15)
KILLED = 128 + 9

_STOPPED_SESSIONS: set[str] = set()
_RUNNING: dict[Supervised | Warm, str] = {}  # what has a run, each with its session
_IDLE: list[Warm] = []  # of this worker, which may do several runs at a time
_LOCK = threading.Lock()


class Supervised:
    """A process that was started for one command, which gets SIGTERM when the supervisor's input ends.

    Args:
        command: the program and its arguments.
        log: the file that its output is added to.
        threads: cores that it may use.
    """

    def __init__(self, command: list[str], log: Path, threads: int) -> None:
        supervised = [sys.executable, "-m", "experiments.compare.supervisor", str(log), *command]
        self.process = _popen(supervised, threads, offers_gpu())

    def stop(self) -> None:
        """Let the command save its state and end."""
        _input_of(self.process).close()

    def wait(self) -> int:
        """The exit code of the command."""
        try:
            return self.process.wait()
        finally:
            self.stop()


class Warm:
    """A process that has imported TensorFlow, and of which each run is a fork; see `experiments.compare.warm`.

    Attributes:
        threads: cores of each run.
        alike: what the runs of the fork that is kept have in common.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.alike = ""
        self.process = _popen(
            [sys.executable, "-m", "experiments.compare.warm"], threads, False, answers=True
        )
        self.is_ready = self._answer() == READY

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def _say(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # it has died, which its answer will tell
            _input_of(self.process).write(f"{line}\n".encode())
            _input_of(self.process).flush()

    @property
    def lives(self) -> bool:
        """Whether it can have another run."""
        return self.is_ready and self.process.poll() is None

    def begin(self, command: list[str], log: Path, alike: str) -> None:
        """Fork a run, `python -m MODULE ARGUMENT…`, or let it follow others that are alike."""
        self.alike = alike or self.alike
        run = {"log": str(log), "module": command[2], "arguments": command[3:], "alike": alike}
        self._say(json.dumps(run))

    def stop(self) -> None:
        """Let the run save its state and end."""
        self._say(STOP)

    def wait(self) -> int:
        """The exit code of the run; that of a killed one where this process has died."""
        answer = self._answer()
        if not answer:
            self.is_ready = False
        return int(answer) if answer else KILLED

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(BrokenPipeError):
            _input_of(self.process).close()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process.wait()


def run_supervised(command: list[str], log: Path, threads: int, session: str, alike: str = "") -> int:
    """Run a command to its end, and give its exit code.

    The command gets SIGTERM when this process dies, or when `stop` is called for its session.

    Args:
        command: the program and its arguments.
        log: the file that its output is added to.
        threads: cores that it may use.
        session: of the comparison that asks for it.
        alike: equal for runs that may follow one another in one process; empty: it has a process to itself.
    """
    warm = _warm(threads, alike) if is_forked(command[2]) else None
    with _LOCK:
        if session in _STOPPED_SESSIONS:
            if warm:
                _IDLE.append(warm)
            return STOPPED_CODES[-1]
        run = warm or Supervised(command, log, threads)
        if warm:
            warm.begin(command, log, alike)
        _RUNNING[run] = session
    try:
        return run.wait()
    finally:
        with _LOCK:
            _RUNNING.pop(run)
            if warm:
                _IDLE.append(warm)


def is_forked(module: str) -> bool:
    """Whether a run of this module is forked from a process that has imported TensorFlow.

    A GPU cannot be shared with a process that was forked, and on macOS libraries of the system forbid it.
    """
    return sys.platform == "linux" and module in MODULES and not offers_gpu()


def _warm(threads: int, alike: str) -> Warm | None:
    """A warm process that has no run, best one that has done a run that is alike; None where it cannot import."""
    with _LOCK:
        idle, _IDLE[:] = [*_IDLE], []
        fit = [warm for warm in idle if warm.threads == threads and warm.lives]
        fit.sort(key=lambda warm: warm.alike != alike)
        _IDLE.extend(fit[1:])
    for warm in idle:
        if warm not in fit:
            warm.close()
    warm = fit[0] if fit else Warm(threads)
    if warm.is_ready:
        return warm
    warm.close()
    return None


def end_idle() -> None:
    """End the warm processes that have no run."""
    with _LOCK:
        idle, _IDLE[:] = [*_IDLE], []
    for warm in idle:
        warm.close()


def stop(session: str) -> None:
    """Let the session's run on this worker save its state and end, and start none of its runs any more."""
    with _LOCK:
        _STOPPED_SESSIONS.add(session)
        for run, its_session in _RUNNING.items():
            if its_session == session:
                run.stop()


def is_stopped(session: str) -> bool:
    """Whether `stop` was called for the session."""
    return session in _STOPPED_SESSIONS


def _popen(command: list[str], threads: int, gpu: bool, answers: bool = False) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if answers else None,
        stderr=subprocess.DEVNULL if answers else None,
        env=environment(threads, gpu),
        start_new_session=True,  # Ctrl-C on the terminal is not for it
    )


def _input_of(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


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


def offers_gpu() -> bool:
    """Whether this process is a worker with a GPU."""
    from distributed import get_worker

    try:
        return bool(get_worker().state.total_resources.get("GPU"))
    except ValueError:
        return False
