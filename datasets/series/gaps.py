"""Rows of a series that are not at even steps: what is refused, and what is advised."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError
from datasets.series.columns import Columns
from datasets.series.common_step import PAGE, Timed
from datasets.series.filling import MOST_MADE_UP, WAYS
from datasets.series.steps import are_seconds, first_fault, lost_rows, share_there
from datasets.series.time_stamps import Stamps
from datasets.series.zones import is_hour_forward

if TYPE_CHECKING:
    import pandas as pd

CUT_SECONDS = "parts of a second are not kept"


@dataclass(frozen=True)
class Gaps:
    """Where the rows of a series are not one step apart.

    Attributes:
        path: the file, for messages.
        columns: how it is read.
        stamps: of all its rows, None where there are none.
        timed: the series.
    """

    path: Path
    columns: Columns
    stamps: Stamps | None
    timed: Timed

    @property
    def index(self) -> pd.Index:
        """The series' time stamps or whole numbers, in their order."""
        return self.timed.index

    def refuse_duplicates(self) -> None:
        """Refuse a time stamp that comes twice."""
        again = self.index.duplicated()
        if again.any():
            row = int(again.argmax())
            raise UserError(
                f"{self.path} line {self.timed.lines[row]}: series {self.timed.name} has {self.index[row]} twice"
                f"{self._why_twice(self.index[row])}; {PAGE}"
            )

    def _why_twice(self, stamp: object) -> str:
        """What may be the reason that a time stamp comes twice, and what to do."""
        import pandas as pd

        if self.columns.learnt:
            return "; remove one"
        remove = "; remove one, or name the series' column with --id-column"
        if self.stamps is not None and self.stamps.finer:
            return f"; {CUT_SECONDS}, give --step rows{remove}"
        is_hour = isinstance(stamp, pd.Timestamp) and stamp.tz is None and stamp != stamp.normalize()
        return (", as where clocks are put back: then give --time-zone" if is_hour else "") + remove

    def refuse_gaps(self) -> None:
        """Refuse steps that are not there; filling is advised only where few are missing."""
        steps_count = len(self.index) and not self.columns.rows_are_steps
        fault = first_fault(self.index, self.timed.step) if steps_count else None
        if fault is None:
            return
        row, what = fault
        place = f"{self.path} line {self.timed.lines[row]}: series {self.timed.name}: {what}"
        if self._cut_seconds():
            rows = "" if self.columns.learnt else ", give --step rows"
            raise UserError(f"{place}; {CUT_SECONDS}{rows}; {PAGE}")
        missing = 1 - share_there(self.index, self.timed.step)
        if 0 < missing <= MOST_MADE_UP:
            learnt = self.columns.learnt
            or_rows = "" if learnt else ", or --step rows if each row is a step"
            forward = (
                not learnt
                and row > 0
                and is_hour_forward(self.index[row - 1], self.index[row], self.timed.step)
            )
            zone = "as where clocks are put forward: then give --time-zone; else " if forward else ""
            raise UserError(f"{place}; {zone}give {WAYS}{or_rows}; {PAGE}")
        raise UserError(f"{place}; {self.misread(missing)}")

    def _cut_seconds(self) -> bool:
        """Whether the parts of a second that are not kept may be those of the steps."""
        return self.stamps is not None and self.stamps.finer and are_seconds(self.timed.step)

    def refuse_between_steps(self) -> None:
        """Refuse rows that lie on no step: filling would put made-up values in their place."""
        fault = lost_rows(self.index, self.timed.step)
        if fault is not None:
            row, what = fault
            give = (
                ""
                if self.columns.learnt
                else ", or give another --step, or --step rows if each row is a step"
            )
            place = f"{self.path} line {self.timed.lines[row]}: series {self.timed.name}"
            raise UserError(f"{place}: {what}; correct the time stamps{give}; {PAGE}")
        if self._cut_seconds():
            self.refuse_gaps()

    def misread(self, missing: float) -> str:
        """That filling would make up too much: how the time stamps were read, and what to give if that is wrong."""
        how = "numbered rows" if self.stamps is None else self.stamps.how
        share = (
            f"{missing:.0%} of the steps would be made up"
            if missing > 0
            else "the rows are not at even steps"
        )
        more = " or --step; --step rows takes each row as a step"
        give = "--date-format or --day-first" if self.columns.learnt else f"--date-format, --day-first{more}"
        return (
            f"{share}: the time stamps were read as {how}, from {self.index[0]} to {self.index[-1]} with "
            f"the step {self.timed.step}; if that is wrong give {give}; {PAGE}"
        )
