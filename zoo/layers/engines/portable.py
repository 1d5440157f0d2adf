"""Graphs that leave this process: they are traced without compiled loops, so that they run where XLA is absent."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from types import FrameType

_asked: ContextVar[bool] = ContextVar("portable_graphs", default=False)


@contextlib.contextmanager
def portable_graphs() -> Iterator[None]:
    """Inside, layers trace graphs of TensorFlow's own operations alone (`model.export` does so by itself)."""
    token = _asked.set(True)
    try:
        yield
    finally:
        _asked.reset(token)


def wanted() -> bool:
    """Whether what is traced now is to leave this process.

    Keras gives no sign of it: its export traces the model like any other call. But it does so itself, so it stands
    among the callers.
    """
    if _asked.get():
        return True
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("keras.src.export"):
            return True
        frame = frame.f_back
    return False
