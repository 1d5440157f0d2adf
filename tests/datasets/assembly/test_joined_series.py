from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from datasets.assembly.joined_series import joined
from datasets.base import FileName
from datasets.errors import UserError
from datasets.series.time_series import TimeSeries

PATH = Path("test.csv")


def days(name: str, first: str, length: int) -> TimeSeries:
    values = np.arange(float(length))[:, None]
    time = np.datetime64(first, "s") + np.arange(length) * np.timedelta64(86_400, "s")
    return TimeSeries(name, values, time, "D", values, values, ("y",), ("p",), ("f",))


def test_later_steps_come_behind_the_series_of_their_name() -> None:
    before = [days("a", "2024-01-01", 3), days("b", "2024-01-01", 2), days("c", "2024-01-01", 2)]
    after = [days("b", "2024-01-03", 4), days("a", "2024-01-04", 1), days("d", "2024-01-04", 1)]
    series, lengths, notes = joined(before, after, PATH)
    assert [one.values[:, 0].tolist() for one in series] == [[0, 1, 2, 0], [0, 1, 0, 1, 2, 3], [0, 1]]
    assert [len(part) for part in (series[1].past, series[1].future, series[1].time)] == [6, 6, 6]  # type: ignore[arg-type]
    assert lengths == {"a": 1, "b": 4, "c": 0}
    assert notes == [
        "test.csv has nothing of 1 series (c)",
        "test.csv: left out are 1 series that train lacks (d)",
    ]


def test_files_of_one_series_each_go_together_whatever_they_are_called() -> None:
    names = [FileName("train"), FileName("test")]
    series, lengths, _ = joined([days(names[0], "2024-01-01", 2)], [days(names[1], "2024-01-03", 2)], PATH)
    assert lengths == {"train": 2}
    assert series[0].values[:, 0].tolist() == [0, 1, 0, 1]


def test_what_is_made_up_stays_so() -> None:
    later = replace(days("a", "2024-01-03", 2), made_up=np.array([[False], [True]]))
    (series,), _, _ = joined([days("a", "2024-01-01", 2)], [later], PATH)
    assert series.made_up is not None
    assert series.made_up[:, 0].tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("later", "message"),
    [
        (days("z", "2024-01-03", 2), "its series \\(z\\) are none of those it should continue \\(a\\)"),
        (
            days("a", "2024-01-05", 2),
            "begins at 2024-01-05 00:00:00, and the step after .* is 2024-01-03 00:00:00",
        ),
        (
            replace(days("a", "2024-01-03", 2), variables=("x",)),
            "has the columns x, p, f, and .* have y, p, f",
        ),
        (
            replace(days("a", "2024-01-03", 2), time=None),
            "has no time stamps, and the series to continue has",
        ),
    ],
)
def test_what_does_not_go_on_is_refused(later: TimeSeries, message: str) -> None:
    with pytest.raises(UserError, match=message):
        joined([days("a", "2024-01-01", 2)], [later], PATH)


def numbered(first: int, distance: int, length: int) -> TimeSeries:
    return replace(days("a", "2024-01-01", length), time=None, step="", numbers=(first, distance))


def test_numbered_steps_go_on_from_the_last_one() -> None:
    (series,), _, _ = joined([numbered(10, 5, 4)], [numbered(30, 5, 2)], PATH)
    assert (len(series), series.numbers) == (6, (10, 5))
    assert joined([numbered(10, 5, 4)], [numbered(30, 1, 1)], PATH)[1] == {"a": 1}, "one step has no distance"
    assert joined([numbered(0, 1, 4)], [numbered(0, 1, 2)], PATH)[1] == {"a": 2}, "tables that number nothing"
    for later in (numbered(20, 5, 4), numbered(40, 5, 4), numbered(30, 10, 4)):
        with pytest.raises(
            UserError, match=r"has steps numbered .*, and those of the series to continue are 10, 15, … 25"
        ):
            joined([numbered(10, 5, 4)], [later], PATH)


def test_where_filling_looked_ahead_stays_known() -> None:
    later = replace(days("a", "2024-01-03", 2), hindsight=np.array([[True], [False]]))
    (series,), _, _ = joined([days("a", "2024-01-01", 2)], [later], PATH)
    assert series.hindsight is not None
    assert series.hindsight[:, 0].tolist() == [False, False, True, False]
    assert joined([days("a", "2024-01-01", 2)], [days("a", "2024-01-03", 2)], PATH)[0][0].hindsight is None
