"""One command at a time works on a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datasets.errors import UserError
from zoo.runtime.links import open_in_place


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold the folder's lock, so that no other command works on this comparison.

    Raises:
        UserError: if one does already.
    """
    try:
        lock = open_in_place(out / ".lock", os.O_RDWR | os.O_CREAT)
    except OSError as problem:
        raise UserError(f"--out {out}: cannot write into the folder: {problem.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise UserError(f"--out {out}: another command works on this comparison; wait for it", 1) from None
    finally:
        os.close(lock)
