"""Texts a line, each after its label: `__label__pos a good film`, as fastText reads them, or `pos a good film`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.lines import lines
from datasets.formats.tables import suffix

#: What fastText writes before a label.
PREFIX = "__label__"
#: Endings of names that such files have.
ENDINGS = frozenset({".txt", ".label", ".labels", ".ft", ".train", ".valid", ".dev", ".test", ".data"})
#: Lines that are looked at to tell such a file.
LOOKED_AT = 1000
#: Lines with the same first word, on average, from which on the first words are labels.
LEAST_LINES = 3


def may_have_labels(path: Path) -> bool:
    """Whether the name is one that files of labelled lines have."""
    return suffix(path) in ENDINGS


def has_labels(path: Path, encoding: str) -> bool:
    """Whether the lines of a file begin with labels: those of fastText, or few different words and no tab.

    Raises:
        UserError: the file cannot be read, or is not of this encoding.
    """
    if not may_have_labels(path):
        return False
    filled = (line for line in islice(lines(path, encoding), LOOKED_AT) if line.strip())
    words = [(line.split(maxsplit=1)[0], "\t" in line) for line in filled]
    labels = {word for word, _ in words}
    if any(map(is_of_fasttext, labels)):
        return True
    return 0 < LEAST_LINES * len(labels) <= len(words) and not any(tabs for _, tabs in words)


def is_of_fasttext(line: str) -> bool:
    """Whether a line begins as fastText's do."""
    return line.lstrip().startswith(PREFIX)


def labelled_lines(path: Path, encoding: str) -> Iterator[tuple[int, str, str]]:
    """The number, the label and the text of each line that is not empty; a label is told without `__label__`.

    Raises:
        UserError: a line with several labels, or without one in a file of fastText's.
    """
    of_fasttext = False
    for number, line in enumerate(lines(path, encoding), 1):
        if not line.strip():
            continue
        label, text = (*line.split(maxsplit=1), "")[:2]
        of_fasttext = of_fasttext or is_of_fasttext(label)
        if of_fasttext and label in (PREFIX, label.removeprefix(PREFIX)):
            raise UserError(f"{path} line {number}: begins with no label, which is {PREFIX} and a name")
        if text.startswith(PREFIX):
            raise UserError(f"{path} line {number}: has several labels; a text has one class, leave one")
        yield number, label.removeprefix(PREFIX), text.rstrip()
