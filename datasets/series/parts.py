"""Time stamps whose parts stand in columns of their own: year, month, day and hour, or year and quarter or week."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from datasets.formats.columns import usual_name
from datasets.series.dates import LAST_OF_THIS_CENTURY

YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE = "year", "quarter", "month", "week", "day", "hour", "minute"
#: Names of the columns of each part, in lower case.
PART_NAMES = {
    YEAR: frozenset({"year", "yr", "yyyy", "연도", "년도", "년"}),
    QUARTER: frozenset({"quarter", "qtr", "분기"}),
    MONTH: frozenset({"month", "월"}),
    WEEK: frozenset({"week", "iso_week", "week_of_year", "weekofyear", "주", "주차"}),
    DAY: frozenset({"day", "day_of_month", "일"}),
    HOUR: frozenset({"hour", "hr", "time", "시", "시각", "시간"}),
    MINUTE: frozenset({"minute", "분"}),
}
#: What stands around the number of a part.
AROUND = re.compile(r"^[qw](?=\d)|(?<=\d)(?:\.0|\s*(?:년|분기|월|주차|주|일|시|분|q))$", re.IGNORECASE)


def part_columns(names: Sequence[str], taken: AbstractSet[int]) -> dict[str, int]:
    """The columns that make up a time stamp, by their part: a year and what follows it without a gap, or none.

    Args:
        names: of all columns.
        taken: positions of columns that are something else.
    """
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        part = next((part for part, usual in PART_NAMES.items() if usual_name(name) in usual), None)
        if part is not None and position not in taken:
            found.setdefault(part, position)
    for chain in ((YEAR, MONTH, DAY, HOUR, MINUTE), (YEAR, QUARTER), (YEAR, WEEK)):
        missing = next((at for at, part in enumerate(chain) if part not in found), len(chain))
        if missing > 1:
            return {part: found[part] for part in chain[:missing]}
    return {}


def joined(parts: Mapping[str, int], cells: Mapping[int, Sequence[object]]) -> list[str]:
    """The time stamp of each row in a usual form, such as `2024-01-31 13:00`, `2024Q1` or `2024-W05`."""
    columns = [[_number(cell) for cell in cells[position]] for position in parts.values()]
    return [_stamp(dict(zip(parts, row, strict=True))) for row in zip(*columns, strict=True)]


def _number(cell: object) -> str:
    return "" if cell is None else AROUND.sub("", str(cell).strip()).strip()


def _stamp(row: Mapping[str, str]) -> str:
    year = row[YEAR]
    if year.isdecimal() and len(year) <= 2:
        year = str(int(year) + (2000 if int(year) <= LAST_OF_THIS_CENTURY else 1900))
    if QUARTER in row:
        return f"{year}Q{row[QUARTER]}"
    if WEEK in row:
        return f"{year}-W{row[WEEK]:0>2}"
    month = row[MONTH]
    if DAY not in row:
        date = f"{year}-{month:0>2}" if month.isdecimal() else f"{month} {year}"
    else:
        date = f"{year}-{month:0>2}-{row[DAY]:0>2}" if month.isdecimal() else f"{row[DAY]} {month} {year}"
    return date + _clock(row)


def _clock(row: Mapping[str, str]) -> str:
    """The time of day, with a blank before it; empty where there is none."""
    if HOUR not in row:
        return ""
    hour = row[HOUR]
    return f" {hour}" if ":" in hour else f" {hour:0>2}:{row.get(MINUTE, '0') or '?':0>2}"
