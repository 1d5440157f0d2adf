"""A process that has imported TensorFlow once, and forks a process for each kind of run.

    python -m experiments.compare.warm

Importing TensorFlow and Keras takes longer than many a small run. What a run is forked from has imported them and has
done nothing else: no device, no thread and no random number of TensorFlow's is there yet, so a run comes out bit for
bit like one in a process that was started for it. Compiling takes as long again. So runs that differ in nothing but
their seed follow one another in one fork, where the loops of the first serve the next ones; between them Keras forgets
all that it keeps of a session, and the numbers are again the same bits.

When all is imported the answer is `ready`. Then each line of the standard input is a run: the file of its log, a
module, the arguments of the module's `main`, and `alike`, a text that is equal for runs that may follow one another
(empty: the run has a process to itself). The answer is a line with its exit code. `stop` in between, or the end of the
input, lets the run save its state: it gets SIGTERM, and SIGKILL if it has not ended a minute later.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import random
import select
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from experiments.compare.supervisor import GRACE_SECONDS
from zoo.runtime.links import open_in_place
from zoo.runtime.platform import configure

#: The modules that are run like this, and what they import.
MODULES = ("zoo.run", "experiments.compare.measure")
IMPORTED = (*MODULES, "zoo.pipeline", "zoo.serving", "zoo.stored_run")
READY, STOP, DONE = "ready", "stop", "done"
POLL_SECONDS = 0.05


@dataclass
class Lines:
    """Lines of a file descriptor, of which some may be waited for only so long."""

    source: int
    rest: bytes = b""
    ended: bool = False

    def line(self, seconds: float | None) -> str | None:
        """The next line; None where none came in time, or at the end."""
        while b"\n" not in self.rest and not self.ended:
            if not select.select([self.source], [], [], seconds)[0]:
                return None
            read = os.read(self.source, 65536)
            self.rest, self.ended = self.rest + read, not read
        line, newline, self.rest = self.rest.partition(b"\n")
        return line.decode() if newline else None


@dataclass
class Fork:
    """A forked process, which is told its runs, and answers `done` to each or ends with the exit code of a failure.

    Attributes:
        process: its number.
        alike: what its runs have in common; empty: it has only one.
        requests: the descriptor that it is told of.
        answers: its lines.
        has_ended: whether it is no more.
    """

    process: int
    alike: str
    requests: int
    answers: Lines
    has_ended: bool = False

    def begin(self, request: str) -> None:
        """Tell it of a run; where it has died, its end will say so."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self.requests, f"{request}\n".encode())

    def wait(self, commands: Lines) -> int:
        """The exit code of its run; it gets SIGTERM at the command to stop, and SIGKILL when it takes too long then."""
        deadline = None
        while True:
            if self.answers.line(0.0) == DONE:
                return 0
            if self.answers.ended:
                return self.end()
            if commands.ended:
                time.sleep(POLL_SECONDS)
            stop = commands.line(POLL_SECONDS) == STOP or commands.ended
            if stop and deadline is None:
                os.kill(self.process, signal.SIGTERM)
                deadline = time.monotonic() + GRACE_SECONDS
            if deadline is not None and time.monotonic() > deadline:
                os.kill(self.process, signal.SIGKILL)

    def end(self) -> int:
        """Let it end; its exit code, or 128 and the signal's number where a signal ended it, as in a shell."""
        for descriptor in self.descriptors:
            os.close(descriptor)
        code = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self.has_ended = True
        return code if code >= 0 else 128 - code

    @property
    def descriptors(self) -> tuple[int, int]:
        """This process's ends of the pipes."""
        return self.requests, self.answers.source


def main() -> int:
    """Import, then answer each line until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what imports print is no answer
    configure("cpu")
    for module in IMPORTED:
        importlib.import_module(module)
    print(READY, file=answers, flush=True)
    commands, kept = Lines(0), None
    while (line := commands.line(None)) is not None:
        if line == STOP:
            continue  # its run has ended meanwhile
        alike = json.loads(line)["alike"]
        if kept and alike not in ("", kept.alike):
            kept.end()
            kept = None
        if kept and alike:
            fork, kept = kept, None
        else:
            fork = _fork(alike, [answers.fileno(), *(kept.descriptors if kept else ())])
        fork.begin(line)
        code = fork.wait(commands)
        if not fork.has_ended and alike:
            kept = fork
        elif not fork.has_ended:
            fork.end()
        print(code, file=answers, flush=True)
    if kept:
        kept.end()
    return 0


def _fork(alike: str, not_for_it: Sequence[int]) -> Fork:
    """A process for runs; it closes the descriptors of this one that are not for it."""
    (its_requests, requests), (answers, its_answers) = os.pipe(), os.pipe()
    process = os.fork()
    if process:
        os.close(its_requests)
        os.close(its_answers)
        return Fork(process, alike, requests, Lines(answers))
    for descriptor in (requests, answers, *not_for_it):
        os.close(descriptor)
    sys.exit(_do_runs(Lines(its_requests), its_answers))


def _do_runs(requests: Lines, answers: int) -> int:
    """Be run after run, until there is none left or one fails; the exit code of the last one."""
    code, is_first = 0, True
    while not code and (line := requests.line(None)) is not None:
        if not is_first:
            _begin_anew()
        run = json.loads(line)
        is_first, code = False, _become(run["log"], run["module"], run["arguments"])
        if not code:
            os.write(answers, f"{DONE}\n".encode())
    return code


def _begin_anew() -> None:
    """Let the next run find nothing of the last one but what was compiled; its peak of memory counts from here."""
    import keras

    keras.utils.clear_session()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


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
    sys.stdout.flush()
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
