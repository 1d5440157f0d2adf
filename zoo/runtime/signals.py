"""SIGTERM and Ctrl-C: in training after the batch, with a checkpoint; anywhere else at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from datasets.errors import UserError
from zoo.runtime.progress import log


class Stopped(UserError):
    """The work was asked to stop by a signal; the exit code is 128 and the signal's number, as in a shell.

    Args:
        number: of the signal.
        where: how far the work had come, or an empty text.
    """

    def __init__(self, number: int, where: str = ""):
        super().__init__(f"stopped by {signal.Signals(number).name}{where and ' '}{where}", 128 + number)


@contextmanager
def stop_at_once() -> Iterator[None]:
    """Where nothing is to be saved, a signal ends the work where it stands.

    Raises:
        Stopped: after SIGTERM or Ctrl-C.
    """

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt(number)  # no `except Exception` on the way can swallow it

    try:
        with _handled_by(interrupt):
            yield
    except KeyboardInterrupt as interrupted:
        raise Stopped(interrupted.args[0] if interrupted.args else signal.SIGINT) from None


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """Collect signals in the list that is given, for a loop to look at; a second one does not wait for it."""
    received: list[int] = []

    def note(number: int, frame: Any) -> None:
        if received:
            raise KeyboardInterrupt(number)
        received.append(number)
        log(f"{signal.Signals(number).name} received: saving after this batch; once more stops at once")

    with _handled_by(note):
        yield received


@contextmanager
def _handled_by(handler: Callable[[int, Any], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
