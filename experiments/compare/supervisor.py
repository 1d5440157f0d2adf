"""Runs a command that must not outlive the process that asked for it.

    python -m experiments.compare.supervisor LOG COMMAND…

The supervisor reads its standard input. When that ends, because the process at the other end closed it or was killed,
the command gets SIGTERM, so that a run saves its state. If it has not ended a minute later, it gets SIGKILL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

from zoo.runtime.links import open_in_place

GRACE_SECONDS = 60.0


def main(argv: list[str]) -> int:
    """The command's exit code; 128 and the signal's number where a signal ended it, as in a shell."""
    with open(argv[0], "ab", opener=open_in_place) as log:
        child = subprocess.Popen(argv[1:], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _end(child))
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _watch(child: subprocess.Popen[bytes]) -> None:
    """End the command when the standard input ends."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    """SIGTERM now, SIGKILL after the grace period."""
    child.terminate()
    killer = threading.Timer(GRACE_SECONDS, child.kill)
    killer.daemon = True
    killer.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
