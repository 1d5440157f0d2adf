"""Commands that a worker starts: each under a supervisor, with a share of the cores, until it ends or is stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from zoo.runtime.versions import REPOSITORY

#: Exit codes of a run that a signal has stopped, after it saved its state: SIGINT, SIGTERM.
STOPPED_CODES = (128 + 2, 128 + 15)

_STOPPED_SESSIONS: set[str] = set()
_RUNNING: dict[subprocess.Popen[bytes], str] = {}  # each process with its session
_LOCK = threading.Lock()


def run_supervised(command: list[str], log: Path, threads: int, session: str) -> int:
    """Run a command to its end, and give its exit code.

    The command gets SIGTERM when this process dies, or when `stop` is called for its session.

    Args:
        command: the program and its arguments.
        log: the file that its output is added to.
        threads: cores that it may use.
        session: of the comparison that asks for it.
    """
    supervised = [sys.executable, "-m", "experiments.compare.supervisor", str(log), *command]
    with _LOCK:
        if session in _STOPPED_SESSIONS:
            return STOPPED_CODES[-1]
        process = subprocess.Popen(
            supervised,
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
        _STOPPED_SESSIONS.add(session)
        for process, its_session in _RUNNING.items():
            if its_session == session and process.stdin and not process.stdin.closed:
                process.stdin.close()


def is_stopped(session: str) -> bool:
    """Whether `stop` was called for the session."""
    return session in _STOPPED_SESSIONS


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
