"""Sentences: plain ones as strings, or in words, each a tuple of strings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.columns import TOKEN_NAMES, find
from datasets.formats.conll import Columns, conllu_words, parse_column
from datasets.formats.sentences import token_list
from datasets.formats.tables import Format, Table, suffix
from datasets.input_kinds import texts
from datasets.input_kinds.base import COLUMN, InputKind, up_to_each

Sentence = str | tuple[str, ...]
COLUMN_FILES = (".conll", ".iob", ".iob2", ".bio", ".bioes")


def parse(arguments: Sequence[str]) -> list[Sentence]:
    """Arguments of the command line as plain sentences."""
    return list(texts.parse(arguments))


def read(path: Path, column: str | None, form: Format) -> Iterator[Sentence]:
    """The sentences of a CoNLL-U or column file, or of JSON Lines with a list of words in each object; or plain texts.

    Args:
        path: the file.
        column: position (column files) or name (JSON, tables) of the words or texts; None finds it.
        form: how to read a table; files of words use its encoding.

    Raises:
        UserError: whatever is wrong with the file.
    """
    ending = suffix(path)
    if ending == ".conllu":
        return conllu_words(path, form.encoding)
    if ending in COLUMN_FILES:
        return Columns(path, form.encoding, parse_column("token", column, 0)).tokens()
    if ending in (".jsonl", ".ndjson"):
        table = Table(path, replace(form, delimiter="json"))
        if column is not None or TOKEN_NAMES & {name.lower() for name in table.columns}:
            return _json_words(table, find(table, "token", column, TOKEN_NAMES, COLUMN))
    return texts.read(path, column, form)


def _json_words(table: Table, position: int) -> Iterator[tuple[str, ...]]:
    for line, (value,) in table.rows([position]):
        if isinstance(value, str):
            raise UserError(f"{table.path} line {line}: the words are one string and not a list of words")
        yield token_list(f"{table.path} line {line}", value)


def example(example: Example, _: Path) -> Sentence:
    """The words of an example."""
    tokens: tuple[str, ...] = example["tokens"]
    return tokens


def prefixes(sentence: Sentence, tokens: Sequence[str], from_end: bool) -> list[Sentence]:
    """The sentence up to each of its words, or up to each token in a plain one."""
    if isinstance(sentence, str):
        return list(texts.prefixes(sentence, tokens, from_end))
    return list(up_to_each(sentence, len(tokens), from_end))


KIND: InputKind[Sentence] = InputKind("tokens", parse, read, example, prefixes)
