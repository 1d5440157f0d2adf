"""A user's own files: which strings are paths, and where they lead. The modules beside this one read what they hold."""

from __future__ import annotations

import os
from pathlib import Path

from datasets.errors import UserError, did_you_mean
from datasets.formats.tables import is_table
from datasets.series.reading import is_series_file

HELP = "your own files: a CSV, TSV or JSON Lines table, plain or .gz, or a folder of them or of text files"
VIEWS = "datasets.file_readers"
MOST_NEIGHBOURS = 10_000


def is_path(spec: str) -> bool:
    """Whether a data set's name means a path: it exists, its folder does, or it looks like one.

    `glue/sst2` is a tensorflow-datasets name unless there is a folder `glue`.
    """
    if not spec or exists(spec):
        return bool(spec)
    path = _path(spec)
    looks_like_one = spec.startswith((".", "~", os.sep)) or is_table(path) or is_series_file(path)
    return looks_like_one or (os.sep in spec and os.path.isdir(path.parent))


def exists(spec: str) -> bool:
    """Whether there is a file or folder of this name."""
    return bool(spec) and os.path.exists(_path(spec))


def existing(spec: str) -> Path:
    """The file or folder that a path names.

    Raises:
        UserError: there is none; names the most similar one beside it.
    """
    path = _path(spec)
    if not exists(spec):
        close = did_you_mean(path.name, [os.path.basename(name) for name in neighbours(spec)])
        raise UserError(f"{spec}: no such file or folder{close}")
    return path


def image_folder(images: str | None) -> Path | None:
    """The folder that `--images` names; None where it names none.

    Raises:
        UserError: there is no such folder.
    """
    if images is None:
        return None
    folder = _path(images)
    if not folder.is_dir():
        raise UserError(f"--images {images}: there is no such folder")
    return folder


def neighbours(spec: str) -> list[str]:
    """The paths in the folder of a path that may not exist, in the same spelling (`./a.csv` for `./b.csv`)."""
    try:
        names = sorted(os.listdir(_path(spec).parent))[:MOST_NEIGHBOURS]
    except (OSError, ValueError):
        return []
    folder = os.path.dirname(spec)
    return [os.path.join(folder, name) for name in names if not name.startswith(".")]


def _path(spec: str) -> Path:
    try:
        return Path(spec).expanduser()
    except RuntimeError:  # `~someone` of whom there is no home
        return Path(spec)
