"""Files of time series with classes (`.ts`), as the toolkits aeon and sktime and their archives have them.

    # comments
    @problemName BasicMotions
    @timeStamps false
    @univariate false
    @dimensions 2
    @classLabel true walking running
    @data
    0.1,0.2,0.3:1.0,1.1,1.2:walking

Each row is a series: its channels, separated by colons, then its class. Values are separated by commas; `?` and `NaN`
stand for a missing one. Series, and the channels of one, may differ in length.

The form is that of https://www.aeon-toolkit.org/en/latest/examples/datasets/data_loading.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from datasets.errors import UserError
from datasets.formats.lines import lines
from datasets.formats.number_cells import numbers_of
from datasets.formats.tables import suffix

if TYPE_CHECKING:
    import numpy as np

#: The line it stands on, its values `(time, channels)` float32 with NaN where one is missing, and its class, if any.
LabelledNumbers: TypeAlias = "tuple[int, np.ndarray, str | None]"


def is_ts_file(path: Path) -> bool:
    """Whether the name is that of such a file."""
    return suffix(path) == ".ts"


def read_ts(path: Path, encoding: str) -> Iterator[LabelledNumbers]:
    """The series of a file.

    Raises:
        UserError: time stamps, targets that are no classes, rows that differ in channels, what is no number, no row.
            Names the line.
    """
    source = enumerate(lines(path, encoding), 1)
    labelled = _head(path, source)
    channels = None
    for number, line in source:
        if not line.strip() or line.startswith(("#", "%")):
            continue
        place = f"{path} line {number}"
        values, label = _row(place, line.strip(), labelled)
        channels = channels or values.shape[1]
        if values.shape[1] != channels:
            raise UserError(f"{place}: has {values.shape[1]} channels where the first series has {channels}")
        yield number, values, label
    if channels is None:
        raise UserError(f"{path}: has no series")


def _head(path: Path, source: Iterator[tuple[int, str]]) -> bool:
    """Whether rows end with a class, from what stands above the data."""
    facts = {"classlabel": "true"}
    for number, line in source:
        word, _, value = line.strip().partition(" ")
        if word.lower() == "@data":
            return facts["classlabel"].split()[:1] == ["true"]
        if word and not word.startswith(("#", "@", "%")):
            raise UserError(f"{path} line {number}: '{line[:40]}' stands before the line @data, which lacks")
        facts[word[1:].lower()] = value.strip().lower()
        if facts.get("timestamps") == "true":
            raise UserError(
                f"{path} line {number}: its values have time stamps, which are not read; write values at even steps, "
                "and @timeStamps false"
            )
        if facts.get("targetlabel", "false").split()[:1] == ["true"]:
            raise UserError(f"{path} line {number}: its targets are numbers to estimate, and no classes")
    raise UserError(f"{path}: has no line @data; a .ts file has a series in each row below it")


def _row(place: str, line: str, labelled: bool) -> tuple[np.ndarray, str | None]:
    import numpy as np

    parts = line.split(":")
    label = parts.pop().strip() if labelled else None
    if not parts:
        raise UserError(f"{place}: has no colon; a row is channels and the class, with colons between them")
    columns = [numbers_of(place, part.split(",")) for part in parts]
    values = np.full((max(map(len, columns)), len(columns)), np.nan, np.float32)
    for channel, column in enumerate(columns):
        values[: len(column), channel] = column
    return values, label
