"""Parts of a data set on disk, such as its train and test files: read once to be indexed, and again in each later pass.

The first pass checks every row and keeps an index of the part: the hash of each row's content (8 bytes), which decides
the row's split. No row is kept, so a part may be larger than memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from datasets.assembly.splitting import CODES
from datasets.base import Example, Split
from datasets.errors import UserError
from datasets.formats.lines import fingerprint

if TYPE_CHECKING:
    import numpy as np

#: What a part gives for each example: a tuple that begins with where it stands, such as the number of a line.
Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)


class Part(Protocol[Row_co]):
    """One file or folder of a data set: rows on disk, in the same order at each pass."""

    @property
    def name(self) -> str:
        """What the user knows it by."""

    def rows(self) -> Iterator[Row_co]:
        """A fresh pass. Raises UserError on a row that is no example, saying where it is."""

    def place(self, where: object) -> str:
        """The words for where a row is, from the first item of the row."""

    def fingerprint(self) -> object:
        """Something that changes when the content does."""


class LabelledPart(Part[Row_co], Protocol[Row_co]):
    """Rows with classes."""

    @property
    def label_name(self) -> str:
        """The column or feature that holds the classes, for messages."""

    @property
    def fix(self) -> str:
        """What to do when the classes make no sense, for messages."""


class FilePart:
    """What parts in one file have in common."""

    def __init__(self, path: Path):
        self.path = path
        self.name = str(path)

    def place(self, where: object) -> str:
        """The words for a line of the file."""
        return f"{self.name} line {where}"

    def fingerprint(self) -> object:
        """Changes when the file is written."""
        return fingerprint(self.path)


@dataclass
class Index(Generic[Row]):
    """What the first pass over a part keeps.

    Attributes:
        part: what was read.
        fingerprint: of the part, before it was read.
        hashes: of the content of each row, in order.
    """

    part: Part[Row]
    fingerprint: object = field(init=False)
    hashes: array[int] = field(default_factory=lambda: array("Q"))

    def __post_init__(self) -> None:
        """Take the fingerprint, so that a change during the first pass is noticed too."""
        self.fingerprint = self.part.fingerprint()

    def read(self, codes: bytes, wanted: int) -> Iterator[Row]:
        """One pass over the rows whose code is the wanted one.

        Args:
            codes: a byte for each row; see `datasets.assembly.splitting.assign`.
            wanted: the code of a split.

        Raises:
            UserError: the part has changed since its first pass.
        """
        if self.part.fingerprint() != self.fingerprint:
            raise UserError(f"{self.part.name}: has changed since it was loaded; start again", exit_code=1)
        for row, code in zip_longest(self.part.rows(), codes):
            if row is None or code is None:
                raise changed_while_read(self.part)
            if code == wanted:
                yield row


@dataclass
class InMemory(Generic[Row]):
    """Rows that are held in memory: those of data sets whose large content, such as images, lies in other files."""

    rows: list[Row] = field(default_factory=list)

    def read(self, codes: bytes, wanted: int) -> Iterator[Row]:
        """The rows whose code is the wanted one."""
        return (row for row, code in zip(self.rows, codes, strict=True) if code == wanted)


class Readable(Protocol[Row_co]):
    """An index, or rows in memory."""

    def read(self, codes: bytes, wanted: int) -> Iterator[Row_co]:
        """One pass over the rows whose code is the wanted one."""


def changed_while_read(part: Part[Row]) -> UserError:
    """The error for a part that gives other rows than it did in its first pass."""
    return UserError(f"{part.name}: changed while it was read; start again", exit_code=1)


def make_splits(
    parts: Mapping[str, Readable[Row]],
    codes: Mapping[str, np.ndarray],
    has_test: bool,
    example: Callable[[Row], Example],
) -> tuple[Split, Split, Split | None]:
    """Train, dev and test split, the last one None where there is to be none.

    Args:
        parts: `train` and, where they exist, `valid` and `test`. A split without a part is among the rows of train.
        codes: the code of the split of each row, `(rows,)` uint8 for each part.
        has_test: whether there is a test split.
        example: makes an example of a row.
    """

    def split(name: str) -> Split:
        part = name if name in parts else "train"
        its_codes = codes[part].tobytes()
        return Split(
            lambda: map(example, parts[part].read(its_codes, CODES[name])), its_codes.count(CODES[name])
        )

    return split("train"), split("valid"), split("test") if has_test else None
