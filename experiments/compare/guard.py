"""Runs a command that must not outlive who asked for it: `python -m experiments.compare.guard LOG COMMAND…`.

When its standard input ends, because whoever holds the other end closed it or was killed, the command gets SIGTERM,
so that a run saves its state; if it has not ended a minute later, SIGKILL.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 60.0


def main(argv: list[str]) -> int:
    """The command's exit code; 128 and the signal's number where a signal ended it, as in a shell."""
    with open(argv[0], "ab") as log:
        child = subprocess.Popen(argv[1:], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _let_end(child))
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code


def _watch(child: subprocess.Popen[bytes]) -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    _let_end(child)


def _let_end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    killer = threading.Timer(GRACE_SECONDS, child.kill)
    killer.daemon = True
    killer.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
