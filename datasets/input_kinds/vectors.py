"""Sequences of vectors: JSON lists in arguments and files, or a long table with a row for each step of a sequence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.base import Example
from datasets.formats.lines import lines
from datasets.formats.tables import Format, Table, suffix
from datasets.formats.vectors import parse_vectors, read_vectors
from datasets.input_kinds.base import COLUMN, InputKind, up_to_each

if TYPE_CHECKING:
    import numpy as np


def parse(arguments: Sequence[str]) -> list[np.ndarray]:
    """Arguments of the command line, each a JSON list of vectors, as arrays `(time, features)` float32.

    Raises:
        UserError: one is no list of vectors of one size.
    """
    return [parse_vectors(argument[:40], argument) for argument in arguments]


def read(path: Path, column: str | None, form: Format) -> Iterator[np.ndarray]:
    """The sequences of a file, each an array `(time, features)` float32.

    Args:
        path: a long table; JSON Lines with a list of vectors in each object; or a `.txt` file with such a list a line.
        column: the column of the ids (long tables) or of the lists (JSON Lines); None finds it by its usual names.
        form: how to read a table.

    Raises:
        UserError: whatever is wrong with the file.
    """
    form = form.as_trained(path)
    if suffix(path) == ".txt" and column is None and form.delimiter is None:
        for number, line in enumerate(lines(path, form.encoding), 1):
            if line.strip():
                yield parse_vectors(f"{path} line {number}", line)
        return
    yield from read_vectors(Table(path, form), column, COLUMN)


def example(example: Example, _: Path) -> np.ndarray:
    """The vectors of an example."""
    vectors: np.ndarray = example["vectors"]
    return vectors


def prefixes(vectors: np.ndarray, tokens: Sequence[str], from_end: bool) -> list[np.ndarray]:
    """The sequence up to each step that the model reads."""
    return up_to_each(vectors, len(tokens), from_end)


KIND = InputKind("vectors", parse, read, example, prefixes)
