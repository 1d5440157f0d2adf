"""Files that are written in place, such as locks and logs: never through a link.

A folder may come from somebody else, as an archive or on a shared disk. A link in it must not make a command write into
a file elsewhere. Files that are written whole need no such care: they replace the link (see `zoo.runtime.rundir`).
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from datasets.errors import UserError

_NO_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)


def open_in_place(path: str | os.PathLike[str], flags: int) -> int:
    """A descriptor of a file that has this one name, made where there is none and `flags` has `os.O_CREAT`.

    It can be given to `open` as the opener.

    Raises:
        UserError: the path is a link (a further name of a file included), a folder or a device.
        OSError: as `os.open`.
    """
    try:
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as problem:
        if problem.errno in _NO_FILE:
            raise _refused(path) from None
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(descriptor)
        raise _refused(path)
    return descriptor


def refuse_link(folder: Path) -> None:
    """Raises UserError where a folder that files are written into is a link to another place, or no folder."""
    if folder.is_symlink():
        raise UserError(f"{folder} is a link; nothing is written through links: remove it")
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file where a folder should be; remove it")


def _refused(path: str | os.PathLike[str]) -> UserError:
    return UserError(f"{os.fspath(path)} is a link, a folder or a device and no file of its own; remove it")
