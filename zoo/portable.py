"""Graphs that leave this process: they are traced without compiled loops, so that they run where XLA is absent."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from zoo.keras_private import exporting

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
    """Whether what is traced now is to leave this process."""
    return _asked.get() or exporting()
