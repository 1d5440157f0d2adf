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


HOURS = [
    str(hour)[:16]
    for hour in pd.date_range("2024-03-28", periods=200, freq="h")
    if str(hour)[:13] != "2024-03-31 02"
]
QUARTERS = [
    str(time)[:16]
    for time in pd.date_range("2024-03-30", periods=200, freq="15min")
    if str(time)[:13] != "2024-03-31 02"
]
MONTHS = [
    str(day)[:10] for day in pd.date_range("2020-01-15", periods=40, freq=pd.DateOffset(months=1)).delete(7)
]
ORDINARY = [
    str(hour)[:16]
    for hour in pd.date_range("2024-03-28", periods=200, freq="h")
    if str(hour)[:13] != "2024-03-29 14"
]


@pytest.mark.parametrize(
    ("dates", "forward"), [(HOURS, True), (QUARTERS, True), (ORDINARY, False), (MONTHS, False)]
)
def test_the_hour_that_clocks_jump_over_needs_a_zone(tmp_path: Path, dates: list[str], forward: bool) -> None:
    message = fault(tmp_path, dates, Columns())
    assert ("as where clocks are put forward: then give --time-zone" in message) == forward
    assert "give --fill" in message


@pytest.mark.parametrize("fill", ["none", "last"])
@pytest.mark.parametrize("milliseconds", [1100, 1250, 2700])
def test_parts_of_a_second_are_not_filled(tmp_path: Path, milliseconds: int, fill: str) -> None:
    dates = [str(time) for time in pd.date_range("2024-01-01", periods=120, freq=f"{milliseconds}ms")]
    message = fault(tmp_path, dates, Columns(fill=fill))
    assert "parts of a second are not kept, give --step rows" in message or "on no step of" in message


@pytest.mark.parametrize(
    ("dates", "step", "message"),
    [
        (dated("2024-06-03", 30, "h", MINUTES), "B", "has rows at several times of day"),
        (dated("2024-06-03", 30, "D"), "B", "has rows on Saturdays and Sundays too"),
        (dated("2024-06-03", 30, "W-MON"), "B", "has rows 7 days apart"),
        (dated("2024-06-03", 30, "D"), "MS", "has rows 1 days apart"),
        (dated("2024-06-03", 30, "h", MINUTES), "15min", "has rows 01:00:00 hours apart"),
        (dated("2024-06-03", 30, "D"), "3", "--step rows:3: is no step between time stamps"),
    ],
)
@pytest.mark.parametrize("learnt", [True, False])
def test_rows_go_on_in_a_calendar_of_their_kind(
    tmp_path: Path, dates: list[str], step: str, message: str, learnt: bool
) -> None:
    known = ("y",) if learnt else ()
    assert message in fault(tmp_path, dates, Columns(values=known, step=f"rows:{step}", learnt=learnt))


@pytest.mark.parametrize(
    ("dates", "step"),
    [
        (["2024-05-31", "2024-06-03", "2024-06-04"], "B"),
        ([*dated("2024-01-01", 60, "B"), "2024-04-06"], "B"),
        (dated("2024-01-01 16:00", 30, "B", MINUTES), "B"),
        (dated("2024-01-01", 30, "BMS"), "MS"),
        (dated("2024-01-01", 30, "ME"), "MS-15"),
        (dated("2024-06-03", 2, "h", MINUTES), "B"),
    ],
)
def test_rows_of_about_the_steps_of_a_calendar_follow_it(tmp_path: Path, dates: list[str], step: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["ds,y", *(f"{date},{n}" for n, date in enumerate(dates, 1)), ""]))
    (series,) = read(path, Columns(step=f"rows:{step}"))
    assert (series.step, len(series)) == (step, len(dates))
