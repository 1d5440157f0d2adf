"""The step that the series of a table have in common, and the odd ones that have another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError, listed, see
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
PAGE = see("Steps, gaps and filling")


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
            for timed in series:
                _refuse_other_calendar(timed, path, columns.named_step)
        return [replace(timed, step=columns.named_step) for timed in series], []
    if columns.learnt and columns.step and not is_numbered(series[0].index):
        return [_as_model(timed, columns.step, path) for timed in series], []
    if columns.step and not columns.learnt:
        _refuse_other_kind(series[0], path, columns.step)
        return [
            replace(timed, step=anchored(columns.step, timed.index[0]) or columns.step) for timed in series
        ], []
    step = _commonest(series)
    fitting = [replace(timed, step=fits) for timed in series if (fits := _fits(timed, step)) is not None]
    kept = {timed.name for timed in fitting}
    odd = [timed for timed in series if timed.name not in kept]
    if len(fitting) <= len(odd) or (odd and columns.learnt):
        raise UserError(
            f"{path}: series have different steps ({_with_steps(series)}); give a file a step, or --step; {PAGE}"
        )
    if not odd:
        return fitting, []
    return fitting, [f"left out: {len(odd)} series of another step than {step} ({_with_steps(odd)})"]


def _refuse_other_kind(timed: Timed, path: Path, step: str) -> None:
    if step.isdecimal() != is_numbered(timed.index):
        kind = "whole numbers" if is_numbered(timed.index) else "time stamps"
        raise UserError(f"--step {step}: is no step between {kind}, which {path} has; {PAGE}")


def _refuse_other_calendar(timed: Timed, path: Path, step: str) -> None:
    """Refuse rows that cannot go on as steps of a calendar, whose time stamps forecasts would have."""
    import pandas as pd

    if not isinstance(timed.index, pd.DatetimeIndex):
        return
    if step.isdecimal():
        raise UserError(f"--step rows:{step}: is no step between time stamps, which {path} has; {PAGE}")
    if len(timed.index) < ENOUGH or not is_step(step):
        return
    fault = _fault_of_calendar(timed.index.tz_localize(None), step)
    if fault:
        raise UserError(
            f"{path}: series {timed.name} has rows {fault}, from {timed.index[0]} to {timed.index[-1]}, "
            f"which do not go on in steps of {step} (rows:{step}); {PAGE}"
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


def _with_steps(series: Sequence[Timed]) -> str:
    """The first series, each with its step."""
    return listed([f"{timed.name}: {find_step(timed.index) or 'one row'}" for timed in series])


def _commonest(series: Sequence[Timed]) -> str:
    """The step of most series that are long enough to have one."""
    there = [timed for timed in series if len(timed.index)]
    longest = max(series, key=lambda timed: len(timed.index))
    first = find_step(longest.index)
    if first and sum(first_fault(timed.index, first) is None for timed in there) > len(series) / 2:
        return first
    for rows in (ENOUGH, 2):
        found = [find_step(timed.index) for timed in series if len(timed.index) >= rows]
        steps = [step for step in found if step]
        if steps:
            lengths = [length(step) for step in steps]
            return steps[lengths.index(max(lengths, key=lengths.count))]
    return "1" if is_numbered(series[0].index) else "D"


def _fits(timed: Timed, step: str) -> str | None:
    """The name of the step as this series has it, perhaps on another day, perhaps with gaps; None if it has another."""
    if not len(timed.index) or first_fault(timed.index, step) is None:
        return step
    if len(timed.index) == 1:
        return anchored(step, timed.index[0])
    own = find_step(timed.index)
    if not own:
        return step
    if length(own) == length(step):
        return own
    regular = len(timed.index) >= ENOUGH and first_fault(timed.index, own) is None
    here = anchored(step, timed.index[0])
    if regular or here is None or share_on_grid(timed.index, here) < 1:
        return None
    return here if share_there(timed.index, here) >= SHARE_THERE else None


def _as_model(timed: Timed, step: str, path: Path) -> Timed:
    fits = _fits(timed, step) if is_step(step) else step
    if fits is None:
        own = find_step(timed.index)
        raise UserError(
            f"{path}: series {timed.name} has the step {own} (from {timed.index[0]} to {timed.index[-1]}), "
            f"and the model forecasts steps of {step}; {PAGE}"
        )
    return replace(timed, step=fits)
