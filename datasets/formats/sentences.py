"""Sentences without tags, from a user's file: plain ones as strings, those in words as tuples of strings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from datasets.assembly.tagged_sentences import TOKEN_NAMES, token_list
from datasets.errors import UserError
from datasets.formats.columns import find
from datasets.formats.conll import Columns, conllu_words, parse_column
from datasets.formats.tables import Format, Table, suffix

COLUMN_FILES = (".conll", ".iob", ".iob2", ".bio", ".bioes")


def read_token_lists(path: Path, column: str | None, form: Format) -> Iterator[tuple[str, ...]] | None:
    """The sentences of a file that holds them in words; None where the file holds plain text.

    Args:
        path: a CoNLL-U or column file, or JSON Lines with a list of words in each object.
        column: position (column files) or name (JSON) of the words; None finds it.
        form: its encoding is used.

    Raises:
        UserError: whatever is wrong with the file.
    """
    kind = suffix(path)
    if kind == ".conllu":
        return conllu_words(path, form.encoding)
    if kind in COLUMN_FILES:
        return Columns(path, form.encoding, parse_column("token", column, 0)).tokens()
    if kind in (".jsonl", ".ndjson"):
        table = Table(path, replace(form, delimiter="json"))
        if column is None and not TOKEN_NAMES & {name.lower() for name in table.columns}:
            return None
        return _json_words(table, find(table, "token", column, TOKEN_NAMES))
    return None


def _json_words(table: Table, position: int) -> Iterator[tuple[str, ...]]:
    for line, (value,) in table.rows([position]):
        if isinstance(value, str):
            raise UserError(f"{table.path} line {line}: the words are one string and not a list of words")
        yield token_list(f"{table.path} line {line}", value)
