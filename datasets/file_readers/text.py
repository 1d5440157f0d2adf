"""A user's long text: a plain text file, or a folder of them that are named after splits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datasets.assembly.long_text import assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import FileOptions
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, split_files
from datasets.formats.text_files import TextFile
from datasets.options import option

FIELDS = ("text",)
ENDINGS = (".txt", ".text", ".md", ".txt.gz", ".text.gz", ".md.gz")


@dataclass(frozen=True)
class Options(FileOptions):
    """How to read a user's text, and where to cut it."""

    valid_fraction: float = option(
        0.05, "share of the characters for a dev split without a file, after train"
    )
    test_fraction: float = option(
        0.05, "share of the last characters for a test split without a file; 0: none"
    )


def load(spec: str, options: Options) -> Dataset:
    """The text of a file, whatever it is called, or of a folder of text files.

    Raises:
        UserError: no such file, a folder without a known layout, or what is no text.
    """
    path = existing(spec)
    files = _files_of(path) if path.is_dir() else {"train": path}
    parts = {name: TextFile(file, options.encoding) for name, file in files.items()}
    info = Info(name=path.name, fields=FIELDS, source=str(path))
    return assemble(info, parts, options.valid_fraction, options.test_fraction)


def _files_of(folder: Path) -> dict[str, Path]:
    """The files of a folder by split: those named after splits, or the only one as train."""
    by_split = split_files(folder, _is_text)
    if by_split:
        return by_split
    files = data_files(folder, _is_text)
    if len(files) != 1:
        what = "no text file" if not files else f"{len(files)} text files, none named after a split"
        raise UserError(f"{folder}: has {what}; name one file, or call them train.txt, valid.txt, test.txt")
    return {"train": files[0]}


def _is_text(path: Path) -> bool:
    return path.name.lower().endswith(ENDINGS)
