"""What columns are by what is in them, where their names do not say it: time stamps, names of series, categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from datasets.errors import UserError, listed
from datasets.formats.tables import Table
from datasets.series.categories import MOST, is_category
from datasets.series.columns import FIRST_TIME_NAMES, Columns, Roles
from datasets.series.dates import written
from datasets.series.numbers import is_missing, is_number

#: Rows that are looked at before whole columns are.
FIRST_ROWS = 100
#: Rows of each time stamp, and of each name, from which on a column of words names series: fewer may be a row twice.
FEWEST_A_STAMP, FEWEST_A_NAME = 1.5, 3

Cells = Mapping[int, Sequence[object]]


def told_by_content(table: Table, columns: Columns, roles: Roles) -> tuple[Roles, list[str]]:
    """The roles with what the columns of words and of dates are that have none, and a note for each that is found.

    - The only column of dates has the time stamps, whatever it is called.
    - Where time stamps come several times, a column of words with which each comes once names the series.
    - What else holds words is a category, known up to the moment of a forecast.

    Args:
        table: whose columns are named.
        columns: what the user said; it is not overruled.
        roles: by the names of the columns.

    Raises:
        UserError: nothing is left to forecast.
    """
    if not table.named:
        return roles, []
    given = {roles.time, roles.id, *roles.past, *roles.future, *roles.parts.values()}
    given |= set(roles.values) if columns.values else set()
    unknown = [position for position in range(len(table.columns)) if position not in given]
    if not unknown:
        return roles, []
    first = list(zip(*(cells for _, cells in islice(table.rows(unknown), FIRST_ROWS)), strict=True))
    wordy = [n for n, cells in zip(unknown, first, strict=False) if is_category(cells) or _are_dates(cells)]
    if not wordy:
        return roles, []
    cells = _cells(table, wordy)
    dates = [position for position in wordy if _are_dates(cells[position])]
    words = [position for position in wordy if position not in dates and is_category(cells[position])]
    notes = []
    if roles.time is None and columns.time is None and not roles.parts and len(dates) == 1:
        roles = _without(replace(roles, time=dates[0]), dates)
        notes.append(f"time stamps are those of the column '{roles.names[dates[0]]}'")
    if columns.id is None and roles.id is None:
        roles, found = _with_series(table, roles, words, cells)
        notes += found
    return _with_categories(
        table, roles, [n for n in words if n in roles.values and n != roles.id], cells, notes
    )


def _cells(table: Table, positions: Sequence[int]) -> dict[int, Sequence[object]]:
    return dict(zip(positions, table.cells(positions)[1], strict=True))


def _are_dates(cells: Sequence[object]) -> bool:
    """Whether all that is written in a column are dates, and no numbers."""
    texts = [str(cell) for cell in dict.fromkeys(cells) if not is_missing(cell)]
    return bool(texts) and all(not is_number(text) and written(text) is not None for text in texts)


def _without(roles: Roles, positions: Sequence[int]) -> Roles:
    return replace(roles, values=tuple(position for position in roles.values if position not in positions))


def _with_series(table: Table, roles: Roles, words: Sequence[int], cells: Cells) -> tuple[Roles, list[str]]:
    """The roles with the first column of words that tells the rows of each time stamp apart."""
    for time in _times(table, roles):
        stamps = [*zip(*_cells(table, time).values(), strict=True)]
        if len(set(stamps)) * FEWEST_A_STAMP > len(stamps):
            continue
        for position in words:
            names = [str(name).strip() for name in cells[position]]
            once = len(set(zip(names, stamps, strict=True))) == len(names)
            if once and len(set(names)) * FEWEST_A_NAME <= len(names):
                note = f"series are those of the column '{roles.names[position]}'"
                if roles.time is None and not roles.parts:
                    roles = replace(roles, time=time[0])
                return _without(replace(roles, id=position), [position, *time]), [note]
    return roles, []


def _times(table: Table, roles: Roles) -> list[list[int]]:
    """The columns of time stamps; where none is known, each that is called year, month or the like."""
    if roles.time is not None:
        return [[roles.time]]
    if roles.parts:
        return [[*roles.parts.values()]]
    return [[n] for n in roles.values if table.columns[n].strip().lower() in FIRST_TIME_NAMES]


def _with_categories(
    table: Table, roles: Roles, words: Sequence[int], cells: Cells, notes: list[str]
) -> tuple[Roles, list[str]]:
    """The roles with columns of words as covariates of the past, or without them where there are too many words."""
    for position in words:
        name, count = roles.names[position], len({str(cell).strip() for cell in cells[position]})
        if count > MOST:
            notes.append(f"column '{name}' has {count:,} different texts, and is left out")
            roles = _without(roles, [position])
            continue
        notes.append(
            f"column '{name}' holds words, and is a category known up to the moment of a forecast; where it is known "
            "ahead, name it with --future-columns"
        )
        roles = replace(_without(roles, [position]), past=(*roles.past, position))
    if not roles.values:
        raise UserError(
            f"{table.path}: no column is left to forecast: {listed([roles.names[n] for n in words])} "
            "hold no numbers; name the columns with --value-columns"
        )
    return roles, notes
