from __future__ import annotations

import numpy as np
import pytest

from datasets.assembly.series import FIELDS, Cut, assemble
from datasets.base import Info
from datasets.errors import UserError
from datasets.series.time_series import TimeSeries


def series(length: int, name: str = "a") -> TimeSeries:
    values = np.arange(2.0 * length).reshape(length, 2)
    time = np.datetime64("2024-01-01", "s") + np.arange(length) * np.timedelta64(3600, "s")
    return TimeSeries(name, values, time, "h", values[:, :1], values[:, 1:], ("u", "v"), ("p",), ("f",))


def test_a_split_ends_where_the_next_one_begins_and_keeps_its_history() -> None:
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


def test_fractions_cut_where_multiplication_is_inexact() -> None:
    assert Cut(0.2, 0.2).ends(7588, "a") == (4552, 6070, 7588)
    assert Cut(0.3, 0.2).ends(100, "a") == (50, 80, 100)


def test_without_a_test_share_there_is_no_test_split() -> None:
    assert assemble(Info("x", FIELDS), [series(10)], Cut(0.2, 0.0)).test is None


def test_numbers_of_steps_leave_later_steps_out() -> None:
    assert Cut(steps=(3, 2, 1)).ends(10, "a") == (3, 5, 6)
    with pytest.raises(UserError, match="series a has 10 steps; --split-steps 6 3 2 asks for 11"):
        Cut(steps=(6, 3, 2)).ends(10, "a")


def test_a_series_that_has_too_few_steps_for_them_is_left_out_by_name() -> None:
    data = assemble(
        Info("x", FIELDS, notes=("read",)),
        [series(5, "new"), series(9), series(8, "b")],
        Cut(steps=(4, 2, 2)),
    )
    assert [example["series"].name for example in data.train] == ["a", "b"]
    assert data.info.notes == (
        "read", "1 of 3 series left out, for --split-steps takes 8 steps: new (5 steps)",
    )  # fmt: skip
    with pytest.raises(UserError, match="series a has 9 steps; --split-steps 6 3 2 asks for 11"):
        assemble(Info("x", FIELDS), [series(5, "new"), series(9)], Cut(steps=(6, 3, 2)))
