"""Series whose later steps lie in files of their own, such as the test file of a competition: put together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import FileName
from datasets.errors import UserError, listed
from datasets.series.common_step import PAGE
from datasets.series.time_series import TimeSeries

if TYPE_CHECKING:
    import pandas as pd


def joined(
    before: Sequence[TimeSeries], after: Sequence[TimeSeries], path: Path
) -> tuple[list[TimeSeries], dict[str, int], list[str]]:
    """The series with the steps of a later file behind their own.

    Args:
        before: the series of the first file.
        after: those of the later file. Files of one series each, which the file's name stands for, go together.
        path: the later file, for messages.

    Returns:
        The series in the order of the first file; how many steps the later file has of each, by its name; and notes on
        series that one file lacks.

    Raises:
        UserError: the files have no series or not the same columns in common, or time does not go on.
    """
    later = _by_name(before, after)
    series = [
        _continued(whole, later[whole.name], path) if whole.name in later else whole for whole in before
    ]
    lengths = {whole.name: len(later[whole.name]) if whole.name in later else 0 for whole in before}
    if not any(lengths.values()):
        names = [listed([whole.name for whole in part], 3) for part in (before, after)]
        raise UserError(f"{path}: its series ({names[1]}) are none of those it should continue ({names[0]})")
    lacking = [name for name, length in lengths.items() if not length]
    new = sorted(later.keys() - lengths.keys())
    notes = [f"{path.name} has nothing of {len(lacking):,} series ({listed(lacking)})"] if lacking else []
    if new:
        notes.append(f"{path.name}: left out are {len(new):,} series that train lacks ({listed(new)})")
    return series, lengths, notes


def _by_name(before: Sequence[TimeSeries], after: Sequence[TimeSeries]) -> Mapping[str, TimeSeries]:
    both = (*before, *after)
    if len(before) == len(after) == 1 and all(isinstance(whole.name, FileName) for whole in both):
        return {before[0].name: after[0]}
    return {whole.name: whole for whole in after}


def _continued(first: TimeSeries, later: TimeSeries, path: Path) -> TimeSeries:
    columns = [(one.variables, one.past_names, one.future_names) for one in (first, later)]
    if columns[0] != columns[1]:
        names = [", ".join(sum(of_one, ())) for of_one in columns]
        raise UserError(f"{path}: has the columns {names[1]}, and the series to continue have {names[0]}")
    _refuse_other_times(first, later, path)
    return replace(
        first,
        values=np.concatenate([first.values, later.values]),
        time=None if first.time is None or later.time is None else np.concatenate([first.time, later.time]),
        past=np.concatenate([first.past, later.past]),
        future=np.concatenate([first.future[: len(first)], later.future]),
        made_up=_marks((first, later), [one.made_up for one in (first, later)], first.values.shape[1:]),
        hindsight=_marks((first, later), [one.hindsight for one in (first, later)], first.values.shape[1:]),
    )


def _refuse_other_times(first: TimeSeries, later: TimeSeries, path: Path) -> None:
    if (first.time is None) != (later.time is None):
        having = "time stamps" if first.time is None else "no time stamps"
        raise UserError(
            f"{path}: series {later.name} has {having}, and the series to continue has not; {PAGE}"
        )
    expected, found = _next(first), _first(later)
    if first.time is None and not first.rows:
        number, distance = first.numbers
        if (number, distance) != (0, 1) or later.numbers != (0, 1):  # the table numbers its steps
            continued = (number + distance * len(first), distance if len(later) > 1 else later.numbers[1])
            if later.numbers != continued:
                raise UserError(
                    f"{path}: series {later.name} has steps numbered {_numbered(later)}, and those of the series to "
                    f"continue are {_numbered(first)}; they must go on from there; {PAGE}"
                )
    if first.time is not None and expected != found:
        raise UserError(
            f"{path}: series {later.name} begins at {found}, and the step after the series to continue is {expected}; "
            f"{PAGE}"
        )


def _numbered(series: TimeSeries) -> str:
    first, distance = series.numbers
    return f"{first}, {first + distance}, … {first + distance * (len(series) - 1)}"


def _next(series: TimeSeries) -> pd.Timestamp | None:
    times = series.times_ahead(1)
    return None if times is None else _stamp(series, times[0])


def _first(series: TimeSeries) -> pd.Timestamp | None:
    return None if series.time is None else _stamp(series, series.time[0])


def _stamp(series: TimeSeries, time: np.datetime64) -> pd.Timestamp:
    return replace(series, time=np.array([time])).stamp(0)


def _marks(
    both: Sequence[TimeSeries], marks: Sequence[np.ndarray | None], shape: tuple[int, ...]
) -> np.ndarray | None:
    """Marks `(time, *shape)` of two series end to end; None where nothing is marked."""
    parts = [
        np.zeros((len(one), *shape), bool) if mark is None else mark
        for one, mark in zip(both, marks, strict=True)
    ]
    together = np.concatenate(parts)
    return together if together.any() else None
