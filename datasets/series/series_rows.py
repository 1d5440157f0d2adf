"""Series that a file has a row each, of values from a first step on: as time series at every step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import UserError, listed
from datasets.series.columns import Columns
from datasets.series.common_step import PAGE
from datasets.series.filling import MOST_MADE_UP, WAYS, fill_steps, hindsight
from datasets.series.numbers import SEPARATORS, NumberForm, is_missing, tidy
from datasets.series.steps import anchored, grid, length
from datasets.series.time_series import TimeSeries
from datasets.series.zones import zone_of

if TYPE_CHECKING:
    import pandas as pd

#: What the values are called, as in a long table.
VALUE = "y"


@dataclass(frozen=True)
class SeriesRow:
    """One series as a row of a file has it.

    Attributes:
        name: its id.
        line: of the file.
        values: `(time,)` float64, NaN where a value is missing.
        start: the time stamp of the first value, of the clock on the wall; None where there is none.
    """

    name: str
    line: int
    values: np.ndarray
    start: pd.Timestamp | None = None


def numbers_of(path: Path, line: int, cells: Sequence[str], columns: Columns) -> np.ndarray:
    """Cells as float64 `(cells,)`, NaN where a value is missing.

    Raises:
        UserError: a cell is no finite number.
    """
    form = NumberForm("comma" if columns.writing.decimal == "comma" else "point", columns.writing.thousands)
    if form == NumberForm():
        try:
            return _finite(path, line, np.array(list(map(float, cells))))
        except ValueError:
            pass  # a cell that is missing, or one with another sign: each by itself
    return _finite(path, line, np.array([_number(path, line, cell, form) for cell in cells]))


def _number(path: Path, line: int, cell: str, form: NumberForm) -> float:
    if is_missing(cell):
        return np.nan
    try:
        return float(form.plain(tidy(cell)))
    except ValueError:
        signs = ", ".join(SEPARATORS)
        raise UserError(
            f"{path} line {line}: {cell[:40]!r} is not a number; give --decimal comma, or --thousands with one of "
            f"{signs}, if it is written so; {PAGE}"
        ) from None


def _finite(path: Path, line: int, values: np.ndarray) -> np.ndarray:
    if np.isinf(values).any():
        raise UserError(f"{path} line {line}: a value is infinite; remove or correct it")
    return values


def series_of(
    path: Path, rows: Iterable[SeriesRow], columns: Columns, step: str
) -> tuple[list[TimeSeries], list[str]]:
    """The series of a file, each at every step, and notes on what was left out.

    Args:
        path: the file, for messages.
        rows: a series each.
        columns: how the file is read; it names no column but, where a model does, the one that is forecast.
        step: pandas' name of the step, as far as it is known.

    Raises:
        UserError: two series of one name, a missing value that nothing stands in for, options or a model for columns
            that such a file has not.
    """
    variable = _variable(path, columns)
    series: list[TimeSeries] = []
    empty, refused = [], []
    lines: dict[str, int] = {}
    for row in rows:
        if lines.setdefault(row.name, row.line) != row.line:
            first = f"line {lines[row.name]}"
            raise UserError(
                f"{path} line {row.line}: series {row.name} is there already, in {first}; rename one"
            )
        if np.isnan(row.values).all():
            empty.append(row.name)
            continue
        values, made_up = _filled(path, row, columns.fill)
        if made_up is not None and made_up.mean() > MOST_MADE_UP:
            refused.append(row.name)
            continue
        series.append(_one(row, values, made_up, variable, columns, step))
    if not series:
        raise UserError(f"{path}: no series has values enough")
    notes = [f"left out: {len(empty)} series without any value ({listed(empty)})"] if empty else []
    if refused:
        what = f"{len(refused)} series of which more than {MOST_MADE_UP:.0%} would be made up"
        notes.append(f"left out: {what} ({listed(refused)})")
    return series, notes


def _variable(path: Path, columns: Columns) -> str:
    """What the values are called: as a model calls them, or `y`."""
    covariates = (*columns.past, *columns.future)
    if columns.learnt and (len(columns.values) != 1 or covariates):
        names = ", ".join((*columns.values, *covariates))
        raise UserError(f"{path}: has a series in each row, of one value a step; the model reads {names}")
    named = {"time": columns.time, "id": columns.id, "value": columns.values, "past": columns.past}
    more = {"future": columns.future, "static": columns.static}
    given = [role for role, names in {**named, **more}.items() if names]
    if given and not columns.learnt:
        option = f"--{given[0]}-column" + ("s" if given[0] not in ("time", "id") else "")
        raise UserError(f"{path}: has a series in each row, and no columns to name; leave {option} out")
    return columns.values[0] if columns.learnt else VALUE


def _filled(path: Path, row: SeriesRow, fill: str) -> tuple[np.ndarray, np.ndarray | None]:
    """The values without gaps, and which of them are made up; None where none is."""
    import pandas as pd

    missing = np.isnan(row.values)
    if not missing.any():
        return row.values, None
    if fill == "none":
        number = int(missing.argmax()) + 1
        raise UserError(
            f"{path} line {row.line}: series {row.name} has no value number {number}; give {WAYS}; {PAGE}"
        )
    filled = fill_steps(pd.DataFrame({VALUE: row.values}), "1", fill, row.name)
    return filled[VALUE].to_numpy(np.float64), missing


def _one(
    row: SeriesRow,
    values: np.ndarray,
    made_up: np.ndarray | None,
    variable: str,
    columns: Columns,
    step: str,
) -> TimeSeries:
    nothing = np.zeros((len(values), 0))
    seen = None if made_up is None else hindsight(made_up[:, None], columns.fill)
    series = TimeSeries(
        row.name, values[:, None], None, step, nothing, nothing, (variable,),
        made_up=None if made_up is None else made_up[:, None],
        hindsight=seen if seen is not None and seen.any() else None,
        rows=columns.rows_are_steps, writing=columns.writing,
    )  # fmt: skip
    if row.start is None or columns.rows_are_steps:
        return series
    zone = columns.writing.time_zone if columns.zone is None else columns.zone
    start = row.start.tz_localize(zone_of(zone)) if zone else row.start
    own = anchored(step, start) or step
    stamps = grid(start, own, len(values))
    utc = stamps.tz_convert(None) if zone else stamps
    return replace(series, time=utc.to_numpy("datetime64[s]"), step=own, zone=zone)


def refuse_other_step(path: Path, step: str, columns: Columns) -> None:
    """Refuse a file whose steps are not those of the model that is to continue it."""
    if not columns.learnt or not step or not columns.step or columns.rows_are_steps:
        return
    if length(step) != length(columns.step):
        raise UserError(
            f"{path}: has the step {step}, and the model forecasts steps of {columns.step}; {PAGE}"
        )
