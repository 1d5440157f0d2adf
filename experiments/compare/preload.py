"""Read by Dask when a worker starts: Ctrl-C on the terminal is for the command, which then stops the workers."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Worker


def dask_setup(_worker: Worker) -> None:
    """Called in the worker's main thread."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
