"""A process that has imported TensorFlow once, and becomes run after run by forking.

    python -m experiments.compare.warm

Importing TensorFlow and Keras takes longer than many a small run. What a run is forked from has imported them and has
done nothing else: no device, no thread and no random number of TensorFlow's is there yet, so a run comes out bit for
bit like one in a process that was started for it.

When all is imported the answer is `ready`. Then each line of the standard input is a run: the file of its log, a
module, and the arguments of the module's `main`. The answer is a line with its exit code. `stop` in between, or the
end of the input, lets the run save its state: it gets SIGTERM, and SIGKILL if it has not ended a minute later.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import select
import signal
import sys
import time
from dataclasses import dataclass

from experiments.compare.supervisor import GRACE_SECONDS
from zoo.runtime.links import open_in_place
from zoo.runtime.platform import configure

#: The modules that are run like this, and what they import.
MODULES = ("zoo.run", "experiments.compare.measure")
IMPORTED = (*MODULES, "zoo.pipeline", "zoo.serving", "zoo.stored_run")
READY, STOP = "ready", "stop"
POLL_SECONDS = 0.05


@dataclass
class Input:
    """Lines of the standard input, of which some may be waited for only so long."""

    rest: bytes = b""
    ended: bool = False

    def line(self, seconds: float | None) -> str | None:
        """The next line; None where none came in time, or at the end."""
        while b"\n" not in self.rest and not self.ended:
            if not select.select([0], [], [], seconds)[0]:
                return None
            read = os.read(0, 65536)
            self.rest, self.ended = self.rest + read, not read
        line, newline, self.rest = self.rest.partition(b"\n")
        return line.decode() if newline else None


def main() -> int:
    """Import, then answer each line until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what imports print is no answer
    configure("cpu")
    for module in IMPORTED:
        importlib.import_module(module)
    print(READY, file=answers, flush=True)
    lines = Input()
    while (line := lines.line(None)) is not None:
        if line == STOP:
            continue  # its run has ended meanwhile
        child = os.fork()
        if not child:
            answers.close()
            return _become(**json.loads(line))
        print(_waited_for(child, lines), file=answers, flush=True)
    return 0


def _become(log: str, module: str, arguments: list[str]) -> int:
    """Be the run, and give its exit code."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    with open(os.devnull, "rb") as nothing, open(log, "ab", opener=open_in_place) as written:
        os.dup2(nothing.fileno(), 0)
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    import numpy as np

    # What has no seed differs from run to run, as it does from process to process.
    random.seed()
    np.random.seed()
    sys.argv = [module, *arguments]
    code: int = importlib.import_module(module).main(arguments)
    return code


def _waited_for(child: int, lines: Input) -> int:
    """The exit code of a run; 128 and the signal's number where a signal ended it, as in a shell."""
    deadline = None
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if lines.ended:
            time.sleep(POLL_SECONDS)
        stop = lines.line(POLL_SECONDS) == STOP or lines.ended
        if stop and deadline is None:
            os.kill(child, signal.SIGTERM)
            deadline = time.monotonic() + GRACE_SECONDS
        if deadline is not None and time.monotonic() > deadline:
            os.kill(child, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
