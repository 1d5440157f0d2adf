"""A user's text: one long text, in a file or a folder of files that are named after splits; or documents, see there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from datasets.assembly.long_text import assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.documents import Reading
from datasets.file_readers.documents import load as load_documents
from datasets.file_readers.options import TableOptions
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, split_files
from datasets.formats.text_files import TextFile
from datasets.options import flag, option

FIELDS = ("text",)
ENDINGS = (".txt", ".text", ".md", ".txt.gz", ".text.gz", ".md.gz")


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's text, and where to cut it."""

    documents: bool = option(
        False, "each line of a text file, row of a table, or file below a folder is a text of its own"
    )
    more_text: tuple[str, ...] = option(
        (), "further files or folders of documents, for training alone", metavar="PATH"
    )
    held_out: tuple[str, ...] = option(
        (), "labelled texts whose dev and test splits are left out of the training documents", metavar="PATH"
    )
    text_column: str | None = option(
        None, "column of a table with the documents: its name, or its position from 0"
    )
    valid_fraction: float = option(
        0.05, "share of the characters for a dev split without a file, after train; of the documents, by hash"
    )
    test_fraction: float = option(
        0.05, "share of the last characters, or of the documents, for a test split without a file; 0: none"
    )

    def __post_init__(self) -> None:
        """Refuse what says how to read documents where there are none."""
        super().__post_init__()
        for name in ("more_text", "held_out", "text_column"):
            if getattr(self, name) and not self.documents:
                raise UserError(f"{flag(name)} is for documents; add --documents")


def load(spec: str, options: Options) -> Dataset:
    """The text of a file, whatever it is called, or of a folder of text files; or the documents of a path.

    Raises:
        UserError: no such file, a folder without a known layout, or what is no text.
    """
    path = existing(spec)
    if options.documents:
        reading = Reading(options.format, options.text_column, _is_text)
        fractions = options.valid_fraction, options.test_fraction
        return load_documents(path, options.more_text, options.held_out, reading, fractions)
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
