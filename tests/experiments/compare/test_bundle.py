"""Folders travel as bytes: all of a run but what is half written, and nothing gets out of the folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from experiments.compare.bundle import pack, unpack


def contents(folder: Path) -> dict[str, bytes | None]:
    """The files by name, with their bytes, and the folders."""
    paths = sorted(folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths}


def test_a_folder_arrives_without_what_is_half_written(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "checkpoint").mkdir(parents=True)
    (run / "empty").mkdir()
    (run / "checkpoint" / "state").write_bytes(bytes(range(256)))
    (run / "config.json").write_text("{}", "utf-8")
    whole = contents(run)
    (run / ".lock").touch()
    (run / ".partial-1").mkdir()
    (run / ".partial-1" / "model.keras").touch()
    target = tmp_path / "elsewhere" / "run"
    target.mkdir(parents=True)
    (target / "older").touch()
    unpack(pack(run), target)
    assert contents(target) == whole


def test_nothing_gets_out_of_the_folder(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../outside", "x")
        archive.writestr("/rooted", "x")
    unpack(buffer.getvalue(), tmp_path / "folder" / "run")
    assert contents(tmp_path).keys() == {"folder", "folder/run", "folder/run/outside", "folder/run/rooted"}


def test_damaged_bytes_leave_the_older_folder(tmp_path: Path) -> None:
    target = tmp_path / "run"
    target.mkdir()
    (target / "older").touch()
    with pytest.raises(zipfile.BadZipFile):
        unpack(b"no archive", target)
    assert contents(tmp_path) == {"run": None, "run/older": b""}
