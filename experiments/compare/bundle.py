"""Folders as bytes, for workers that share no file system."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from zoo.runtime.rundir import write_atomically


def pack(folder: Path) -> bytes:
    """A folder as a zip archive; half-written files and locks stay behind."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(
        buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if not any(name == ".lock" or name.startswith(".partial-") for name in inside.parts):
                archive.write(path, inside)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """The folder again, whole or not at all; an older one is replaced. Nothing is written outside of it.

    Raises:
        zipfile.BadZipFile: if the bytes are no such archive.
    """

    def write(aside: Path) -> None:
        aside.mkdir()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            archive.extractall(aside)

    folder.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(folder, write)
