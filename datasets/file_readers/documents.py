"""A user's documents: the lines of a text file, the rows of a table, or the files of a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from datasets.assembly.documents import Document, Together, assemble
from datasets.assembly.parts import FilePart, Part
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers import classification
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import split_files, split_folders
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import TEXT_NAMES, find
from datasets.formats.lines import fingerprint, lines, whole_text
from datasets.formats.tables import Format, Table, is_table


@dataclass(frozen=True)
class Reading:
    """How documents are read.

    Attributes:
        format: of tables; its encoding is that of text files too.
        text_column: of tables, see `datasets.formats.columns.find`.
        is_text: whether a file's name is that of a text file.
    """

    format: Format
    text_column: str | None
    is_text: Callable[[Path], bool]


def load(
    path: Path,
    more: tuple[str, ...],
    held_out: tuple[str, ...],
    reading: Reading,
    fractions: tuple[float, float],
) -> Dataset:
    """The documents of a path, and of others that are for training alone.

    Args:
        path: see `_parts`.
        more: further paths; whatever splits they have, they are train.
        held_out: paths of labelled texts whose dev and test splits train must not have.
        reading: how documents are read.
        fractions: share of the documents for a dev and a test split without a file.

    Raises:
        UserError: no such path, or what holds no documents.
    """
    parts = _parts(path, reading)
    if more:
        further = [part for spec in more for part in _parts(existing(spec), reading).values()]
        parts = {**parts, "train": Together([parts["train"], *further])}
    names = (path.name, *(Path(spec).name for spec in more))
    info = Info(name=" + ".join(names), fields=("text",), source=str(path))
    texts = chain.from_iterable(_held_out(spec, reading) for spec in held_out)
    return assemble(info, parts, *fractions, texts)


def _held_out(spec: str, reading: Reading) -> Iterator[str]:
    """The texts of the dev and test splits that a classifier of these labelled texts has, with its usual shares."""
    form = reading.format
    options = classification.Options(
        encoding=form.encoding,
        text_column=reading.text_column,
        delimiter=form.delimiter or "auto",
        header="yes" if form.header else "no",
    )
    data = classification.load(spec, options)
    for split in (data.valid, data.test or ()):
        yield from (example["text"] for example in split)


def _parts(path: Path, reading: Reading) -> dict[str, Part[Document]]:
    """What a path holds, by split: a table's rows, a text file's lines, or the files below a folder.

    Files and sub-folders that are named after splits are these splits.
    """
    if not path.is_dir():
        return {"train": _file_part(path, reading)}
    files = split_files(path, lambda file: is_table(file) or reading.is_text(file))
    if files:
        return {split: _file_part(file, reading) for split, file in files.items()}
    by_split: Mapping[str, Path] = split_folders(path) or {"train": path}
    return {split: FilesBelow(folder, reading) for split, folder in by_split.items()}


def _file_part(path: Path, reading: Reading) -> Part[Document]:
    return Rows(path, reading) if is_table(path) and not reading.is_text(path) else Lines(path, reading)


class Lines(FilePart):
    """The lines of a text file; empty ones are no documents."""

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path)
        self._encoding = reading.format.encoding

    def rows(self) -> Iterator[Document]:
        """One pass over the file."""
        for number, line in enumerate(lines(self.path, self._encoding), 1):
            if "\x00" in line:
                raise UserError(f"{self.place(number)}: holds a NUL character; is this a text file?")
            if text := composed(line.strip()):
                yield number, text


class Rows(FilePart):
    """The column with the texts of a table."""

    def __init__(self, path: Path, reading: Reading) -> None:
        super().__init__(path)
        self._table = Table(path, reading.format)
        self._position = find(self._table, "text", reading.text_column, TEXT_NAMES)

    def rows(self) -> Iterator[Document]:
        """One pass over the table."""
        for line, (value,) in self._table.rows((self._position,)):
            if not isinstance(value, str):
                raise UserError(f"{self.place(line)}: the text is not a string")
            if text := composed(encodable(self.place(line), value).strip()):
                yield line, text


class FilesBelow:
    """The text files in a folder and in the folders below, such as the `unsup` of aclImdb."""

    def __init__(self, folder: Path, reading: Reading) -> None:
        self.name = str(folder)
        self._folder, self._reading = folder, reading

    def rows(self) -> Iterator[Document]:
        """One pass over the files, by path."""
        for path in self._files():
            if text := composed(whole_text(path, self._reading.format.encoding).strip()):
                yield path, text

    def place(self, where: object) -> str:
        """The words for a file: its path."""
        return str(where)

    def fingerprint(self) -> object:
        """Changes when files come or go."""
        return [fingerprint(folder) for folder in sorted({path.parent for path in self._files()})]

    def _files(self) -> list[Path]:
        found = sorted(path for path in self._folder.rglob("*") if self._reading.is_text(path))
        return [path for path in found if path.is_file() and not path.name.startswith(".")]
