"""Sentences: plain ones as strings, or in words, each a tuple of strings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.columns import TEXT_NAMES, TOKEN_NAMES, find, find_usual
from datasets.formats.conll import CONLLU_COLUMNS, Columns, conllu_words, parse_column, split_columns
from datasets.formats.lines import lines
from datasets.formats.sentences import FORMATS, token_list
from datasets.formats.spans import from_brackets, recognise
from datasets.formats.tables import SUFFIXES, Format, Table, is_table, suffix
from datasets.input_kinds import texts
from datasets.input_kinds.base import COLUMN, InputKind, up_to_each

Sentence = str | tuple[str, ...]
#: Files of these names may hold a word a line, as training reads them, or sentences, as other tasks do.
EITHER = (".txt", ".tsv")
#: Lines that are looked at to tell which.
LOOKED_AT = 1000
#: Share of these lines that must look like words with tags.
MOSTLY = 0.8


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
    encoding = form.as_trained(path).encoding
    kind = _kind(path, column, form)
    if kind == "conllu":
        return conllu_words(path, encoding)
    if kind == "columns":
        return _columns(path, column, form).tokens()
    if kind == "json":
        table = Table(path, replace(form, delimiter="json", encoding=encoding))
        column = column or form.trained.get("token_column")
        if column is not None or TOKEN_NAMES & {name.lower() for name in table.columns}:
            return _json_words(table, find(table, "token", column, TOKEN_NAMES, COLUMN))
    return texts.read(path, column, replace(form, delimiter="json") if kind == "json" else form)


def _columns(path: Path, column: str | None, form: Format) -> Columns:
    """The column file, with the columns of the training data where these were positions."""
    trained = {
        name: text
        for name in ("token_column", "tag_column")
        if _is_position(text := str(form.trained.get(name)))
    }
    token = parse_column("token", column, int(trained.get("token_column", 0)), COLUMN)
    return Columns(path, form.as_trained(path).encoding, token, int(trained.get("tag_column", -1)))


def _is_position(text: str) -> bool:
    return text.removeprefix("-").isdecimal()


def _kind(path: Path, column: str | None, form: Format) -> str:
    """What a file is: as the user says, as the training data were, or as its name and its lines tell."""
    if form.kind is not None:
        return form.kind
    ending, trained = suffix(path), form.trained.get("format", "auto")
    by_name = FORMATS.get(ending)
    is_of_training = ending == suffix(Path(form.trained.get("dataset", "")))
    if trained != "auto" and (by_name is None or is_of_training):
        return str(trained)
    if by_name is None and form.delimiter is None and not is_table(path):
        known = ", ".join(dict.fromkeys([*FORMATS, *SUFFIXES]))
        raise UserError(
            f"{path}: unknown format '{ending}'; known are {known}, each also .gz; or say it with --format"
        )
    if ending not in EITHER or form.delimiter is not None:
        return by_name if by_name is not None and form.delimiter is None else "table"
    return _either(path, column, form)


def _either(path: Path, column: str | None, form: Format) -> str:
    """Whether a `.txt` or `.tsv` file holds words or sentences.

    Raises:
        UserError: it may hold either; the user is asked, it is not guessed.
    """
    rows, blocks = _first_rows(path, form.as_trained(path).encoding)
    numbered = sum(len(row) == len(CONLLU_COLUMNS) and row[0][:1].isdigit() for row in rows)
    if rows and numbered >= MOSTLY * len(rows):
        form.remarks.append(f"{path} is read as CoNLL-U; give --format text if it has a sentence a line")
        return "conllu"
    if _look_tagged(rows, _columns(path, None, form).tag_column, form.trained):
        form.remarks.append(f"{path} has a word a line; give --format text if it has a sentence a line")
        return "columns"
    if suffix(path) == ".tsv":
        table = Table(path, form.as_trained(path))
        of_texts = column is not None or find_usual(table, TEXT_NAMES) is not None
        return "table" if of_texts else "columns"
    words_alone = bool(rows) and all(len(row) == 1 for row in rows) and len(rows) > blocks > 1
    if words_alone and form.trained.get("labels"):
        raise UserError(
            f"{path}: are these words, one a line, or sentences? give --format columns or --format text"
        )
    return "text"


def _first_rows(path: Path, encoding: str) -> tuple[list[list[str]], int]:
    """The columns of the first lines of a file without empty ones, and how many groups empty lines make of them."""
    rows: list[list[str]] = []
    blocks, before = 0, False
    for text in islice(lines(path, encoding), LOOKED_AT):
        row = split_columns(text.removesuffix("\r"))
        blocks += bool(row) and not before
        before = bool(row)
        if row and not text.startswith("#"):
            rows.append(row)
    return rows, blocks


def _look_tagged(rows: list[list[str]], tag_column: int, trained: Mapping[str, object]) -> bool:
    """Whether lines look like a word with its tag: most have a tag of the model's, or tags that write spans."""
    tags = [row[tag_column] for row in rows if len(row) > 1 and -len(row) <= tag_column < len(row)]
    if not tags or len(tags) < MOSTLY * len(rows):
        return False
    labels = trained.get("labels")
    known = set(labels) if isinstance(labels, list) else set()
    if sum(tag in known for tag in tags) >= MOSTLY * len(tags):
        return True
    scheme = recognise(Counter(tags))
    return (scheme is not None and scheme.style != "PER") or (
        "(" in "".join(tags) and bool(from_brackets(tags))
    )


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


KIND: InputKind[Sentence] = InputKind(
    "tokens", parse, read, example, prefixes, ("text", "columns", "conllu", "json")
)
