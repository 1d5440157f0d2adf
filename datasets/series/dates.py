"""Dates as people write them: the forms that are known, and every way in which a column of them may be read."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
#: Two digits are a year of this century up to here, and of the last one beyond it, as in POSIX.
LAST_OF_THIS_CENTURY = 68
#: Later ones leave no room for steps that come next: Python knows years of four digits.
LAST_YEAR = 9000
#: Of the rows that follow another are in the same month of another year, or numbers that look like years are days.
SAME_MONTH = 0.5
NO_TIME = np.datetime64("NaT", "s")

_TIME = (
    r"(?:(?:T|[ _:,]+)(?P<hour>\d{1,2})"
    r"(?:(?P<colon>[:-])(?P<minute>\d{1,2})(?:(?P=colon)(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?)?"
    r"\s*(?P<offset>Z|UTC|GMT|(?(colon)[+-]\d\d(?::?\d\d)?|[+-]\d\d:\d\d))?)?"
)
#: Hours east or west of UTC; behind an hour without minutes, `-08` is minutes, and `-08:00` is an offset.
FARTHEST_OFFSET = 14
_NAME = r"(?P<month>[a-z]{3,9})\.?"
_ORDINAL = r"(?:st|nd|rd|th)?"


def _form(date: str) -> re.Pattern[str]:
    return re.compile(date + _TIME, re.IGNORECASE)


#: Forms by their names, in the order in which they are tried.
FORMS = {
    "three": _form(r"(?P<a>\d{1,4})(?P<between>[-/. ])(?P<b>\d{1,2})(?P=between)(?P<c>\d{1,4})"),
    "month": _form(r"(?P<a>\d{1,4})(?P<between>[-/.])(?P<b>\d{1,4})"),
    "period": _form(r"(?P<a>\d{4}|\d{2})[-/. ]*(?P<letter>[QHWM])(?P<b>\d{1,2})(?:-?(?P<c>[1-7]))?"),
    "named": _form(
        rf"(?P<a>\d{{1,4}}){_ORDINAL}[-/., ]*{_NAME}[-/., ]*(?P<c>\d{{3,4}}|\d{{1,2}}(?!:\d)|(?<=[^ ,])\d{{1,2}})"
    ),
    "name first": _form(rf"{_NAME}[-/ ]*(?P<a>\d{{1,2}}){_ORDINAL}[-/, ]+(?P<c>\d{{4}}|\d{{2}}(?!:\d))"),
    "month of year": _form(rf"{_NAME}[-/., ']*(?P<a>\d{{4}}|\d{{2}})"),
    "year of month": _form(rf"(?P<a>\d{{4}})[-/., ]*{_NAME}"),
    "year": _form(r"(?P<a>\d{4})"),
}

#: Forms of whole months and years.
WITHOUT_DAY = frozenset({"month", "month of year", "year of month", "year"})

#: What is written in words or signs of a language, in the forms above.
_REWRITTEN = [
    (r"\([월화수목금토일]\)|[월화수목금토일]요일|\b(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\b[.,]?", ""),
    (r"^(\d{4})\s*년\s*([1-4])\s*분기$", r"\1Q\2"),
    (r"^(\d{4})\s*년\s*상반기$", r"\1H1"),
    (r"^(\d{4})\s*년\s*하반기$", r"\1H2"),
    (r"(\d+)\s*[년年월月]\s*", r"\1-"),
    (r"(\d+)\s*[일日]\s*", r"\1 "),
    (r"(\d+)\s*[시時时분分]\s*", r"\1:"),
    (r"(\d+)\s*[초秒]", r"\1"),
    (r"-(?=\s|$)|:\s*$", ""),
    (r"^(\d{4})\.\s*(\d{1,2})\.\s*(\d{1,2})\.?(?=\s|$)", r"\1-\2-\3"),
    (r"^(\d{4})\.\s*(\d{1,2})\.?$", r"\1-\2"),
    (r"^(\d{4})(\d{2})(\d{2})[T _-](?=\d)", r"\1-\2-\3 "),
    (r"(?<=\d)([T ])(\d{2})(\d{2})(\d{2})(?=$|[.,Z+-])", r"\1\2:\3:\4"),
    (r"(?<=\dT)(\d{2})(\d{2})(?=$|[Z+-])", r"\1:\2"),
    (r"^(\d{4}-\d\d-\d\d )(\d{2})(\d{2})(?=$|[Z+-])", r"\1\2:\3"),
    (r"^(?:([QW])(\d{1,2})|(\d)([Q]))[-/. ]*(\d{4}|\d{2})$", r"\5\1\4\2\3"),
    (r"^(\d{4})[-/. ]+([1-4])Q$", r"\1Q\2"),
    (r"\s+", " "),
]
REWRITTEN: list[tuple[re.Pattern[str], str]] = [
    (re.compile(pattern, re.IGNORECASE), replacement) for pattern, replacement in _REWRITTEN
]
HALF_OF_DAY = re.compile(r"오전|오후|(?<![a-z])[ap]\.?m\b\.?", re.IGNORECASE)
ZONE = re.compile(r"\[([A-Za-z_]+/[\w/+-]+)\]$")


class Written(NamedTuple):
    """What stands in one cell: the name of its form, numbers as they are written, and the time of day.

    `a`, `b` and `c` are the numbers of the date; a month that is written as a word is the number `b`. `seconds` is the
    time of day, -1 where there is no such time, without its part of a second, of which `finer` tells; `offset` is in
    seconds east of UTC, or None; `zone` may be empty.
    """

    form: str
    a: str
    b: str
    c: str
    between: str
    seconds: int
    offset: int | None
    zone: str
    finer: bool = False


def written(text: str) -> Written | None:
    """The parts of a date of any known form; None where it has none."""
    text = text.strip()
    match = FORMS["three"].fullmatch(text)
    if match is not None:
        return _parts("three", match, "", "")
    text = unicodedata.normalize("NFKC", text)
    zone = ZONE.search(text)
    half = HALF_OF_DAY.search(text)
    plain = HALF_OF_DAY.sub(" ", ZONE.sub("", text))
    for pattern, replacement in REWRITTEN:
        plain = pattern.sub(replacement, plain)
    for form, pattern in FORMS.items():
        match = pattern.fullmatch(plain.strip(" ,"))
        if match is not None:
            return _parts(form, match, half[0] if half else "", zone[1] if zone else "")
    return None


def _parts(form: str, match: re.Match[str], half: str, zone: str) -> Written | None:
    found = match.groupdict(default="")
    b = found.get("b", "")
    if "month" in found:
        b = str(_month(found["month"]))
        if b == "0":
            return None
    between = found.get("letter", "").upper() or found.get("between", "")
    offset = _offset(found["offset"]) if found["offset"] else None
    if abs(offset or 0) > 3600 * FARTHEST_OFFSET or (form in WITHOUT_DAY and _has_only_hour(found)):
        return None
    same = {"name first": "named", "year of month": "month of year"}
    finer = bool(found["fraction"].strip("0"))
    plain = same.get(form, form)
    return Written(
        plain, found["a"], b, found.get("c", ""), between, _seconds(found, half), offset, zone, finer
    )


def _has_only_hour(found: dict[str, str]) -> bool:
    """Whether a number stands where the hour would, alone: behind a year or a month that is a part of the date."""
    return bool(found["hour"]) and (not found["minute"] or found["colon"] == "-")


def _month(name: str) -> int:
    """The number of a month from its English name or the beginning of it; 0 for another word."""
    name = name.lower()
    known = [n for n, month in enumerate(MONTHS, 1) if month.startswith(name) or name == "sept" == month[:4]]
    return known[0] if known else 0


def _seconds(found: dict[str, str], half: str) -> int:
    """The time of day in seconds, -1 where there is none such; 24:00 is the end of the day."""
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    if half:
        if not 1 <= hour <= 12:
            return -1
        hour = hour % 12 + (12 if half[0] in "pP" or half == "오후" else 0)
    total = 3600 * hour + 60 * minute + second
    return total if minute < 60 and second < 60 and total <= 86_400 else -1


def _offset(text: str) -> int:
    """`+09:00`, `+0900`, `+09` or `Z` in seconds."""
    digits = re.sub(r"\D", "", text)
    if not digits:
        return 0
    return (-1 if text[0] == "-" else 1) * (3600 * int(digits[:2]) + 60 * int(digits[2:] or 0))


@dataclass(frozen=True)
class Way:
    """One way in which all cells of a column may be read.

    Attributes:
        how: in words, such as `DD/MM/YYYY`.
        stamps: `(cells,)` datetime64[s], NaT where this way makes no date of a cell.
        day_first: whether the day stands before the month; None where that is not in question.
    """

    how: str
    stamps: np.ndarray
    day_first: bool | None = None


def days(year: np.ndarray, month: np.ndarray, day: np.ndarray) -> np.ndarray:
    """Days of the calendar as datetime64[s], NaT where there is none such, as 29 February of most years."""
    begin = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    date = begin.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (date.astype("datetime64[M]") == begin) & (year >= 1)
    real &= year <= LAST_YEAR
    return np.where(real, date.astype("datetime64[s]"), NO_TIME)


def ways(form: str, cells: Sequence[Written | None]) -> list[Way]:
    """Every way to read cells of a form; a cell of another form is no date in any."""
    fits = np.array([cell is not None and cell.form == form for cell in cells])
    some = next(cell for cell in cells if cell is not None and cell.form == form)
    of_form = [cell if cell is not None and fit else some for cell, fit in zip(cells, fits, strict=True)]
    seconds = np.array([cell.seconds for cell in of_form])
    fits &= seconds >= 0
    found = _WAYS[form](of_form)
    return [
        Way(way.how, np.where(fits, way.stamps + seconds.astype("timedelta64[s]"), NO_TIME), way.day_first)
        for way in found
    ]


def _numbers(cells: Sequence[Written], part: str) -> tuple[np.ndarray, np.ndarray]:
    """A part of each cell as a number, and as how many digits it is written."""
    texts = [getattr(cell, part) for cell in cells]
    return np.array([int(text or 0) for text in texts]), np.array([len(text) for text in texts])


def _years(numbers: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """Years, of which two digits leave out the century; 0, which is none, where there are three digits."""
    short = numbers + np.where(numbers <= LAST_OF_THIS_CENTURY, 2000, 1900)
    return np.where(digits == 4, numbers, np.where(digits == 3, 0, short))


def _orders(cells: Sequence[Written], orders: Sequence[str], between: str) -> list[Way]:
    """The orders of year, month and day, of those named, that the widths of most cells allow."""
    parts = dict(zip("abc", (_numbers(cells, part) for part in "abc"), strict=True))
    most = {part: bool((digits == 4).mean() >= 0.5) for part, (_, digits) in parts.items()}
    ways = []
    for order in orders:
        place = dict(zip(order, "abc", strict=False))
        year_at = place["Y"]
        if any(most[part] for part in most if part != year_at):
            continue
        year, digits = parts[year_at]
        wide = most[year_at]
        month = parts[place["M"]][0]
        day = parts[place["D"]][0] if "D" in place else np.ones_like(month)
        stamps = days(_years(year, digits), month, day)
        alike = (digits == 4) if wide else (digits <= 2)
        names = {"Y": "YYYY" if wide else "YY", "M": "MM", "D": "DD"}
        open_order = "D" in order and not (wide and year_at == "a")
        day_first = order.index("D") < order.index("M") if open_order else None
        ways.append(
            Way(between.join(names[letter] for letter in order), np.where(alike, stamps, NO_TIME), day_first)
        )
    return ways


def _three(cells: Sequence[Written]) -> list[Way]:
    return _orders(cells, ("YMD", "DMY", "MDY", "YDM"), cells[0].between)


def _named(cells: Sequence[Written]) -> list[Way]:
    return [
        Way(way.how.replace("MM", "MON"), way.stamps)
        for way in _orders(cells, ("DMY", "YMD"), cells[0].between or " ")
    ]


def _month_and_year(cells: Sequence[Written]) -> list[Way]:
    """Months; with a point between, as in `1.5`, both numbers short are a decimal number and no month."""
    found = _orders(cells, ("YM", "MY"), cells[0].between)
    return [way for way in found if cells[0].between != "." or "YYYY" in way.how]


def without_year(way: Way, form: str, cells: Sequence[Written | None], codes: np.ndarray) -> int | None:
    """The first row where the year is missing, if a column's numbers are days: `Jan 01`, `Jan 02` and no years.

    Args:
        way: how the column is read, with the stamps of its rows.
        form: the form of the cells.
        cells: each of them that is different.
        codes: `(rows,)` numbers of the cells.
    """
    short = form == "month" or (
        form == "month of year" and all(cell is not None and len(cell.a) <= 2 for cell in cells)
    )
    if not short or "YYYY" in way.how.replace("MON YYYY", ""):
        return None
    timed = [row for row, code in enumerate(codes) if (cell := cells[code]) is not None and cell.seconds > 0]
    if timed:
        return timed[0]
    months = way.stamps.astype("datetime64[M]").astype(int)
    after = np.diff(months)[np.diff(months) != 0]
    return 0 if len(after) and (after % 12 == 0).mean() > SAME_MONTH else None


def _month_of_year(cells: Sequence[Written]) -> list[Way]:
    return [Way("MON YYYY", way.stamps) for way in _orders(cells, ("YM",), " ")]


def _only_year(cells: Sequence[Written]) -> list[Way]:
    year, digits = _numbers(cells, "a")
    return [Way("YYYY", days(_years(year, digits), np.ones_like(year), np.ones_like(year)))]


#: Months of a period, by its letter.
PERIODS = {"Q": ("quarters", 3), "H": ("half-years", 6), "M": ("months", 1)}


def _period(cells: Sequence[Written]) -> list[Way]:
    """Quarters, half-years, months or ISO weeks: the first day of each."""
    letter = cells[0].between
    year, digits = _numbers(cells, "a")
    number, day = _numbers(cells, "b")[0], _numbers(cells, "c")[0]
    year = _years(year, digits)
    if letter == "W":
        stamps = np.array([week(*parts) for parts in zip(year, number, np.maximum(day, 1), strict=True)])
        how = "ISO weeks"
    else:
        how, months = PERIODS[letter]
        stamps = days(year, np.where(number > 0, (number - 1) * months + 1, 0), np.ones_like(year))
        stamps[day > 0] = NO_TIME
    stamps[[cell.between != letter for cell in cells]] = NO_TIME
    return [Way(how, stamps)]


def week(year: int, number: int, day: int) -> np.datetime64:
    """A day of an ISO week, NaT where there is none such."""
    try:
        return np.datetime64(datetime.date.fromisocalendar(int(year), int(number), int(day)), "s")
    except ValueError:
        return NO_TIME


_WAYS: dict[str, Callable[[Sequence[Written]], list[Way]]] = {
    "three": _three,
    "month": _month_and_year,
    "period": _period,
    "named": _named,
    "month of year": _month_of_year,
    "year": _only_year,
}
