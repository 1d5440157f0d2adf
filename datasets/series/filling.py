"""Steps and values that are missing: filled where that is asked for and not too much would be made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import UserError
from datasets.series.steps import count, grid

if TYPE_CHECKING:
    import pandas as pd

MOST_FILLED = 20  # times as many steps after filling as before; more means that the step was misread
MOST_MADE_UP = 0.2  # of the values of a column
WAYS = "--fill last, linear or zero"


class TooMuchMadeUp(UserError):
    """More of a series would be made up than may be; other series of its table may do without it."""


def fill_steps(table: pd.DataFrame, step: str, how: str, name: str) -> pd.DataFrame:
    """The table, indexed by time or by whole numbers, at every step; steps and values that are missing are filled.

    Args:
        how: `last` repeats the last value, `linear` joins the neighbours in time, `zero` takes 0.

    Raises:
        UserError: if most of the steps would be made up.
    """
    steps = count(table.index[0], table.index[-1], step)
    if steps > MOST_FILLED * len(table):
        raise UserError(
            f"series {name}: the step {step} would make {steps:,} of {len(table):,} rows; are these times right?"
        )
    every = grid(table.index[0], step, steps)
    union = table.reindex(table.index.union(every))
    if how == "linear":
        union = union.interpolate("index", limit_area="inside")
    elif how == "last":
        union = union.ffill()
    filled = union.reindex(every)
    return filled.fillna(0.0) if how == "zero" else filled.ffill().bfill()


def made_up(table: pd.DataFrame, every: pd.Index) -> pd.DataFrame:
    """Which cells of a table, indexed by time, are not there at these steps."""
    return table.reindex(every).isna()


def hindsight(missing: np.ndarray, how: str) -> np.ndarray:
    """What was filled from what comes later, `(steps, columns)` bool.

    That is each missing value in the middle where its neighbours on both sides are joined (`linear`), and one before
    the first that is known, unless it is 0.

    Args:
        missing: `(steps, columns)` bool.
        how: see `fill_steps`.
    """
    known = ~missing
    before = known.cumsum(axis=0) > 0
    after = known[::-1].cumsum(axis=0)[::-1] > 0
    return {"linear": missing & after, "last": missing & after & ~before}.get(how, np.zeros_like(missing))


def fault_of_share(missing: pd.DataFrame) -> tuple[int, float] | None:
    """The position of the column of which most would be made up, and its share, where that is more than may be."""
    if not missing.size:
        return None
    shares = missing.mean()
    return None if shares.max() <= MOST_MADE_UP else (int(shares.idxmax()), float(shares.max()))
