"""Time series: values at regular steps, and when the next steps are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from datasets.series.steps import ahead
from datasets.series.time_stamps import UNSAID, Writing
from datasets.series.zones import zone_of

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class TimeSeries:
    """One series of one or many variables at regular steps.

    Attributes:
        name: its id.
        values: `(time, variables)` float64, all finite.
        time: `(time,)` datetime64[s], in UTC where there is a zone; None where steps are only numbered.
        step: its name (`h`, `D`, `MS-15`; see `datasets.series.steps`), empty where steps are only numbered.
        past: `(time, past covariates)`, known up to the moment of a forecast.
        future: `(time + ahead, future covariates)`, known also for the steps that are forecast; `ahead` steps more
            than values are there where a series is to be continued, none otherwise.
        variables, past_names, future_names: what the columns are called.
        made_up: `(time, variables)` bool, True for values that filling put in place of missing ones; None where
            nothing was filled.
        hindsight: `(time, variables)` bool, True where a value, or a past covariate beside it, was filled from what
            comes later, so that no forecast of this variable can begin behind it; None where there is none.
        zone: of the time stamps, such as `+09:00`; empty where they have none.
        numbers: the number of the first step and the distance of steps, where steps are only numbered.
        rows: the table's rows are the steps, whatever time lies between them.
        writing: how the cells of its table were written.
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
    zone: str = ""
    numbers: tuple[int, int] = (0, 1)
    rows: bool = False
    writing: Writing = Writing()  # noqa: RUF009  (frozen)
    hindsight: np.ndarray | None = field(default=None, metadata=UNSAID)

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
            hindsight=None if self.hindsight is None else self.hindsight[:stop],
        )

    @property
    def as_read(self) -> dict[str, tuple[str, ...]]:
        """What a model keeps of how its data were read, to read its inputs alike; `step` is kept beside it."""
        texts = (
            self.writing.date_format,
            self.writing.day_first,
            self.writing.decimal,
            self.writing.thousands,
        )
        return {
            "zone": (self.zone,), "rows": ("rows" if self.rows else "",), "writing": tuple(map(str, texts)),
        }  # fmt: skip

    def times_ahead(self, steps: int) -> np.ndarray | None:
        """The time stamps of the next steps, as `time`, `(steps,)`; None where steps are only numbered."""
        if self.time is None:
            return None
        stamps = self._stamps_ahead(steps)
        return (stamps if stamps.tz is None else stamps.tz_convert(None)).to_numpy("datetime64[s]")

    def labels_ahead(self, steps: int) -> list[str | int]:
        """The next steps as they are shown: time stamps in the zone of the series, or numbers."""
        if self.time is None:
            first, distance = self.numbers
            return [first + distance * (len(self) + step) for step in range(steps)]
        return [str(stamp) for stamp in self._stamps_ahead(steps)]

    def _stamps_ahead(self, steps: int) -> pd.DatetimeIndex:
        import pandas as pd

        return pd.DatetimeIndex(ahead(self.stamp(-1), self.step, steps))

    def stamp(self, position: int) -> pd.Timestamp:
        """The time stamp of a step, in the zone of the series."""
        import pandas as pd

        assert self.time is not None
        stamp = pd.Timestamp(self.time[position])
        return stamp.tz_localize("UTC").tz_convert(zone_of(self.zone)) if self.zone else stamp
