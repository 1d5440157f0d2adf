"""A user's labelled texts: a table or lines that begin with labels, a file a split, or a folder a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from datasets.assembly.labelled_texts import LabelledText, TextPart, assemble
from datasets.assembly.parts import FilePart
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.file_readers.options import TableOptions, share_for_dev, share_for_test
from datasets.file_readers.paths import existing
from datasets.file_readers.split_discovery import data_files, folders, split_files, split_folders
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import LABEL_NAMES, TEXT_NAMES, find
from datasets.formats.label_lines import has_labels, labelled_lines, may_have_labels
from datasets.formats.lines import fingerprint, whole_text
from datasets.formats.tables import Table, is_table
from datasets.options import option

FIELDS = ("text", "label")


@dataclass(frozen=True)
class Options(TableOptions):
    """How to read a user's labelled texts."""

    text_column: str | None = option(None, "column with the text: its name, or its position from 0")
    label_column: str | None = option(None, "column with the label: its name, or its position from 0")
    valid_fraction: float = share_for_dev("texts")
    test_fraction: float = share_for_test("texts")


def load(spec: str, options: Options) -> Dataset:
    """Labelled texts from a path.

    Raises:
        UserError: no such file, no known layout, or data that cannot be labelled texts.
    """
    path = existing(spec)
    parts = _parts(path, options)
    info = Info(name=path.name, fields=FIELDS, source=str(path))
    return assemble(info, parts, options.valid_fraction, options.test_fraction)


def _parts(path: Path, options: Options) -> dict[str, TextPart]:
    if not path.is_dir():
        return {"train": _file_part(path, options)}
    if files := split_files(path, _is_data):
        return {split: _file_part(file, options) for split, file in files.items()}
    if by_split := split_folders(path):
        return {split: ClassFolders(folder, options.encoding) for split, folder in by_split.items()}
    if any(_texts(folder) for folder in folders(path)):
        return {"train": ClassFolders(path, options.encoding)}
    return {"train": _file_part(_only_table(path), options)}


def _is_data(path: Path) -> bool:
    return is_table(path) or may_have_labels(path)


def _file_part(path: Path, options: Options) -> TextPart:
    """A file of lines that begin with labels where nothing is said of columns, else a table."""
    asked = options.text_column, options.label_column, options.delimiter, options.header
    if asked == (None, None, "auto", "yes") and has_labels(path, options.encoding):
        return LabelledLines(path, options.encoding)
    return TablePart(path, options)


def _only_table(folder: Path) -> Path:
    tables = data_files(folder, _is_data)
    if len(tables) == 1:
        return tables[0]
    problem = f"holds {len(tables)} tables; name one of them" if tables else "holds no data in a known layout"
    raise UserError(
        f"{folder}: {problem}: a table (.csv, .tsv, .jsonl, each also .gz), train, valid and test tables, "
        "or a folder of .txt files a class (train/pos/1.txt)"
    )


class TablePart(FilePart):
    """The rows of a table as labelled texts."""

    fix = "is --label-column right?"

    def __init__(self, path: Path, options: Options):
        super().__init__(path)
        self._table = Table(path, options.format)
        text = find(self._table, "text", options.text_column, TEXT_NAMES)
        label = find(self._table, "label", options.label_column, LABEL_NAMES)
        if text == label:
            raise UserError(f"{path}: --text-column and --label-column are the same column")
        self._positions = (text, label)
        self.label_name = f"column '{self._table.columns[label]}'"

    def rows(self) -> Iterator[LabelledText]:
        """One pass over the table."""
        for line, (text, label) in self._table.rows(self._positions):
            if self._table.is_json:
                text, label = self._json_text(line, text), self._json_label(line, label)
            label = composed(label.strip())
            if not label:
                raise UserError(f"{self.place(line)}: the label is missing")
            yield line, composed(text), label

    def _json_text(self, line: int, value: object) -> str:
        if not isinstance(value, str):
            raise UserError(f"{self.place(line)}: the text is not a string")
        return encodable(self.place(line), value)

    def _json_label(self, line: int, value: object) -> str:
        if value is None or value != value:
            raise UserError(f"{self.place(line)}: the label is missing")
        if isinstance(value, bool):
            return str(value).lower()
        if not isinstance(value, str | int | float):
            raise UserError(f"{self.place(line)}: the label is neither a string nor a number")
        return encodable(self.place(line), str(value))


class LabelledLines(FilePart):
    """Lines that begin with a label, see `datasets.formats.label_lines`."""

    label_name = "first word of a line"
    fix = "put each text's label before it"

    def __init__(self, path: Path, encoding: str):
        super().__init__(path)
        self._encoding = encoding

    def rows(self) -> Iterator[LabelledText]:
        """One pass over the lines."""
        for line, label, text in labelled_lines(self.path, self._encoding):
            yield line, composed(text), composed(label)


class ClassFolders:
    """A folder a class, each text a file in it, as in aclImdb."""

    label_name = "folder name"
    fix = "put each class's .txt files in a folder of its own"

    def __init__(self, folder: Path, encoding: str):
        self.name = str(folder)
        self._folder = folder
        self._encoding = encoding

    def rows(self) -> Iterator[LabelledText]:
        """One pass over the files, class by class, by name."""
        for folder in folders(self._folder):
            label = encodable(str(folder), composed(folder.name.strip()))
            for path in _texts(folder):
                yield path, composed(whole_text(path, self._encoding)), label

    def place(self, where: object) -> str:
        """The words for a file: its path."""
        return str(where)

    def fingerprint(self) -> object:
        """Changes when files come or go."""
        return [fingerprint(folder) for folder in folders(self._folder)]


def _texts(folder: Path) -> list[Path]:
    return data_files(folder, lambda path: path.suffix.lower() == ".txt")
