from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from datasets.assembly.series import FIELDS, Cut, TimeSeries, assemble, fill_steps, find_step, first_fault
from datasets.base import Info
from datasets.errors import UserError


def series(length: int, name: str = "a") -> TimeSeries:
    values = np.arange(2.0 * length).reshape(length, 2)
    time = np.datetime64("2024-01-01", "s") + np.arange(length) * np.timedelta64(3600, "s")
    return TimeSeries(name, values, time, "h", values[:, :1], values[:, 1:], ("u", "v"), ("p",), ("f",))


def test_a_split_ends_where_the_next_one_begins_and_keeps_its_history():
    data = assemble(Info("x", FIELDS), [series(10)], Cut(0.2, 0.3))
    spans = [
        (e["start"], len(e["series"])) for split in (data.train, data.valid, data.test or ()) for e in split
    ]
    assert spans == [(0, 5), (5, 7), (7, 10)]
    (valid,) = data.valid
    assert valid["series"].values[-1].tolist() == [12.0, 13.0]
    assert [len(part) for part in (valid["series"].time, valid["series"].past, valid["series"].future)] == [
        7
    ] * 3


def test_fractions_cut_where_multiplication_is_inexact():
    assert Cut(0.2, 0.2).ends(7588, "a") == (4552, 6070, 7588)
    assert Cut(0.3, 0.2).ends(100, "a") == (50, 80, 100)


def test_without_a_test_share_there_is_no_test_split():
    assert assemble(Info("x", FIELDS), [series(10)], Cut(0.2, 0.0)).test is None


def test_numbers_of_steps_leave_later_steps_out():
    assert Cut(steps=(3, 2, 1)).ends(10, "a") == (3, 5, 6)
    with pytest.raises(UserError, match="series a has 10 steps; --split-steps 6 3 2 asks for 11"):
        Cut(steps=(6, 3, 2)).ends(10, "a")


@pytest.mark.parametrize("step", ["h", "15min", "D", "B", "MS", "ME", "QS", "YS", "W-SUN"])
def test_the_step_is_found_and_goes_on(step: str):
    time = pd.date_range("2023-01-01", periods=30, freq=step)
    found = find_step(time[:25])
    assert pd.date_range(time[24], periods=6, freq=found)[1:].tolist() == time[25:].tolist()


@pytest.mark.parametrize("step", ["h", "D", "B", "MS", "ME"])
def test_the_step_is_found_despite_a_gap_and_the_gap_too(step: str):
    time = pd.date_range("2023-01-02", periods=30, freq=step).delete(17)
    found = find_step(time)
    fault = first_fault(time, found)
    assert fault is not None
    row, what = fault
    assert row == 17
    assert str(time[16]) in what
    assert first_fault(time[:17], found) is None


@pytest.mark.parametrize("step", ["h", "15min", "D", "3D", "W-SUN", "W-WED", "MS"])
def test_a_gap_changes_nothing_about_the_name_of_a_step(step: str):
    time = pd.date_range("2023-01-01 06:00", periods=30, freq=step)
    assert find_step(time.delete([7, 20])) == find_step(time) == step


def test_steps_of_a_week_that_begin_on_several_days_have_no_weekday():
    assert find_step(pd.to_datetime(["2024-01-01", "2024-01-08", "2024-01-16", "2024-01-23"])) == "7D"


def test_filling_gives_every_step():
    time = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 01:00", "2024-01-01 04:00"])
    table = pd.DataFrame({"y": [1.0, 2.0, 8.0]}, index=time)
    expected = {"last": [1, 2, 2, 2, 8], "linear": [1, 2, 4, 6, 8], "zero": [1, 2, 0, 0, 8]}
    assert {how: fill_steps(table, "h", how, "a")["y"].tolist() for how in expected} == expected


def test_filling_refuses_to_make_up_a_series():
    time = pd.DatetimeIndex(["2024-01-01 00:00", "2024-01-01 00:01", "2025-01-01 00:00"])
    with pytest.raises(UserError, match="would make 527,041 of 3 rows"):
        fill_steps(pd.DataFrame({"y": [1.0, 2.0, 3.0]}, index=time), "min", "last", "a")


def test_times_ahead():
    assert [str(time) for time in series(3).times_ahead(2)] == ["2024-01-01T03:00:00", "2024-01-01T04:00:00"]
