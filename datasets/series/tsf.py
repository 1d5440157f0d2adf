"""Files of the Monash forecasting archive (`.tsf`): attributes, then a series in each row.

    # comments
    @relation hospital
    @attribute series_name string
    @attribute start_timestamp date
    @frequency monthly
    @horizon 12
    @missing false
    @equallength true
    @data
    T1:2000-01-01 00-00-00:10,11,9

The form is that of Godahewa et al. 2021, "Monash Time Series Forecasting Archive".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError, listed, unknown
from datasets.formats.lines import lines
from datasets.series.asked_forms import parsed
from datasets.series.columns import Columns
from datasets.series.common_step import PAGE
from datasets.series.series_rows import SeriesRow, numbers_of, refuse_other_step, series_of
from datasets.series.tables import SeriesTable

if TYPE_CHECKING:
    import pandas as pd

#: Pandas' names of the frequencies of the archive.
STEPS = {
    "4_seconds": "4s", "minutely": "min", "10_minutes": "10min", "half_hourly": "30min", "hourly": "h",
    "daily": "D", "weekly": "W", "monthly": "MS", "quarterly": "QS", "yearly": "YS",
}  # fmt: skip
KINDS = ("string", "numeric", "date")
#: How the archive writes dates, and how people write them.
DATES = ("%Y-%m-%d %H-%M-%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


@dataclass(frozen=True)
class Head:
    """What stands above the data.

    Attributes:
        attributes: names and kinds of what stands before the values of each row.
        step: pandas' name of the step, empty where the file says none.
        horizon: steps that are to be forecast, 0 where the file does not say.
    """

    attributes: tuple[tuple[str, str], ...]
    step: str
    horizon: int


def read_tsf(path: Path, columns: Columns) -> SeriesTable:
    """The series of a file.

    Raises:
        UserError: whatever is wrong with the file; names the line.
    """
    source = enumerate(lines(path, columns.encoding), 1)
    head = _head(path, source)
    step = columns.named_step if columns.step and not columns.learnt else head.step
    if not step and any(kind == "date" for _, kind in head.attributes):
        raise UserError(f"{path}: has dates and no @frequency; add the line, or give --step")
    refuse_other_step(path, step, columns)
    series, notes = series_of(path, _rows(path, head, source, columns), columns, step)
    unused = [name for name, _ in head.attributes if name not in _used(head)]
    if unused and not columns.learnt:
        notes.append(f"attributes that are not read: {listed(unused)}")
    return SeriesTable(series, tuple(notes), head.horizon)


def _head(path: Path, source: Iterator[tuple[int, str]]) -> Head:
    attributes: list[tuple[str, str]] = []
    step, horizon = "", 0
    for number, line in source:
        word, *values = line.strip().split() or ["#"]
        if word.lower() == "@data":
            return Head(tuple(attributes), step, horizon)
        if word.lower() == "@attribute":
            attributes.append(_attribute(path, number, values))
        elif word.lower() == "@frequency":
            step = _step(path, number, values)
        elif word.lower() == "@horizon":
            horizon = _horizon(path, number, values)
        elif not word.startswith(("#", "@")):
            raise UserError(f"{path} line {number}: '{line[:40]}' stands before the line @data, which lacks")
    raise UserError(f"{path}: has no line @data; a .tsf file has a series in each row below it")


def _attribute(path: Path, number: int, values: Sequence[str]) -> tuple[str, str]:
    if len(values) != 2 or values[1].lower() not in KINDS:
        kinds = ", ".join(KINDS)
        raise UserError(f"{path} line {number}: an attribute is '@attribute NAME KIND', of the kinds {kinds}")
    return values[0], values[1].lower()


def _step(path: Path, number: int, values: Sequence[str]) -> str:
    name = " ".join(values).lower()
    if name not in STEPS:
        raise UserError(f"{path} line {number}: {unknown('frequency', name, STEPS)}")
    return STEPS[name]


def _horizon(path: Path, number: int, values: Sequence[str]) -> int:
    text = " ".join(values)
    if not text.isascii() or not text.isdecimal() or not 0 < int(text[:9]) == int(text):
        raise UserError(f"{path} line {number}: '{text[:40]}' is no horizon; write a whole number of steps")
    return int(text)


def _rows(path: Path, head: Head, source: Iterator[tuple[int, str]], columns: Columns) -> Iterator[SeriesRow]:
    known = frozenset(_used(head))
    for number, line in source:
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.strip().rsplit(":", 1)
        cells = parts[0].split(":") if len(parts) == 2 else []
        cells = _joined_dates(cells, head)
        if len(cells) != len(head.attributes):
            names = ":".join(name for name, _ in head.attributes)
            raise UserError(
                f"{path} line {number}: a row is {names}:VALUES, and this one has {len(cells)} attributes"
            )
        named = dict(zip(head.attributes, cells, strict=True))
        texts = [cell.strip() for (name, kind), cell in named.items() if kind != "date" and name in known]
        dates = [cell for (_, kind), cell in named.items() if kind == "date"]
        start = _start(path, number, dates[0]) if dates else None
        values = numbers_of(path, number, parts[-1].split(","), columns)
        yield SeriesRow("_".join(texts) or str(number), number, values, start)


def _used(head: Head) -> list[str]:
    """The attributes that are read: the date, and the one called after the series' name, or all texts."""
    names = [name for name, kind in head.attributes if kind == "date"][:1]
    texts = [name for name, kind in head.attributes if kind == "string"]
    return names + ([name for name in texts if name == "series_name"] or texts)


def _joined_dates(cells: list[str], head: Head) -> list[str]:
    """The cells with those put together again that are parts of one date, whose hours colons separate."""
    extra = len(cells) - len(head.attributes)
    dates = [position for position, (_, kind) in enumerate(head.attributes) if kind == "date"]
    if extra <= 0 or len(dates) != 1:
        return cells
    first = dates[0]
    return [*cells[:first], ":".join(cells[first : first + extra + 1]), *cells[first + extra + 1 :]]


def _start(path: Path, number: int, text: str) -> pd.Timestamp:
    import pandas as pd

    found = [time for form in DATES if (time := parsed(text.strip(), form)) is not None]
    if not found:
        raise UserError(f"{path} line {number}: '{text[:40]}' is no date such as 2000-01-31 00-00-00; {PAGE}")
    return pd.Timestamp(found[0])
