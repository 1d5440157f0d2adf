"""Files with a word a line: CoNLL-U, and the column files of the CoNLL shared tasks. A sentence at a time.

Read by hand: the conllu package does not say which line is broken, and takes rows that lack columns.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from datasets.errors import UserError, did_you_mean
from datasets.formats.characters import composed
from datasets.formats.columns import TAG_NAMES, TOKEN_NAMES, usual_name
from datasets.formats.lines import lines
from datasets.formats.sentences import TaggedSentence, check_tags

CONLLU_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
NOT_A_WORD = re.compile(r"[0-9]+-[0-9]+|[0-9]+\.[0-9]+")  # the row of a multiword token, an empty node
LONGEST_SENTENCE = 10_000  # words; more is a file without empty lines
LONGEST_ONLY_SENTENCE = 100  # words; where a file has one sentence alone, more is a file without empty lines
NEW_DOCUMENT = "-DOCSTART-"
BLANKS = re.compile(r"[ \t]+")

Row = tuple[int, list[str]]  # the line, counted from 1, and its columns


def conllu_sentences(path: Path, encoding: str, tag_column: str = "upos") -> Iterator[TaggedSentence]:
    """The words of a CoNLL-U file (https://universaldependencies.org/format.html) with one of their annotations.

    Rows of multiword tokens (`3-4`) and empty nodes (`3.1`) are no words.

    Args:
        path: the file, plain or gzipped.
        encoding: of the file.
        tag_column: a name in `CONLLU_COLUMNS`.

    Raises:
        UserError: a row that is not of this format, or without a part of speech; names its line.
    """
    column = CONLLU_COLUMNS.index(tag_column)
    for block in _blocks(path, encoding):
        words = list(_conllu_words(path, block))
        tokens, tags = (tuple(composed(row[n]) for _, row in words) for n in (1, column))
        for line, row in words:
            if tag_column == "upos" and row[column] == "_":
                raise UserError(
                    f"{path} line {line}: the word '{row[1]}' has no tag in the column upos; "
                    "choose another with --tag-column"
                )
        if words:
            place = f"{path} line {words[0][0]}"
            check_tags(place, tokens, tags)
            yield words[0][0], tokens, tags


def conllu_words(path: Path, encoding: str) -> Iterator[tuple[str, ...]]:
    """The words of each sentence of a CoNLL-U file, which may have no tags."""
    for block in _blocks(path, encoding):
        if words := tuple(composed(row[1]) for _, row in _conllu_words(path, block)):
            yield words


def _conllu_words(path: Path, block: list[tuple[int, str]]) -> Iterator[Row]:
    """The rows that are words, their numbers checked."""
    expected = 1
    for line, text in block:
        if text.startswith("#"):
            continue
        row = text.split("\t")
        if len(row) != len(CONLLU_COLUMNS):
            raise UserError(
                f"{path} line {line}: {len(row)} columns where CoNLL-U has {len(CONLLU_COLUMNS)}, separated by tabs"
            )
        if NOT_A_WORD.fullmatch(row[0]):
            continue
        if row[0] != str(expected):
            raise UserError(
                f"{path} line {line}: the word is numbered '{row[0]}' and not {expected}; "
                "an empty line ends each sentence"
            )
        yield line, row
        expected += 1


@dataclass(frozen=True)
class Columns:
    """A column file: a word and its annotations a line, separated by tabs or blanks, an empty line after each sentence.

    Attributes:
        path: the file, plain or gzipped.
        encoding: of the file.
        token_column, tag_column: position from 0, or from the end as -1.
    """

    path: Path
    encoding: str
    token_column: int = 0
    tag_column: int = -1

    def sentences(self) -> Iterator[TaggedSentence]:
        """The words of each sentence with a tag each.

        Lines that begin a document (`-DOCSTART-`) are no words, nor are comments, see `_is_comment`.

        Raises:
            UserError: a row with more or fewer columns than the first, or that is the header row again: names its line;
                all words are one sentence of more than `LONGEST_ONLY_SENTENCE`.
        """
        count = words = 0
        for rows in self._rows():
            count, words = count + 1, len(rows)
            yield self._sentence(rows)
        if count == 1 and words > LONGEST_ONLY_SENTENCE:
            raise UserError(
                f"{self.path}: is one sentence of {words:,} words; an empty line ends each sentence"
            )

    def tokens(self) -> Iterator[tuple[str, ...]]:
        """The words of each sentence; the file may have no tags, and is a word a line where it has one column."""
        width = self._width()
        column = 0 if width == 1 else self.token_column
        if not -width <= column < width:
            raise UserError(f"--column {column}: {self.path} has the columns 0 to {width - 1}")
        for rows in self._rows():
            yield tuple(composed(row[column]) for _, row in rows)

    def _sentence(self, rows: list[Row]) -> TaggedSentence:
        tokens = tuple(composed(row[self.token_column]) for _, row in rows)
        tags = tuple(composed(row[self.tag_column].strip(" ")) for _, row in rows)
        check_tags(f"{self.path} line {rows[0][0]}", tokens, tags)
        return rows[0][0], tokens, tags

    def check(self) -> int:
        """How many columns the file has.

        Raises:
            UserError: the file is empty, or has not the columns that are asked for.
        """
        width = self._width()
        for name, column in (("token", self.token_column), ("tag", self.tag_column)):
            if not -width <= column < width:
                self._refuse(name, column, width)
        if self.token_column % width == self.tag_column % width:
            raise UserError(f"{self.path}: has {width} columns, and words and tags would be the same one")
        return width

    def numbers_words(self) -> bool:
        """Whether the column of the words numbers the words of the first sentence instead."""
        first = next(self.tokens(), ())
        return len(first) > 1 and any(first == tuple(map(str, range(n, n + len(first)))) for n in (0, 1))

    def _refuse(self, name: str, column: int, width: int) -> NoReturn:
        raise UserError(f"--{name}-column {column}: {self.path} has the columns 0 to {width - 1}")

    def first_names_columns(self) -> bool:
        """Whether the first row that is no comment names the columns."""
        width = self._width()
        rows = (split_columns(text.removesuffix("\r"), width) for text in lines(self.path, self.encoding))
        first = next(
            (row for row in rows if row and not row[0].startswith("#") and row[0] != NEW_DOCUMENT), []
        )
        return self._is_header(first, width)

    def _width(self) -> int:
        for text in lines(self.path, self.encoding):
            row = split_columns(text.removesuffix("\r"))
            if row and not text.startswith("#") and row[0] != NEW_DOCUMENT:
                return len(row)
        raise UserError(f"{self.path}: is empty")

    def _rows(self) -> Iterator[list[Row]]:
        """The rows of each sentence, without comments and without a first row that names the columns."""
        width = self._width()
        header: list[str] | None = None  # the first row, empty where it is no header
        for block in _blocks(self.path, self.encoding):
            rows: list[Row] = []
            for line, text in block:
                row = split_columns(text, width)
                if row[0] == NEW_DOCUMENT or (not rows and self._is_comment(text, row, width)):
                    continue
                if header is None:
                    header = row if self._is_header(row, width) else []
                    if header:
                        continue
                elif header and [row[0].removeprefix("\ufeff"), *row[1:]] == header:
                    raise UserError(
                        f"{self.path} line {line}: is the header row again, as where files were joined; "
                        "remove this line"
                    )
                if len(row) != width:
                    raise UserError(
                        f"{self.path} line {line}: {len(row)} columns where the first row has {width}"
                    )
                rows.append((line, row))
            if rows:
                yield rows

    def _is_comment(self, text: str, row: list[str], width: int) -> bool:
        """Whether a line before a sentence that begins with `#` is a comment: where it has other columns than words do,
        where its first column has blanks (`## id-1`), and where no word has what then would be its tag."""
        if not text.startswith("#"):
            return False
        if len(row) != width or " " in row[0]:
            return True
        return width > 1 and row[self.tag_column] not in self._tags_of_words

    def _is_header(self, row: list[str], width: int) -> bool:
        """Whether the first row names the columns: those of words and tags have usual names."""
        columns = (self.token_column, self.tag_column)
        if width < 2 or len(row) != width or not all(-width <= column < width for column in columns):
            return False
        token, tag = (usual_name(row[column]) for column in columns)
        return token in TOKEN_NAMES and tag in TAG_NAMES

    @cached_property
    def _tags_of_words(self) -> Counter[str]:
        """How often each tag is there in lines that are no comments for sure."""
        rows = (split_columns(text.removesuffix("\r")) for text in lines(self.path, self.encoding))
        certain = (row for row in rows if row and not row[0].startswith("#"))
        return Counter(row[self.tag_column] for row in certain if -len(row) <= self.tag_column < len(row))


def parse_column(name: str, text: str | None, default: int, flag: str | None = None) -> int:
    """The position that `--token-column` or `--tag-column`, or another option `flag`, gives for a column file.

    Raises:
        UserError: it is no whole number.
    """
    if text is None:
        return default
    try:
        return int(text)
    except ValueError:
        raise UserError(
            f"{flag or f'--{name}-column'} {text}: columns of this file have no names; "
            "give a position from 0, or -1"
        ) from None


def conllu_column(text: str | None) -> str:
    """The column of CoNLL-U that `--tag-column` names; `upos` where it is not given.

    Raises:
        UserError: there is none of this name.
    """
    name = (text or "upos").lower()
    known = CONLLU_COLUMNS[2:]
    if name not in known:
        raise UserError(f"--tag-column {text}: CoNLL-U has {', '.join(known)}{did_you_mean(name, known)}")
    return name


def split_columns(text: str, width: int = 0) -> list[str]:
    """The columns of a line, separated by tabs where it has one, else by blanks; without the blanks around each.

    A column that is a blank, such as the word between two others in Korean files, stays one. `width` is the number of
    columns of the file, where it is known: a line that begins with blanks or a tab and lacks a column, or has one too
    many, begins with a word that is this blank or tab.
    """
    if not text.strip(" \t"):
        return []
    if "\t" in text:
        row = text.split("\t")
        if len(row) == width + 1 and row[:2] == ["", ""]:
            row = ["\t", *row[2:]]
        return [column.strip(" ") or column[:1] for column in row]
    row = BLANKS.split(text.strip(" "))
    return [" ", *row] if text.startswith(" ") and len(row) == width - 1 else row


def _blocks(path: Path, encoding: str) -> Iterator[list[tuple[int, str]]]:
    """The lines between empty lines, numbered from 1."""
    block: list[tuple[int, str]] = []
    for number, text in enumerate(lines(path, encoding), 1):
        text = text.removesuffix("\r")
        if text.strip(" \t"):
            block.append((number, text))
            if len(block) > LONGEST_SENTENCE:
                raise UserError(
                    f"{path} line {block[0][0]}: a sentence of more than {LONGEST_SENTENCE:,} lines; "
                    "an empty line ends each sentence"
                )
        elif block:
            yield block
            block = []
    if block:
        yield block
