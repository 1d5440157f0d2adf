"""Folders as bytes, for workers that share no file system."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from zoo.runtime.rundir import write_atomically


def pack(folder: Path) -> bytes:
    """A folder as a gzipped tar; half-written files and locks stay behind."""

    def complete(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        name = Path(member.name).name
        return None if name == ".lock" or name.startswith(".partial-") else member

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as archive:
        archive.add(folder, ".", filter=complete)
    return buffer.getvalue()


def unpack(data: bytes, folder: Path) -> None:
    """The folder again, whole or not at all; an older one is replaced.

    Raises:
        tarfile.TarError: if the bytes are no such archive, or would write outside of the folder.
    """

    def write(aside: Path) -> None:
        aside.mkdir()
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            archive.extractall(aside, filter="data")

    folder.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(folder, write)
