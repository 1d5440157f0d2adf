"""Raw inputs without answers, from a user's file: what `zoo.predict --file` reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datasets.columns import TEXT_NAMES, find
from datasets.errors import UserError
from datasets.reading import lines
from datasets.tables import Format, Table, suffix


def read_inputs(path: Path, field: str, column: str | None = None, encoding: str = "utf-8") -> Iterator[Any]:
    """Raw inputs of a kind from a file.

    Args:
        path: the file.
        field: what they are: `text`.
        column: name of the column; None finds it.
        encoding: of the file.

    Raises:
        UserError: whatever is wrong with the file.
    """
    return READERS[field](path, column, encoding)


def read_texts(path: Path, column: str | None = None, encoding: str = "utf-8") -> Iterator[str]:
    """The texts of a table (CSV, TSV, JSON Lines), or of a `.txt` file with one text a line; each may be `.gz`.

    Args:
        path: the file.
        column: name of the text column; None finds it by its usual names, or takes the only column there is.
        encoding: of the file.

    Raises:
        UserError: no such file or column, bytes that are not in the encoding, a row that does not parse.
    """
    if suffix(path) == ".txt" and column is None:
        for line in lines(path, encoding):
            yield unicodedata.normalize("NFC", line)
        return
    table = Table(path, Format(encoding=encoding))
    only = table.columns[0] if column is None and len(table.columns) == 1 else column
    position = find(table, "text", only, TEXT_NAMES)
    for line_number, (text,) in table.rows([position]):
        if not isinstance(text, str):
            raise UserError(f"{path} line {line_number}: the text is {text!r}, not a string")
        yield unicodedata.normalize("NFC", text)


READERS: dict[str, Callable[[Path, str | None, str], Iterator[Any]]] = {"text": read_texts}
