"""A column of time stamps, read by the whole column: which form it has, in which order, in which zone.

Dates are decided by all cells together: `01/02/2024` is 1 February or 2 January according to the cells around it. Whole
numbers are dates (`201501`, `2024010113`), seconds since 1970, or numbered steps, whichever all of them can be.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import UserError
from datasets.series.asked_forms import PAGE, check_form, has_year, parsed
from datasets.series.dates import Way, Written, ways, without_year, written
from datasets.series.steps import find_step, share_on_grid, share_there
from datasets.series.whole_dates import SINCE_1970, since_1970, whole_dates
from datasets.series.zones import localised, zone_name, zone_of

if TYPE_CHECKING:
    import pandas as pd

#: A number that is no longer than nanoseconds since 1970; tables of floats have `.0` behind it.
WHOLE = re.compile(r"-?\d{1,19}(\.0)?", re.ASCII)
REGULAR = 0.5  # of the steps must be there, or the stamps are taken for no regular ones
FEWEST_WEEKS = 4  # that cannot be months, of a column of which most could be
MUCH_LONGER = 10  # than days that are taken for days, are those that are taken for years
CLEARLY = 2.0  # times as many steps must be there for one order of day and month than for the other


#: Metadata of a field that came later: where it is None, the digest of a data set says nothing of it.
UNSAID = {"unsaid": True}


@dataclass(frozen=True)
class Writing:
    """How the cells of a table are written, where the table itself does not say; a model keeps that of its data.

    Attributes:
        date_format: a form of `datetime.strptime`; empty for usual forms.
        day_first: whether the day stands before the month; None where the column decides.
        decimal: `point`, `comma`, or `auto`.
        thousands: what separates thousands: `none`, `comma`, `point`, `blank` or `apostrophe`.
        time_zone: of stamps that have none, and that all are shown in; empty takes them as they are.
        numbered: whole numbers are numbers of steps, as in the data that are continued; None where the column decides.
    """

    date_format: str = ""
    day_first: bool | None = None
    decimal: str = "auto"
    thousands: str = "none"
    time_zone: str = ""
    numbered: bool | None = field(default=None, metadata=UNSAID)


@dataclass(frozen=True)
class Column:
    """The time column of a table.

    Attributes:
        path: the file, for messages.
        texts: `(rows,)` what is written.
        lines: `(rows,)` where.
        series: `(rows,)` numbers of the series that rows belong to.
    """

    path: Path
    texts: Sequence[str]
    lines: Sequence[int]
    series: np.ndarray

    def fault(self, row: int, what: str) -> UserError:
        """An error that blames a row."""
        return UserError(f"{self.path} line {self.lines[row]}: '{self.texts[row][:40]}' {what}")

    def longest(self) -> np.ndarray:
        """The rows of the series that has most."""
        return np.flatnonzero(self.series == np.bincount(self.series).argmax())


@dataclass(frozen=True)
class Stamps:
    """Time stamps of rows.

    Attributes:
        index: `(rows,)` time stamps, with their zone where they have one; or whole numbers.
        how: how they were read, in words.
        writing: what the column has decided of its writing.
        zone: the zone's name, such as `+09:00`; empty where there is none.
        finer: some cells have parts of a second, which are not kept.
    """

    index: pd.Index
    how: str
    writing: Writing
    zone: str = ""
    finer: bool = False

    @property
    def keys(self) -> np.ndarray:
        """Numbers in the order of time, `(rows,)`."""
        import pandas as pd

        return self.index.asi8 if isinstance(self.index, pd.DatetimeIndex) else self.index.to_numpy()


def read_stamps(column: Column, writing: Writing) -> Stamps:
    """The stamps of a column.

    Raises:
        UserError: a cell is no date of the column's form; the order of day and month is open; numbers are no dates; a
            time is not there in the zone that was asked for.
    """
    stamps = _read(column, writing)
    return _to_zone(column, stamps, writing.time_zone) if writing.time_zone else stamps


def _to_zone(column: Column, stamps: Stamps, zone: str) -> Stamps:
    """Stamps with a zone that was asked for: times without one are those of its clocks on the wall."""
    import pandas as pd

    index = stamps.index
    if not isinstance(index, pd.DatetimeIndex):
        return stamps
    if "since 1970" in stamps.how:
        index = index.tz_localize("UTC")
    zoned = index.tz_convert(zone_of(zone)) if index.tz is not None else localised(index, zone, column.series)
    if zoned.hasnans:
        row = int(zoned.isna().argmax())
        raise column.fault(row, f"is no time in {zone}, where clocks go forward then; {PAGE}")
    return dataclasses.replace(stamps, index=zoned, zone=zone)


def _read(column: Column, writing: Writing) -> Stamps:
    codes, unique = _unique(column.texts)
    if writing.date_format:
        return _formatted(column, codes, unique, writing)
    whole = np.array([WHOLE.fullmatch(text) is not None for text in unique])
    if whole[codes].mean() >= 0.5:
        if not whole.all():
            raise column.fault(
                int((~whole[codes]).argmax()), f"is no whole number, as most of its column are; {PAGE}"
            )
        return _whole_numbers(column, codes, [text.removesuffix(".0") for text in unique], writing)
    cells = [written(text) for text in unique]
    form = _commonest_form(column, codes, cells)
    way = _chosen(
        column, [dataclasses.replace(way, stamps=way.stamps[codes]) for way in ways(form, cells)], writing
    )
    row = without_year(way, form, cells, codes)
    if row is not None:
        raise column.fault(row, f"has no year; write it; {PAGE}")
    index, zone = _in_zone(column, way.stamps, codes, cells)
    chosen = dataclasses.replace(writing, day_first=way.day_first)
    return Stamps(index, way.how, chosen, zone, any(cell is not None and cell.finer for cell in cells))


def _unique(texts: Sequence[str]) -> tuple[np.ndarray, list[str]]:
    """Numbers of texts, and the different texts."""
    number_of: dict[str, int] = {}
    codes = np.array([number_of.setdefault(text, len(number_of)) for text in texts])
    return codes, list(number_of)


def _commonest_form(column: Column, codes: np.ndarray, cells: Sequence[Written | None]) -> str:
    """The form of most cells; the first cell of another is blamed, unless that is a matter of the way to read it."""
    forms = np.array(["" if cell is None else cell.form for cell in cells])
    rows = np.bincount(codes)
    counts = {form: rows[forms == form].sum() for form in sorted({*forms.tolist()} - {""})}
    if not counts:
        raise column.fault(
            0, f"is no date; usual ones are 2024-01-31, 2024-01-31 13:00:00, 31.01.2024; {PAGE}"
        )
    form = max(counts, key=counts.__getitem__)
    wrong = (forms != form)[codes]
    if wrong.any():
        row, right = int(wrong.argmax()), column.texts[int((~wrong).argmax())]
        raise column.fault(
            row,
            f"is no date of the column's form, such as '{right[:40]}'; correct it, or give --date-format; {PAGE}",
        )
    return form


def _chosen(column: Column, found: Sequence[Way], writing: Writing) -> Way:
    """The way in which all cells are dates; of several, the one that was asked for or whose steps are regular."""
    if not found:
        raise column.fault(
            0, f"is no date; usual ones are 2024-01-31, 2024-01-31 13:00:00, 31.01.2024; {PAGE}"
        )
    bad = [int(np.isnat(way.stamps).sum()) for way in found]
    fitting = [way for way, count in zip(found, bad, strict=True) if not count]
    if not fitting:
        best = found[int(np.argmin(bad))]
        row = int(np.isnat(best.stamps).argmax())
        raise column.fault(row, f"is no date, where the column's are read as {best.how}; {PAGE}")
    if fitting[0].how.startswith("YYYY"):
        return fitting[0]
    asked = (
        [way for way in fitting if way.day_first == writing.day_first]
        if writing.day_first is not None
        else []
    )
    fitting = asked or fitting
    if all((way.stamps == fitting[0].stamps).all() for way in fitting):
        return fitting[0]
    return _most_regular(column, fitting)


def _most_regular(column: Column, fitting: Sequence[Way]) -> Way:
    """The way whose steps are clearly the most regular, or in which alone the rows are in the order of time."""
    rows = column.longest()
    fitting = _of_one_century(fitting, rows)
    if len(fitting) == 1:
        return fitting[0]
    shares = np.array([_regularity(way.stamps[rows]) for way in fitting])
    first, second = np.argsort(-shares, kind="stable")[:2]
    if shares[first] >= REGULAR and shares[first] >= CLEARLY * shares[second]:
        return fitting[first]
    in_order = [way for way in fitting if _is_in_order(way.stamps[rows])]
    if len(in_order) == 1:
        return in_order[0]
    row = int((fitting[first].stamps != fitting[second].stamps).argmax())
    meanings = " or ".join(f"{way.stamps[row].astype('datetime64[D]')} ({way.how})" for way in fitting)
    options = "" if fitting[first].day_first is None else "--day-first or --no-day-first, or "
    raise column.fault(row, f"may be {meanings}; give {options}--date-format; {PAGE}")


def _of_one_century(fitting: Sequence[Way], rows: np.ndarray) -> list[Way]:
    """The ways without those that take days for short years: these spread a month over decades."""
    spans = [int(np.ptp(way.stamps[rows].astype(int))) for way in fitting]
    closest = fitting[int(np.argmin(spans))]
    year_at = closest.how.index("Y")
    return [
        way
        for way, span in zip(fitting, spans, strict=True)
        if way.how.index("Y") == year_at or span < MUCH_LONGER * max(min(spans), 1)
    ]


def _is_in_order(stamps: np.ndarray) -> bool:
    """Whether the rows of a file go forward in time, or back."""
    differences = np.diff(stamps).astype(int)
    return bool((differences > 0).all() or (differences < 0).all())


def _regularity(stamps: np.ndarray) -> float:
    """How many of the steps that the stamps seem to have there are, and how many stamps are such; 1 for one stamp."""
    import pandas as pd

    time = pd.DatetimeIndex(np.unique(stamps))
    if len(time) < 2:
        return 1.0
    step = find_step(time)
    return share_there(time, step) * share_on_grid(time, step)


# ------------------------------------------------------------------------------------------ a form that was asked for


def _formatted(column: Column, codes: np.ndarray, unique: Sequence[str], writing: Writing) -> Stamps:
    """Dates of the form of `--date-format`."""
    form = writing.date_format
    check_form(form)
    times = [parsed(text, form) for text in unique]
    if None in times:
        row = int((codes == times.index(None)).argmax())
        raise column.fault(row, f"is no date of the form {form} (--date-format); {PAGE}")
    cells = [time for time in times if time is not None]
    stamps = np.array([np.datetime64(cell.replace(tzinfo=None), "s") for cell in cells])[codes]
    if not has_year(form):
        _refuse_turns(column, stamps, form)
    offsets = [cell.utcoffset() for cell in cells]
    seconds = [None if offset is None else int(offset.total_seconds()) for offset in offsets]
    as_written = [Written("three", "", "", "", "", 0, offset, "") for offset in seconds]
    index, zone = _in_zone(column, stamps, codes, as_written)
    return Stamps(index, form, writing, zone, any(cell.microsecond for cell in cells))


def _refuse_turns(column: Column, stamps: np.ndarray, form: str) -> None:
    """Refuse dates without a year that go on and back within a series: those of several years."""
    for number in np.unique(column.series):
        rows = np.flatnonzero(column.series == number)
        moves = np.diff(stamps[rows].astype(np.int64))
        if (moves > 0).any() and (moves < 0).any():
            rarer = moves < 0 if (moves < 0).sum() <= (moves > 0).sum() else moves > 0
            row = int(rows[1:][rarer][0])
            raise column.fault(
                row, f"begins anew, and the form {form} has no year; write it, or give --step rows; {PAGE}"
            )


# ------------------------------------------------------------------------------------------ zones


def _in_zone(
    column: Column, wall: np.ndarray, codes: np.ndarray, cells: Sequence[Written | None]
) -> tuple[pd.DatetimeIndex, str]:
    """Stamps `(rows,)` of the clock on the wall with the zone that the offsets of their `cells[codes]` say, if any."""
    import pandas as pd

    offsets, index = [cell.offset if cell else None for cell in cells], pd.DatetimeIndex(wall)
    if all(offset is None for offset in offsets):
        return index, ""
    if None in offsets:
        without = np.array([offset is None for offset in offsets])[codes]
        raise column.fault(
            int(without.argmax()), f"has no offset from UTC, and other cells of its column have one; {PAGE}"
        )
    seconds = np.array(offsets)[codes]
    utc = pd.DatetimeIndex(wall - seconds.astype("timedelta64[s]")).tz_localize("UTC")
    named = next((cell.zone for cell in cells if cell and cell.zone), "")
    zone = zone_name(utc, index, seconds, named)
    return utc.tz_convert(zone_of(zone)), zone


# ------------------------------------------------------------------------------------------ whole numbers


def _whole_numbers(column: Column, codes: np.ndarray, texts: Sequence[str], writing: Writing) -> Stamps:
    """Dates as one number, seconds since 1970, or numbered steps: the first of these that all can be."""
    import pandas as pd

    unique, rows = [int(text) for text in texts], column.longest()
    found = [] if writing.numbered else whole_dates(texts)
    if _are_mostly(
        found, codes
    ):  # 201513 among months is a wrong month, unless all are weeks one after the other
        found = [way for way in found if way.how != "YYYYWW" or _are_weeks(texts, way.stamps[codes], rows)]
    fitting = [
        dataclasses.replace(way, stamps=way.stamps[codes]) for way in found if not np.isnat(way.stamps).any()
    ]
    if fitting:
        way = fitting[0] if fitting[0].how.startswith("YY") else _chosen(column, fitting, writing)
        finer = "fff" in way.how and any(int(text[way.how.index("fff") :]) for text in texts)
        return Stamps(pd.DatetimeIndex(way.stamps), way.how, writing, finer=finer)
    since = None if writing.numbered else since_1970(unique)
    if since is not None and _regularity(since.stamps[codes][rows]) >= REGULAR:
        parts = SINCE_1970[since.how.removesuffix(" since 1970")]
        finer = any(number % parts for number in unique)
        return Stamps(pd.DatetimeIndex(since.stamps[codes]), since.how, writing, finer=finer)
    if not _are_mostly(found, codes) and max(abs(number) for number in unique) < 2**62:
        numbers = pd.Index(np.array(unique, np.int64)[codes])
        time = numbers[rows].unique().sort_values()
        if len(time) < 2 or share_there(time, find_step(time)) >= REGULAR:
            return Stamps(numbers, "numbered steps", writing)
    raise _no_whole_dates(column, codes, found, since)


def _no_whole_dates(column: Column, codes: np.ndarray, found: Sequence[Way], since: Way | None) -> UserError:
    """What is wrong with whole numbers that are nothing: the row that is no date, where most are, else all of them."""
    for way in found:
        if _are_mostly([way], codes):
            row = int(np.isnat(way.stamps[codes]).argmax())
            return column.fault(row, f"is no date, where the column's are read as {way.how}; {PAGE}")
    as_since = f", and as {since.how} they have no regular step" if since is not None else ""
    shown = ", ".join(column.texts[row][:20] for row in column.longest()[:3])
    return UserError(
        f"{column.path}: the time stamps {shown}, … are no dates (YYYY, YYYYMM, YYYYMMDD, YYYYMMDDhh, …) and no "
        f"numbers of steps that rise evenly{as_since}; give --date-format, or --step rows if rows are steps; {PAGE}"
    )


def _are_mostly(found: Sequence[Way], codes: np.ndarray) -> bool:
    """Whether most numbers are dates of months or days, so that another one is a wrong date rather than no date."""
    return any("MM" in way.how and np.isnat(way.stamps[codes]).mean() < 0.5 for way in found)


def _are_weeks(texts: Sequence[str], stamps: np.ndarray, rows: np.ndarray) -> bool:
    """Whether all stamps `YYYYWW` are dates, several no months, and those of a series weeks one after the other."""
    no_months = sum(int(text[4:]) > 12 for text in texts)
    return no_months >= FEWEST_WEEKS and not np.isnat(stamps).any() and _regularity(stamps[rows]) >= REGULAR
