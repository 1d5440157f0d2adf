"""A process with TensorFlow and without this repository: where users load what was exported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

#: Runs scripts, each a line of JSON on standard input; answers a line each: what it printed, and its traceback if any.
LOOP = """
import contextlib, importlib.util, io, json, sys, traceback
if importlib.util.find_spec("zoo"):
    sys.exit()
print("ready", flush=True)
for line in sys.stdin:
    out, error = io.StringIO(), ""
    with contextlib.redirect_stdout(out):
        try:
            exec(json.loads(line), {})
            found = [name for name in sys.modules if name.split(".")[0] in ("zoo", "datasets")]
            assert not found, f"the script imported {found}"
        except BaseException:
            error = traceback.format_exc()
    print(json.dumps([out.getvalue(), error]), flush=True)
"""
#: The longest time that a script may take.
SECONDS = 300


class Elsewhere:
    """One process for all tests that ask for it, because importing TensorFlow takes seconds.

    Args:
        folder: an empty one; it is the process's working directory.

    Raises:
        AssertionError: the repository can be imported from there.
    """

    def __init__(self, folder: Path):
        environment = {**os.environ, "PYTHONPATH": ""}
        self._process = subprocess.Popen(
            [sys.executable, "-c", LOOP],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._answer() != "ready\n":
            self.close()
            raise AssertionError(f"from {folder} a process can import the repository")

    def run(self, script: str) -> str:
        """What the script prints; it has a namespace of its own.

        Raises:
            AssertionError: the script failed or imported the repository; its traceback.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(script) + "\n")
        self._process.stdin.flush()
        line = self._answer()
        assert line, f"the process ended, or the script took more than {SECONDS} s"
        out, error = json.loads(line)
        assert not error, error
        return out

    def _answer(self) -> str:
        """The next line that the process prints; empty where it ends, which it must after a while."""
        assert self._process.stdout is not None
        watchdog = threading.Timer(SECONDS, self._process.kill)
        watchdog.start()
        try:
            return self._process.stdout.readline()
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=60)
