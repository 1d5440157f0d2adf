"""SIGTERM and Ctrl-C: in training after the batch, with a checkpoint; anywhere else at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

from datasets.errors import UserError
from zoo.runtime.progress import log

#: Gets the signal's number, and the frame that it came in.
Handler: TypeAlias = Callable[[int, FrameType | None], None]


class Stopped(UserError):
    """A signal asked the work to stop; the exit code is 128 plus the signal's number, as in a shell.

    Args:
        number: of the signal.
        where: how far the work had come, or an empty text.
    """

    def __init__(self, number: int, where: str = "") -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}{where and ' '}{where}", 128 + number)


@contextmanager
def stop_at_once() -> Iterator[None]:
    """For work that saves nothing: a signal ends it at once.

    Raises:
        Stopped: after SIGTERM or Ctrl-C.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt(number)  # no `except Exception` on the way can swallow it

    try:
        with _handled_by(interrupt):
            yield
    except KeyboardInterrupt as interrupted:
        raise Stopped(interrupted.args[0] if interrupted.args else signal.SIGINT) from None


@contextmanager
def stop_signals() -> Iterator[list[int]]:
    """A list in which signals are collected, for a loop to look at; a second signal ends the work at once."""
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if received:
            raise KeyboardInterrupt(number)
        received.append(number)
        log(f"{signal.Signals(number).name} received: saving after this batch; once more stops at once")

    with _handled_by(note):
        yield received


@contextmanager
def _handled_by(handler: Handler) -> Iterator[None]:
    former = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler_before in former.items():
            signal.signal(number, handler_before)
