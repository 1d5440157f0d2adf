"""Time series: values at regular steps, which step that is, and steps that are missing."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from datasets.errors import UserError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

#: Steps of the calendar that are no fixed number of seconds, tried where the commonest step does not fit.
CALENDAR_STEPS = ("B", "MS", "ME", "QS", "QE", "YS", "YE")
MOST_FILLED = 20  # times as many steps after filling as before; more means that the step was misread


@dataclass(frozen=True)
class TimeSeries:
    """One series of one or many variables at regular steps.

    Attributes:
        name: its id.
        values: `(time, variables)` float64, all finite.
        time: `(time,)` datetime64[s], or None where steps are only numbered.
        step: pandas' name of the step (`h`, `D`, `MS`), empty where steps are only numbered.
        past: `(time, past covariates)`, known up to the moment of a forecast.
        future: `(time + ahead, future covariates)`, known also for the steps that are forecast; `ahead` steps more
            than values are there where a series is to be continued, none otherwise.
        variables, past_names, future_names: what the columns are called.
        made_up: `(time, variables)` bool, True for values that filling put in place of missing ones; None where
            nothing was filled.
    """

    name: str
    values: np.ndarray
    time: np.ndarray | None
    step: str
    past: np.ndarray
    future: np.ndarray
    variables: tuple[str, ...]
    past_names: tuple[str, ...] = ()
    future_names: tuple[str, ...] = ()
    made_up: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    def until(self, stop: int) -> TimeSeries:
        """The first `stop` steps, without copying them."""
        return replace(
            self,
            values=self.values[:stop],
            time=None if self.time is None else self.time[:stop],
            past=self.past[:stop],
            future=self.future[:stop],
            made_up=None if self.made_up is None else self.made_up[:stop],
        )

    def times_ahead(self, steps: int) -> np.ndarray | None:
        """The time stamps of the next steps, `(steps,)` datetime64[s]; None where steps are only numbered."""
        if self.time is None:
            return None
        import pandas as pd

        return pd.date_range(self.time[-1], periods=steps + 1, freq=self.step)[1:].to_numpy("datetime64[s]")


def find_step(time: pd.DatetimeIndex) -> str:
    """Pandas' name of the step between rising time stamps, which may have gaps.

    It is a step of the calendar (business days, months, …) where all stamps fit one, else the most frequent difference.
    """
    import pandas as pd

    if len(time) < 2:
        return "D"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas 4 will give an offset, pandas 3 gives its name
        exact = pd.infer_freq(time) if len(time) > 2 else None
    if exact is not None:
        return getattr(exact, "freqstr", exact)
    for calendar in CALENDAR_STEPS:
        grid = pd.date_range(time[0], time[-1], freq=calendar)
        if len(time) > 2 and time.isin(grid).all() and len(time) >= 0.5 * len(grid):
            return calendar
    return _step_of(pd.Series(time).diff().mode()[0], time)


def _step_of(difference: pd.Timedelta, time: pd.DatetimeIndex) -> str:
    """The step of a fixed length, called as `pandas.infer_freq` calls it: `D`, not `24h`; `W-SUN`, not `168h`."""
    import pandas as pd

    days = difference / pd.Timedelta(days=1)
    if days == 7 and time.day_of_week.nunique() == 1:
        return f"W-{time[0]:%a}".upper()
    if days == int(days):
        return f"{int(days)}D" if days > 1 else "D"
    return pd.tseries.frequencies.to_offset(difference).freqstr


def first_fault(time: pd.DatetimeIndex, step: str) -> tuple[int, str] | None:
    """The first row that does not come one step after the row before it, and what is wrong there."""
    import pandas as pd

    expected = pd.date_range(time[0], periods=len(time), freq=step)
    wrong = (time != expected).nonzero()[0]
    if not len(wrong):
        return None
    row = int(wrong[0])
    return row, f"after {time[row - 1]} comes {time[row]} where {expected[row]} is expected (step {step})"


def fill_steps(table: pd.DataFrame, step: str, how: str, name: str) -> pd.DataFrame:
    """The table, indexed by time, at every step; steps and values that are missing are filled.

    Args:
        how: `last` repeats the last value, `linear` joins the neighbours in time, `zero` takes 0.

    Raises:
        UserError: if most of the steps would be made up.
    """
    import pandas as pd

    grid = pd.date_range(table.index[0], table.index[-1], freq=step)
    if len(grid) > MOST_FILLED * len(table):
        raise UserError(
            f"series {name}: the step {step} would make {len(grid):,} of {len(table):,} rows; are these times right?"
        )
    union = table.reindex(table.index.union(grid))
    if how == "linear":
        union = union.interpolate("time", limit_area="inside")
    elif how == "last":
        union = union.ffill()
    filled = union.reindex(grid)
    return filled.fillna(0.0) if how == "zero" else filled.ffill().bfill()
