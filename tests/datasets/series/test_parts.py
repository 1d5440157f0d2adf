"""Time stamps of which the parts stand in columns of their own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from datasets.series.columns import Columns
from datasets.series.tables import SeriesTable, read_table
from datasets.series.time_series import TimeSeries

NOTHING = Columns()


def table(folder: Path, head: str, rows: Iterable[str], columns: Columns = NOTHING) -> SeriesTable:
    (folder / "t.csv").write_text("\n".join([head, *rows, ""]), "utf-8")
    return read_table(folder / "t.csv", columns)


def one(read: SeriesTable) -> TimeSeries:
    (series,) = read.series
    return series


def _numbered(first: str, count: int, step: str, form: str) -> list[str]:
    stamps = pd.date_range(first, periods=count, freq=step)
    return [f"{stamp.strftime(form)},{n}" for n, stamp in enumerate(stamps, 1)]


@pytest.mark.parametrize(
    ("head", "form", "step"),
    [
        ("year,month", "%Y,%m", "MS"),
        ("Month,Year", "%m,%Y", "MS"),
        ("year,month", "%y,%b", "MS"),
        ("연도,월", "%Y년,%m월", "MS"),
        ("year,month,day", "%Y,%m.0,%d.0", "D"),
        ("year,month,day", "%Y,%B,%d", "D"),
        ("year,month,day,hour", "%Y,%m,%d,%H", "h"),
        ("연도,월,일,시간", "%Y,%m,%d,%H시", "h"),
        ("year,month,day,time", "%Y,%m,%d,%H:%M", "h"),
        ("year,month,day,hour,minute", "%Y,%m,%d,%H,%M", "15min"),
        ("year,week", "%G,%V", "W-MON"),
        ("year,week", "%G,W%V", "W-MON"),
    ],
)
@pytest.mark.parametrize("values", [(), ("y",)])
def test_parts_of_time_stamps_may_be_columns(
    tmp_path: Path, head: str, form: str, step: str, values: tuple[str, ...]
) -> None:
    rows = [f"{n},{row}" for n, row in enumerate(_numbered("2024-01-01", 30, step, form), 1)]
    read = table(tmp_path, f"No,{head},y", rows, Columns(values=values))
    assert (one(read).step, one(read).variables) == (step, ("y",))
    assert str(one(read).time[0]) == "2024-01-01T00:00:00"  # type: ignore[index]
    assert any(note.startswith("time stamps are made of the columns ") for note in read.notes)


def test_parts_of_time_stamps_that_are_odd(tmp_path: Path) -> None:
    quarters = [f"{year},Q{quarter},1" for year in range(2001, 2005) for quarter in range(1, 5)]
    assert one(table(tmp_path, "year,quarter,y", quarters)).step == "QS"
    with pytest.raises(UserError, match="line 3: '2001-13' is no date"):
        table(tmp_path, "year,month,y", ["2001,12,1", "2001,13,1"])
    with pytest.raises(UserError, match="line 4: series t: after 2001-02-01"):
        table(tmp_path, "year,month,y", [f"2001,{month},1" for month in (1, 2, 4, 5, 6, 7)])
    with pytest.raises(UserError, match="twice; remove one, or name the series' column with --id-column"):
        table(tmp_path, "shop,year,month,y", ["1,2001,1,1", "2,2001,1,1"])
    months = [f"2001,{month},1" for month in range(1, 13)]
    asked = Columns(values=("y",), future=("month",))
    assert one(table(tmp_path, "year,month,y", months, asked)).time is None
    dates = [f"2024-01-0{day},2024,1,1" for day in range(1, 10)]
    assert one(table(tmp_path, "date,year,month,y", dates)).step == "D"
