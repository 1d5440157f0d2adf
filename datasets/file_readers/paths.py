"""A user's own files: which strings are paths, and where they lead. What they hold is for `file_views`."""

from __future__ import annotations

import os
from pathlib import Path

from datasets.errors import UserError, did_you_mean
from datasets.formats.tables import is_table

HELP = "your own files: a CSV, TSV or JSON Lines table, plain or .gz, or a folder of them or of text files"
VIEWS = "datasets.file_readers"
MOST_NEIGHBOURS = 10_000


def is_path(spec: str) -> bool:
    """Whether a data set's name means a path: it exists, its folder does, or it looks like one.

    `glue/sst2` is a tensorflow-datasets name unless there is a folder `glue`.
    """
    path = _path(spec)
    if not spec or os.path.exists(path):
        return bool(spec)
    looks_like_one = spec.startswith((".", "~", os.sep)) or is_table(path)
    return looks_like_one or (os.sep in spec and os.path.isdir(path.parent))


def existing(spec: str) -> Path:
    """The file or folder that a path names.

    Raises:
        UserError: there is none; names the most similar one beside it.
    """
    path = _path(spec)
    if not os.path.exists(path):
        close = did_you_mean(path.name, [os.path.basename(name) for name in neighbours(spec)])
        raise UserError(f"{spec}: no such file or folder{close}")
    return path


def neighbours(spec: str) -> list[str]:
    """Paths beside the one that a spec would name, spelt as the spec is."""
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
