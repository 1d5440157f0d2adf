"""Tables of numbers with time stamps: wide (a column a variable) or long (`unique_id, ds, y`), as time series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import FileName
from datasets.errors import UserError, listed
from datasets.formats.tables import Table
from datasets.series.categories import refuse_changing, with_categories
from datasets.series.columns import (
    Columns,
    Roles,
    open_table,
    refuse_same_names,
    roles_of,
    time_texts,
    with_clock,
    without_row_numbers,
)
from datasets.series.common_step import PAGE, Timed, agree
from datasets.series.content import told_by_content
from datasets.series.filling import (
    MOST_MADE_UP,
    WAYS,
    TooMuchMadeUp,
    fault_of_share,
    fill_steps,
    hindsight,
    made_up,
)
from datasets.series.gaps import Gaps
from datasets.series.numbers import Cells, number_form, read_numbers
from datasets.series.steps import is_numbered, share_there
from datasets.series.time_series import TimeSeries
from datasets.series.time_stamps import Column, Stamps, Writing, read_stamps

if TYPE_CHECKING:
    import pandas as pd

ADVICE_ON_VALUES = "name the columns to forecast with --value-columns"


@dataclass(frozen=True)
class SeriesTable:
    """What a table gives.

    Attributes:
        series: those that could be read, in the order of the file.
        notes: what was left out, and what was read in a way that is not plain.
        horizon: steps that are to be forecast, 0 where the file does not say.
    """

    series: list[TimeSeries]
    notes: tuple[str, ...] = ()
    horizon: int = 0


def read(path: Path, columns: Columns) -> list[TimeSeries]:
    """The series of a table; see `read_table`."""
    return read_table(path, columns).series


def read_table(path: Path, columns: Columns) -> SeriesTable:
    """The series of a table, and notes on how it was read.

    Raises:
        UserError: whatever is wrong with the file; names the line.
    """
    source = _source(path, columns)
    every = source.all_timed()
    empty = [timed.name for timed in every if not timed.length]
    if len(empty) == len(every):
        names = ", ".join(source.roles.named(source.roles.values))
        what = "the model forecasts it from its values" if columns.learnt else ADVICE_ON_VALUES
        raise UserError(f"{path}: has no value of {names}; {what}")
    all_timed, notes = agree([timed for timed in every if timed.length], path, columns)
    series, made_up_notes = _all_series(source, all_timed)
    if empty:
        notes.append(f"left out: {len(empty)} series without any value ({listed(empty)})")
    return SeriesTable(
        series, (*source.notes, *notes, *made_up_notes, *_notes_on_the_future(source, all_timed))
    )


def _all_series(source: _Source, all_timed: Sequence[Timed]) -> tuple[list[TimeSeries], list[str]]:
    """The series; those of which too much would be made up are left out and named, unless they are most."""
    series: list[TimeSeries] = []
    refused: dict[str, TooMuchMadeUp] = {}
    for timed in all_timed:
        try:
            series.append(_series(source, timed))
        except TooMuchMadeUp as problem:
            refused[timed.name] = problem
    if not refused:
        return series, []
    if len(refused) >= len(series):
        raise next(iter(refused.values()))
    what = f"{len(refused)} series of which more than {MOST_MADE_UP:.0%} would be made up"
    return series, [f"left out: {what} ({listed(list(refused))})"]


# ------------------------------------------------------------------------------------------ from cells to rows


@dataclass(frozen=True)
class _Source:
    """A table with its cells read.

    Attributes:
        lines: `(rows,)` where they stand in the file.
        numbers: `(rows,)` of each column of numbers, by its position.
        has_value: `(rows,)` bool, whether a row has any of the values to forecast.
        names, codes: of the series, and `(rows,)` which of them each row belongs to.
        stamps: of all rows, None where there are none.
    """

    path: Path
    columns: Columns
    roles: Roles
    lines: np.ndarray
    numbers: Mapping[int, np.ndarray]
    has_value: np.ndarray
    names: list[str]
    codes: np.ndarray
    stamps: Stamps | None
    writing: Writing
    notes: tuple[str, ...]

    def gaps(self, timed: Timed) -> Gaps:
        """Where the rows of a series are not one step apart."""
        return Gaps(self.path, self.columns, self.stamps, timed)

    def all_timed(self) -> list[Timed]:
        """Each series with its rows in the order of time."""
        order = np.argsort(self.codes, kind="stable")
        bounds = np.searchsorted(self.codes[order], np.arange(len(self.names) + 1))
        parts = [order[first:stop] for first, stop in pairwise(bounds)]
        return [self._one(name, rows) for name, rows in zip(self.names, parts, strict=True)]

    def _one(self, name: str, rows: np.ndarray) -> Timed:
        import pandas as pd

        if self.stamps is None:
            index: pd.Index = pd.RangeIndex(len(rows))
        else:
            rows = rows[np.argsort(self.stamps.keys[rows], kind="stable")]
            index = self.stamps.index[rows]
        there = self.has_value[rows].nonzero()[0]
        length = int(there[-1]) + 1 if len(there) else 0
        if not (self.columns.ahead and self.roles.future):
            rows, index = rows[:length], index[:length]
        return Timed(name, index, rows, self.lines[rows], length)


def _source(path: Path, columns: Columns) -> _Source:
    table = open_table(path, columns)
    roles, content_notes = told_by_content(table, columns, roles_of(table, columns))
    others = [n for n in (roles.id, roles.time, roles.clock, *roles.parts.values()) if n is not None]
    positions = list(dict.fromkeys([*others, *roles.numbers]))
    lines, cells = table.cells(positions)
    if not lines:
        raise UserError(f"{path}: has no rows of numbers")
    by_position = dict(zip(positions, cells, strict=True))
    roles, notes = without_row_numbers(with_clock(roles, by_position), columns, by_position)
    refuse_same_names(path, roles)
    found = with_categories(path, roles, columns, by_position)
    numbers, decimal, number_note = _numbers(table, found.numeric(roles), columns, by_position, lines)
    has_value = np.logical_or.reduce([~np.isnan(numbers[position]) for position in roles.values])
    ids: tuple[np.ndarray, list[str]] = np.zeros(len(lines), int), [FileName(path.name.split(".")[0])]
    codes, names = ids if roles.id is None else _factorised(by_position[roles.id])
    if columns.id is not None and len(names) == len(lines) > 1 and not columns.learnt:
        raise UserError(
            f"{path}: column '{roles.names[roles.id or 0]}' is taken for the names of series, and has another in each "
            f"of {len(lines):,} rows; name another with --id-column, or give none if there is one series"
        )
    refuse_changing(path, roles, columns, by_position, codes)
    stamps, time_notes = _stamps(path, columns, roles, by_position, lines, codes)
    writing = replace(columns.writing if stamps is None else stamps.writing, decimal=decimal)
    notes = [*content_notes, *notes, *number_note, *time_notes, *found.notes]
    return _Source(
        path, columns, found.roles, np.array(lines), {**numbers, **found.indicators}, has_value, names, codes,
        stamps, writing, tuple(notes),
    )  # fmt: skip


def _factorised(ids: Sequence[object]) -> tuple[np.ndarray, list[str]]:
    texts = list(map(str, ids))
    numbers: dict[str, int] = {}
    code_of = {text: numbers.setdefault(text.strip(), len(numbers)) for text in dict.fromkeys(texts)}
    return np.array([code_of[text] for text in texts]), list(numbers)


def _numbers(
    table: Table,
    roles: Roles,
    columns: Columns,
    by_position: Mapping[int, Sequence[object]],
    lines: Sequence[int],
) -> tuple[dict[int, np.ndarray], str, list[str]]:
    """Columns of numbers by their position, how decimals are written, and a note where a comma was found."""
    covariates = frozenset(roles.names[position] for position in (*roles.past, *roles.future))
    by_name = {roles.names[position]: by_position[position] for position in roles.numbers}
    cells = Cells(table.path, lines, by_name, covariates, columns.learnt)
    writing = columns.writing
    form = number_form(cells, writing.decimal, writing.thousands, table.delimiter)
    found = form.decimal == "comma" and writing.decimal == "auto"
    notes = ["numbers are read with a decimal comma; --decimal point says otherwise"] if found else []
    numbers = {position: read_numbers(cells, roles.names[position], form) for position in roles.numbers}
    return numbers, "comma" if found else writing.decimal, notes


def _stamps(
    path: Path,
    columns: Columns,
    roles: Roles,
    by_position: Mapping[int, Sequence[object]],
    lines: Sequence[int],
    codes: np.ndarray,
) -> tuple[Stamps | None, list[str]]:
    """The time stamps, and notes on how they were read; None where there are none or rows are only counted."""
    if roles.time is None and not roles.parts:
        return None, []
    texts = time_texts(roles, by_position)
    writing = replace(columns.writing, time_zone=columns.zone or columns.writing.time_zone)
    if roles.parts:
        writing = replace(writing, date_format="", day_first=None)
    try:
        stamps = read_stamps(Column(path, texts, lines, codes), writing)
    except UserError as problem:
        if columns.step != "rows":
            raise
        return None, [
            f"rows are steps in the order of the file, as its time stamps cannot be read ({problem})"
        ]
    notes = [] if stamps.how == "YYYY-MM-DD" else [f"time stamps are read as {stamps.how}"]
    if roles.parts:
        made_of = ", ".join(roles.named(tuple(roles.parts.values())))
        notes = [f"time stamps are made of the columns {made_of}"]
    return _without_zone(stamps) if columns.zone == "" else stamps, notes


def _without_zone(stamps: Stamps) -> Stamps:
    """Stamps as the model's data have them, which had no zone: by the clock on the wall."""
    import pandas as pd

    if not isinstance(stamps.index, pd.DatetimeIndex):
        return stamps
    return replace(stamps, index=stamps.index.tz_localize(None), zone="")


def _notes_on_the_future(source: _Source, all_timed: Sequence[Timed]) -> list[str]:
    """How many rows at the end have no value: they are the future, which nobody fills."""
    if source.columns.learnt:
        return []
    rows = dict(zip(source.names, np.bincount(source.codes).tolist(), strict=True))
    left = [rows[timed.name] - len(timed.rows) for timed in all_timed]
    total = sum(left)
    if not total:
        return []
    of = "the table" if len(all_timed) == 1 else f"{sum(map(bool, left)):,} series"
    return [f"the last {total:,} rows of {of} have no value: they are the future, and are left out"]


# ------------------------------------------------------------------------------------------ from rows to series


def _series(source: _Source, timed: Timed) -> TimeSeries:
    """One series at every step."""
    import pandas as pd

    roles, columns = source.roles, source.columns
    gaps = source.gaps(timed)
    if not columns.rows_are_steps:
        gaps.refuse_duplicates()
    if columns.fill != "none":
        given = _filled(source, timed)
    else:
        gaps.refuse_gaps()
        given = _Given.as_read(source, timed)
    length = _steps_with_values(source, timed, given.index)
    parts = [(roles.values, length), (roles.past, length), (roles.future, len(given.index))]
    values, past, future = (_complete(source, timed, given, *part) for part in parts)
    invented = None if given.missing is None else given.missing[list(roles.values)].to_numpy()[:length]
    seen = None
    if given.missing is not None:
        own, of_past = (
            hindsight(given.missing[list(part)].to_numpy(bool)[:length], columns.fill)
            for part in (roles.values, roles.past)
        )
        seen = own | of_past.any(axis=1, keepdims=True)  # a covariate may tell of any variable
    stamps = given.index[:length]
    dated = isinstance(stamps, pd.DatetimeIndex) and columns.step != "rows"
    utc = stamps.tz_convert(None) if dated and stamps.tz is not None else stamps
    numbered = is_numbered(timed.index) and length and not columns.rows_are_steps
    numbers = (int(stamps[0]), int(timed.step)) if numbered else (0, 1)
    return TimeSeries(
        timed.name, values, utc.to_numpy("datetime64[s]") if dated else None,
        timed.step if dated else "", past, future,
        roles.named(roles.values), roles.named(roles.past), roles.named(roles.future),
        made_up=invented if invented is not None and invented.any() else None,
        zone=source.stamps.zone if dated and source.stamps else "", numbers=numbers,
        rows=columns.rows_are_steps, writing=source.writing,
        hindsight=seen if seen is not None and seen.any() else None,
    )  # fmt: skip


@dataclass(frozen=True)
class _Given:
    """Numbers of a series, as they were read or at every step.

    Attributes:
        index: `(steps,)` time stamps or whole numbers.
        numbers: `(steps,)` by position of the column.
        lines: `(steps,)` where they stand in the file, 0 where that is not known.
        missing: which numbers are made up; None where nothing was filled.
    """

    index: pd.Index
    numbers: Mapping[int, np.ndarray]
    lines: np.ndarray
    missing: pd.DataFrame | None = None

    @classmethod
    def as_read(cls, source: _Source, timed: Timed) -> _Given:
        numbers = {position: column[timed.rows] for position, column in source.numbers.items()}
        return cls(timed.index, numbers, timed.lines)


def _steps_with_values(source: _Source, timed: Timed, every: pd.Index) -> int:
    """How many of all steps there are up to the last that has any value in the file."""
    if source.columns.rows_are_steps or not timed.length:
        return timed.length
    return int(every.searchsorted(timed.index[timed.length - 1], side="right"))


def _filled(source: _Source, timed: Timed) -> _Given:
    """Numbers at every step, without lines, and which of them are made up."""
    import pandas as pd

    given = pd.DataFrame(dict(_Given.as_read(source, timed).numbers)).set_axis(timed.index, axis=0)
    if source.columns.rows_are_steps:
        missing = given.isna()
        numbered = given.reset_index(drop=True)
        filled = fill_steps(numbered, "1", source.columns.fill, timed.name).set_axis(given.index, axis=0)
    else:
        gaps = source.gaps(timed)
        gaps.refuse_between_steps()
        there = share_there(given.index, timed.step)
        if there < 1 - MOST_MADE_UP:
            raise TooMuchMadeUp(f"{source.path}: series {timed.name}: {gaps.misread(1 - there)}")
        filled = fill_steps(given, timed.step, source.columns.fill, timed.name)
        missing = made_up(given, filled.index)
    until = _steps_with_values(source, timed, filled.index)
    past = missing[[*source.roles.values, *source.roles.past]][:until]
    for part in (past, missing[list(source.roles.future)]):
        fault = fault_of_share(part)
        if fault is not None:
            column, share = source.roles.names[fault[0]], fault[1]
            raise TooMuchMadeUp(
                f"{source.path}: series {timed.name}: {share:.0%} of {column} would be made up, and at most "
                f"{MOST_MADE_UP:.0%} may be; leave the column or the series out; {PAGE}"
            )
    columns = {position: filled[position].to_numpy(np.float64) for position in filled}
    return _Given(filled.index, columns, np.zeros(len(filled), int), missing)


def _complete(
    source: _Source, timed: Timed, given: _Given, positions: Sequence[int], length: int
) -> np.ndarray:
    """The first steps of columns, `(length, columns)`; refuses a value that is missing."""
    columns = [given.numbers[position][:length] for position in positions]
    numbers = np.stack(columns, axis=1) if columns else np.zeros((length, 0))
    missing = np.isnan(numbers)
    if missing.any():
        row, column = (int(places[0]) for places in np.nonzero(missing))
        name, line = source.roles.names[positions[column]], given.lines[row]
        place = f"line {line}" if line else f"row {row}"
        share = missing[:, column].mean()
        fix = (
            f"give {WAYS}"
            if share <= MOST_MADE_UP
            else f"{share:.0%} of it is missing, too much to be filled"
        )
        raise UserError(f"{source.path} {place}: series {timed.name} has no value of {name}; {fix}; {PAGE}")
    return numbers
