from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from datasets.errors import UserError
from datasets.series.filling import fill_steps
from datasets.series.steps import ahead, find_step, first_fault, is_step, length
from datasets.series.time_series import TimeSeries


@pytest.mark.parametrize("step", ["h", "15min", "D", "B", "MS", "ME", "QS", "YS", "W-SUN"])
def test_the_step_is_found_and_goes_on(step: str) -> None:
    time = pd.date_range("2023-01-01", periods=30, freq=step)
    found = find_step(time[:25])
    assert pd.date_range(time[24], periods=6, freq=found)[1:].tolist() == time[25:].tolist()


@pytest.mark.parametrize("step", ["h", "D", "B", "MS", "ME"])
def test_the_step_is_found_despite_a_gap_and_the_gap_too(step: str) -> None:
    time = pd.date_range("2023-01-02", periods=30, freq=step).delete(17)
    found = find_step(time)
    fault = first_fault(time, found)
    assert fault is not None
    row, what = fault
    assert row == 17
    assert str(time[16]) in what
    assert first_fault(time[:17], found) is None


@pytest.mark.parametrize("step", ["h", "15min", "D", "3D", "W-SUN", "W-WED", "MS"])
def test_a_gap_changes_nothing_about_the_name_of_a_step(step: str) -> None:
    time = pd.date_range("2023-01-01 06:00", periods=30, freq=step)
    assert find_step(time.delete([7, 20])) == find_step(time) == step


def test_steps_of_a_week_that_begin_on_several_days_have_no_weekday() -> None:
    assert find_step(pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-16", "2024-01-23"])) == "7D"


def test_filling_gives_every_step() -> None:
    time = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 04:00"])
    table = pd.DataFrame({"y": [1.0, 2.0, 8.0]}, index=time)
    expected = {"last": [1, 2, 2, 2, 8], "linear": [1, 2, 4, 6, 8], "zero": [1, 2, 0, 0, 8]}
    assert {how: fill_steps(table, "h", how, "a")["y"].tolist() for how in expected} == expected


def test_filling_refuses_to_make_up_a_series() -> None:
    time = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 00:01", "2025-01-01 00:00"])
    with pytest.raises(UserError, match="would make 527,041 of 3 rows"):
        fill_steps(pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=time), "min", "last", "a")


def test_times_ahead() -> None:
    time = np.datetime64("2024-01-01", "s") + np.arange(3) * np.timedelta64(3600, "s")
    series = TimeSeries("a", np.zeros((3, 1)), time, "h", np.zeros((3, 0)), np.zeros((3, 0)), ("u",))
    ahead = series.times_ahead(2)
    assert ahead is not None
    assert [str(time) for time in ahead] == ["2024-01-01T03:00:00", "2024-01-01T04:00:00"]


@pytest.mark.parametrize("day", [15, 28, 29, 30, 31])
@pytest.mark.parametrize(("months", "name"), [(1, "MS"), (3, "QS"), (12, "YS"), (6, "6MS"), (24, "2YS")])
def test_months_on_any_day(months: int, name: str, day: int) -> None:
    first = pd.Timestamp(2021, 1, 1)
    time = pd.DatetimeIndex([first + pd.DateOffset(months=months * n, day=day) for n in range(30)]).as_unit(
        "s"
    )
    found = find_step(time[:20])
    if day < 31:
        assert found == f"{name}-{day}"
    assert first_fault(time, found) is None
    assert ahead(time[19], found, 10).tolist() == time[20:].tolist()
    assert find_step(time.delete([5, 9])) == found
    assert length(found) == f"{months} months"


def test_steps_come_after_a_time_that_is_none() -> None:
    saturday = pd.Timestamp("2024-01-06")
    assert ahead(saturday, "B", 2).tolist() == [pd.Timestamp("2024-01-08"), pd.Timestamp("2024-01-09")]
    assert ahead(pd.Timestamp("2024-01-15"), "MS", 1).tolist() == [pd.Timestamp("2024-02-01")]


def test_days_begin_later_where_clocks_jump_over_midnight() -> None:
    days = pd.date_range(
        "2017-10-10", periods=10, freq="D", tz="America/Sao_Paulo", nonexistent="shift_forward"
    )
    assert find_step(days) == "D"
    assert [str(day) for day in ahead(days[3], "D", 3)] == [
        "2017-10-14 00:00:00-03:00", "2017-10-15 01:00:00-02:00", "2017-10-16 00:00:00-02:00",
    ]  # fmt: skip


def test_names_of_steps() -> None:
    assert all(
        map(is_step, ["h", "15min", "D", "B", "W", "W-MON", "MS", "MS-15", "2QE", "BME", "3", "36525D"])
    )
    assert not any(map(is_step, ["", "x", "0D", "-1D", "0MS", "0", "fortnight"]))
    too_long = [
        "999999999999D",
        "9" * 30 + "D",
        "99999999999h",
        "999999999MS",
        "101YS",
        "9999999B",
        "9" * 5000,
    ]
    assert not any(map(is_step, [*too_long, "ns", "1500ms", "us"]))


def test_days_of_24_hours_are_no_days_of_a_zone_whose_clocks_change() -> None:
    hours = pd.date_range("2024-03-29", periods=5, freq="24h", tz="Europe/Paris")
    fault = first_fault(hours, "D")
    assert fault is not None
    assert fault[0] == 3
