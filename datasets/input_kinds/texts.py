"""Texts: one an argument, a line of a `.txt` file, or a row of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.characters import composed, encodable
from datasets.formats.columns import TEXT_NAMES, find
from datasets.formats.lines import lines
from datasets.formats.tables import Format, Table, suffix
from datasets.input_kinds.base import COLUMN, InputKind

#: Characters of an example; a language model's are long, and its prompts short.
MOST_CHARACTERS = 2000


def parse(arguments: Sequence[str]) -> list[str]:
    """Arguments of the command line as texts; bytes that are not UTF-8 become U+FFFD, as in training."""
    encoded = [argument.encode("utf-8", "surrogateescape") for argument in arguments]
    return [composed(text.decode("utf-8", "replace")) for text in encoded]


def read(path: Path, column: str | None, form: Format) -> Iterator[str]:
    """The texts of a table (CSV, TSV, JSON Lines), or of a `.txt` file with one text a line; each may be `.gz`.

    Args:
        path: the file.
        column: name or position of the text column; None finds it by its usual names, or takes the only one.
        form: how to read a table.

    Raises:
        UserError: no such file or column, bytes that are not in the encoding, a row that does not parse.
    """
    if is_plain(path, column, form):
        for line in lines(path, form.encoding):
            yield composed(line.removesuffix("\r"))
        return
    table = Table(path, form)
    for line_number, (text,) in table.rows([_position(table, column)]):
        place = f"{path} line {line_number}"
        if not isinstance(text, str):
            raise UserError(f"{place}: the text is {text!r}, not a string")
        yield composed(encodable(place, text))


def is_plain(path: Path, column: str | None, form: Format) -> bool:
    """Whether a file holds one input a line: a `.txt` file of which nothing says that it is a table."""
    return suffix(path) == ".txt" and column is None and form.delimiter is None


def _position(table: Table, column: str | None) -> int:
    """The column of the texts.

    The first row of a table with one column may be its name or the first text: the user is asked, it is not guessed.
    """
    if column is not None or len(table.columns) > 1:
        return find(table, "text", column, TEXT_NAMES, COLUMN)
    only = table.columns[0]
    if table.named and not table.is_json and only.strip().lower() not in TEXT_NAMES:
        raise UserError(
            f"{table.path}: is the first row, {only[:40]!r}, the name of its only column? "
            "give --column 0 if it is, --header no if it is a text"
        )
    return 0


def example(example: Example, _: Path) -> str:
    """The text of an example, or the sentence that is to be translated, as a prompt of some length."""
    text: str = example["text"] if "text" in example else example["source"]
    return text[:MOST_CHARACTERS]


def prefixes(text: str, tokens: Sequence[str], from_end: bool) -> list[str]:
    """The text up to each token's end; up to each word's where the tokens are not found in the text."""
    folded = text.casefold()
    ends = _ends_from_last(folded, tokens) if from_end else _ends(folded, tokens)
    if ends is None or len(folded) != len(text):
        words = text.split()
        return [" ".join(words[: n + 1]) for n in range(len(words))]
    return [text[:end] for end in ends]


def _ends(text: str, tokens: Sequence[str]) -> list[int] | None:
    """Where each token ends, the first one that fits after the other; None where one is not found."""
    ends = [0]
    for token in tokens:
        start = text.find(token.casefold(), ends[-1])
        if start < 0:
            return None
        ends.append(start + len(token))
    return ends[1:]


def _ends_from_last(text: str, tokens: Sequence[str]) -> list[int] | None:
    """The same, looked for from the end of the text."""
    ends: list[int] = []
    start = len(text)
    for token in reversed(tokens):
        start = text.rfind(token.casefold(), 0, start)
        if start < 0:
            return None
        ends.append(start + len(token))
    return ends[::-1]


KIND = InputKind("text", parse, read, example, prefixes)
