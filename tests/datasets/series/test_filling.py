"""Files whose rows are not at even steps: what is filled, what is refused, and what is advised."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from datasets.series.columns import Columns
from datasets.series.tables import read

MINUTES = "%Y-%m-%d %H:%M"


def dated(first: str, count: int, step: str, form: str = "%Y-%m-%d") -> list[str]:
    return [stamp.strftime(form) for stamp in pd.date_range(first, periods=count, freq=step)]


def fault(folder: Path, dates: Iterable[object], columns: Columns) -> str:
    path = folder / "t.csv"
    path.write_text("\n".join(["ds,y", *(f"{date},{n}" for n, date in enumerate(dates, 1)), ""]))
    with pytest.raises(UserError) as caught:
        read(path, columns)
    return str(caught.value)


LATE = [day.replace("05:00", "05:01") for day in dated("2024-01-01", 120, "10min", MINUTES)]


@pytest.mark.parametrize("fill", ["last", "linear", "zero"])
@pytest.mark.parametrize(
    ("dates", "step", "message"),
    [
        (
            dated("2024-01-01", 120, "D"),
            "W",
            "line 3: series t: 102 rows are on no step of W-MON, the first is 2024-01",
        ),
        (
            dated("2024-01-01", 48, "h", MINUTES),
            "D",
            "line 3: series t: 46 rows are on no step of D",
        ),
        (dated("2024-01-01", 30, "D"), "B", "line 7: series t: 8 rows are on no step of B"),
        (LATE, "", "line 32: series t: 1 row is on no step of 10min"),
        ([1, 2, 3, 5, 7], "2", "line 3: series t: 1 row is on no step of 2"),
    ],
)
def test_filling_loses_no_rows_between_steps(
    tmp_path: Path, dates: Iterable[object], step: str, message: str, fill: str
) -> None:
    assert message in fault(tmp_path, dates, Columns(step=step, fill=fill))
