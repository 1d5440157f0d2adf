"""Raw inputs without answers, from a user's file: what `zoo.predict --file` reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from datasets.assembly.visual_questions import IMAGE_NAMES, QUESTION_NAMES
from datasets.errors import UserError
from datasets.formats.columns import TEXT_NAMES, find
from datasets.formats.lines import lines
from datasets.formats.sentences import read_token_lists
from datasets.formats.series_tables import SeriesFile
from datasets.formats.tables import Format, Table, suffix

PLAIN = Format()


def read_inputs(path: Path, field: str, column: str | None = None, form: Format = PLAIN) -> Iterator[Any]:
    """Raw inputs of a kind from a file.

    Args:
        path: the file.
        field: what they are: a key of `READERS`.
        column: name or position of the column; None finds it.
        form: how to read a table.

    Raises:
        UserError: whatever is wrong with the file.
    """
    return READERS[field](path, column, form)


def read_texts(path: Path, column: str | None = None, form: Format = PLAIN) -> Iterator[str]:
    """The texts of a table (CSV, TSV, JSON Lines), or of a `.txt` file with one text a line; each may be `.gz`.

    Args:
        path: the file.
        column: name or position of the text column; None finds it by its usual names, or takes the only one.
        form: how to read a table.

    Raises:
        UserError: no such file or column, bytes that are not in the encoding, a row that does not parse.
    """
    if suffix(path) == ".txt" and column is None and form.delimiter is None:
        for line in lines(path, form.encoding):
            yield composed(line.removesuffix("\r"))
        return
    table = Table(path, form)
    for line_number, (text,) in table.rows([_position(table, column)]):
        if not isinstance(text, str):
            raise UserError(f"{path} line {line_number}: the text is {text!r}, not a string")
        if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise UserError(f"{path} line {line_number}: holds half of a character (\\ud800 to \\udfff)")
        yield composed(text)


def _position(table: Table, column: str | None) -> int:
    """The column of the texts. The first row of a table may be its first text: that is asked, not guessed."""
    if column is not None or len(table.columns) > 1:
        return find(table, "text", column, TEXT_NAMES)
    only = table.columns[0]
    if table.named and not table.is_json and only.strip().lower() not in TEXT_NAMES:
        raise UserError(
            f"{table.path}: is the first row, {only[:40]!r}, the name of its only column? "
            "give --column 0 if it is, --header no if it is a text"
        )
    return 0


def typed(argument: str) -> str:
    """An argument of the command line as a text; bytes that are not UTF-8 become U+FFFD, as in training."""
    return composed(argument.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))


def composed(text: str) -> str:
    """The text as training sees it: composed (NFC), so that Hangul of any system is the same."""
    return unicodedata.normalize("NFC", text)


def read_sentences(path: Path, column: str | None = None, form: Format = PLAIN) -> Iterator[Any]:
    """Sentences in words (tuples of strings: CoNLL-U, column files, JSON Lines) or plain (strings: `read_texts`)."""
    return read_token_lists(path, column, form) or read_texts(path, column, form)


def read_series(path: Path, column: str | None = None, form: Format = PLAIN) -> Iterator[Any]:
    """A table of series, read when it is known what its columns are; `column` is the one with the time stamps."""
    yield SeriesFile(path, column, form)


def read_image_questions(path: Path, column: str | None = None, form: Format = PLAIN) -> Iterator[Any]:
    """The rows of a table as pairs of an image's path, relative to the table's folder, and a question.

    `column` is the one with the questions; None finds it by its usual names.
    """
    table = Table(path, form)
    positions = (
        find(table, "image", None, IMAGE_NAMES),
        find(table, "question", column, QUESTION_NAMES),
    )
    for line, (image, question) in table.rows(positions):
        if not (isinstance(image, str) and isinstance(question, str)):
            raise UserError(f"{path} line {line}: image and question are not both strings")
        yield str(path.parent / image.strip()), composed(question)


def read_image_names(path: Path, column: str | None = None, form: Format = PLAIN) -> Iterator[str]:
    """The images that a table names, or a `.txt` file a line each: paths relative to the file's folder."""
    if suffix(path) == ".txt" and column is None and form.delimiter is None:
        names: Iterator[Any] = (line.strip() for line in lines(path, form.encoding))
        yield from (str(path.parent / name) for name in names if name)
        return
    table = Table(path, form)
    for line, (name,) in table.rows([find(table, "image", column, IMAGE_NAMES)]):
        if not isinstance(name, str) or not name.strip():
            raise UserError(f"{path} line {line}: the image is not the name of a file")
        yield str(path.parent / name.strip())


READERS: dict[str, Callable[[Path, str | None, Format], Iterator[Any]]] = {
    "text": read_texts,
    "tokens": read_sentences,
    "series": read_series,
    "image": read_image_names,
    "image and question": read_image_questions,
}
