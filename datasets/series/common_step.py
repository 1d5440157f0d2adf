"""The step that the series of a table have in common, and the odd ones that have another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError
from datasets.series.columns import Columns
from datasets.series.steps import (
    SHARE_THERE,
    anchored,
    find_step,
    first_fault,
    grid,
    is_numbered,
    is_step,
    length,
    share_on_grid,
    share_there,
)  # fmt: skip

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

ENOUGH = 3  # rows from which a series has a step of its own
NEAR = (
    1.5  # times as long as the steps of a calendar, or as short, may be the time between rows that follow it
)
MOSTLY = 0.5  # of the rows are alike, or nothing is said of them
SOME = 0.1  # of the rows that follow business days may be on weekends
PAGE = 'see docs/reading.md, "Steps, gaps and filling"'


@dataclass(frozen=True)
class Timed:
    """One series' rows in the order of time.

    Attributes:
        name: of the series.
        index: `(rows,)` time stamps or whole numbers.
        rows: `(rows,)` positions in the table.
        lines: `(rows,)` where they stand in the file.
        length: how many rows there are up to the last that has any value.
        step: the name of its step; empty until the series agree on one.
    """

    name: str
    index: pd.Index
    rows: np.ndarray
    lines: np.ndarray
    length: int
    step: str = ""


def agree(series: Sequence[Timed], path: Path, columns: Columns) -> tuple[list[Timed], list[str]]:
    """The series with the step of most of them; those of another step are left out, and a note names them.

    A model's file has the step of the model.

    Raises:
        UserError: most series have other steps, or one has not that of the model.
    """
    if columns.rows_are_steps:
        if columns.named_step:
            for one in series:
                _refuse_other_calendar(one, path, columns.named_step)
        return [replace(one, step=columns.named_step) for one in series], []
    if columns.learnt and columns.step and not is_numbered(series[0].index):
        return [_as_model(one, columns.step, path) for one in series], []
    if columns.step and not columns.learnt:
        _refuse_other_kind(series[0], path, columns.step)
        return [replace(one, step=anchored(columns.step, one.index[0]) or columns.step) for one in series], []
    step = _commonest(series)
    fitting = [replace(one, step=fits) for one in series if (fits := _fits(one, step)) is not None]
    kept = {one.name for one in fitting}
    odd = [one for one in series if one.name not in kept]
    if len(fitting) <= len(odd) or (odd and columns.learnt):
        raise UserError(
            f"{path}: series have different steps ({_listed(series)}); give a file a step, or --step; {PAGE}"
        )
    if not odd:
        return fitting, []
    return fitting, [f"left out: {len(odd)} series of another step than {step} ({_listed(odd)})"]


def _refuse_other_kind(one: Timed, path: Path, step: str) -> None:
    if step.isdecimal() != is_numbered(one.index):
        kind = "whole numbers" if is_numbered(one.index) else "time stamps"
        raise UserError(f"--step {step}: is no step between {kind}, which {path} has; {PAGE}")


def _refuse_other_calendar(one: Timed, path: Path, step: str) -> None:
    """Refuse rows that cannot go on as steps of a calendar, whose time stamps forecasts would have."""
    import pandas as pd

    if not isinstance(one.index, pd.DatetimeIndex):
        return
    if step.isdecimal():
        raise UserError(f"--step rows:{step}: is no step between time stamps, which {path} has; {PAGE}")
    if len(one.index) < ENOUGH or not is_step(step):
        return
    fault = _fault_of_calendar(one.index.tz_localize(None), step)
    if fault:
        raise UserError(
            f"{path}: series {one.name} has rows {fault}, from {one.index[0]} to {one.index[-1]}, which do not go on "
            f"in steps of {step} (rows:{step}); {PAGE}"
        )


def _fault_of_calendar(wall: pd.DatetimeIndex, step: str) -> str:
    """What tells that rows are none of a calendar's: they may leave steps out and lie beside them."""
    import numpy as np
    import pandas as pd

    time_of_day = (wall - wall.normalize()).value_counts(normalize=True)
    calendar = pd.DatetimeIndex(grid(wall[0], step, 6))
    if (calendar - calendar.normalize()).nunique() == 1 and time_of_day.iloc[0] < MOSTLY:
        return "at several times of day"
    apart = pd.Series(np.diff(wall.to_numpy("datetime64[s]"))).value_counts(normalize=True)
    typical = pd.Timedelta(apart.index[0])
    even = pd.Timedelta(np.median(np.diff(calendar.to_numpy("datetime64[s]"))))
    if apart.iloc[0] > MOSTLY and not even / NEAR <= typical <= even * NEAR:
        return f"{typical.days} days apart" if typical.days else f"{str(typical)[-8:]} hours apart"
    return "on Saturdays and Sundays too" if step == "B" and (wall.day_of_week > 4).mean() > SOME else ""


def _listed(series: Sequence[Timed], most: int = 5) -> str:
    shown = ", ".join(f"{one.name}: {find_step(one.index) or 'one row'}" for one in series[:most])
    return shown + (", …" if len(series) > most else "")


def _commonest(series: Sequence[Timed]) -> str:
    """The step of most series that are long enough to have one."""
    there = [one for one in series if len(one.index)]
    longest = max(series, key=lambda one: len(one.index))
    first = find_step(longest.index)
    if first and sum(first_fault(one.index, first) is None for one in there) > len(series) / 2:
        return first
    for rows in (ENOUGH, 2):
        found = [find_step(one.index) for one in series if len(one.index) >= rows]
        steps = [step for step in found if step]
        if steps:
            lengths = [length(step) for step in steps]
            return steps[lengths.index(max(lengths, key=lengths.count))]
    return "1" if is_numbered(series[0].index) else "D"


def _fits(one: Timed, step: str) -> str | None:
    """The name of the step as this series has it, perhaps on another day, perhaps with gaps; None if it has another."""
    if not len(one.index) or first_fault(one.index, step) is None:
        return step
    if len(one.index) == 1:
        return anchored(step, one.index[0])
    own = find_step(one.index)
    if not own:
        return step
    if length(own) == length(step):
        return own
    regular = len(one.index) >= ENOUGH and first_fault(one.index, own) is None
    here = anchored(step, one.index[0])
    if regular or here is None or share_on_grid(one.index, here) < 1:
        return None
    return here if share_there(one.index, here) >= SHARE_THERE else None


def _as_model(one: Timed, step: str, path: Path) -> Timed:
    fits = _fits(one, step) if is_step(step) else step
    if fits is None:
        own = find_step(one.index)
        raise UserError(
            f"{path}: series {one.name} has the step {own} (from {one.index[0]} to {one.index[-1]}), and the model "
            f"forecasts steps of {step}; {PAGE}"
        )
    return replace(one, step=fits)
