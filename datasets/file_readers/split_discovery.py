"""What a file or a folder of files holds: which file or sub-folder is which split."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from datasets.assembly.splitting import SPLIT_NAMES
from datasets.errors import UserError

IGNORED_FOLDERS = {"unsup"}  # texts without labels in aclImdb


def split_files(folder: Path, is_data: Callable[[Path], bool]) -> dict[str, Path]:
    """The data files of a folder whose names say their split: `ratings_train.txt` is train.

    Of several for one split that is taken whose name has the folder's beside the split's: in `Wafer/` it is
    `Wafer_TRAIN.ts` where there is a `Wafer_eq_TRAIN.ts` as well.

    Args:
        folder: where to look; not below it.
        is_data: whether a file's name is that of a data file.

    Raises:
        UserError: two files for one split, or other splits without train.
    """
    candidates: dict[str, list[Path]] = {}
    for path in data_files(folder, is_data):
        words = re.split(r"[^a-z]+", path.name.lower())
        splits = {SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES}
        for split in splits if len(splits) == 1 else ():
            candidates.setdefault(split, []).append(path)
    by_split = {split: _one_of(folder, split, paths) for split, paths in candidates.items()}
    _needs_train(folder, by_split)
    return by_split


def _one_of(folder: Path, split: str, paths: list[Path]) -> Path:
    """The only file of a split, or the only one that is named after the folder."""
    if len(paths) == 1:
        return paths[0]
    called = _words(folder.absolute().name)
    named = [path for path in paths if _words(path.name.removesuffix("".join(path.suffixes))) == called]
    if len(named) != 1:
        raise UserError(_both(folder, split, *(named or paths)[:2]))
    return named[0]


def _words(name: str) -> list[str]:
    """The parts of a name, in lower case, without those that say a split."""
    return [word for word in re.split(r"[_.\- ]", name.lower()) if word not in SPLIT_NAMES]


def split_folders(folder: Path) -> dict[str, Path]:
    """The sub-folders of a folder that are named after splits.

    Raises:
        UserError: two sub-folders for one split, or other splits without train.
    """
    by_split: dict[str, Path] = {}
    for path in folders(folder):
        split = SPLIT_NAMES.get(path.name.lower())
        if split in by_split:
            raise UserError(_both(folder, split, by_split[split], path))
        if split:
            by_split[split] = path
    _needs_train(folder, by_split)
    return by_split


def data_files(folder: Path, is_data: Callable[[Path], bool]) -> list[Path]:
    """The data files directly in a folder, by name."""
    return [path for path in _entries(folder) if path.is_file() and is_data(path)]


def folders(folder: Path) -> list[Path]:
    """The folders directly in a folder, by name, without hidden ones and those known to have no labels."""
    return [path for path in _entries(folder) if path.is_dir() and path.name not in IGNORED_FOLDERS]


def _entries(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror or error})") from None
    for path in paths:
        if not path.name.startswith((".", "__")):
            yield path


def _both(folder: Path, split: str, first: Path, second: Path) -> str:
    return f"{folder}: both {first.name} and {second.name} may be the {split} split; name one file"


def _needs_train(folder: Path, by_split: dict[str, Path]) -> None:
    if by_split and "train" not in by_split:
        names = ", ".join(path.name for path in by_split.values())
        raise UserError(f"{folder}: has {names} and no train split beside; name one file, or add train")
