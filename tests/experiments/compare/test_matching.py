from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.compare.grid import Grid
from experiments.compare.matching import match_parameters, nearest_units, summary


@pytest.mark.parametrize("wanted", [1, 5, 99, 100, 101, 5000, 10**6])
def test_the_nearest_units_are_those_of_a_full_search(wanted: int) -> None:
    def count(units: int) -> int:
        return 3 * units * units + 7 * units + 20

    best = min(range(1, 1000), key=lambda units: abs(count(units) - wanted))
    assert nearest_units(count, wanted) == best


def test_few_models_are_counted() -> None:
    asked: list[int] = []

    def count(units: int) -> int:
        asked.append(units)
        return units * units

    nearest_units(count, 10_000)
    assert len(set(asked)) < 20


def test_what_no_number_of_units_reaches_is_told() -> None:
    with pytest.raises(UserError, match="would take more than"):
        nearest_units(lambda units: units, 10**9)


def test_what_was_matched_is_said_with_how_near() -> None:
    facts = {"gru": {"units": 5, "parameters": 1010, "difference": 0.01}}
    assert summary({"cells": facts}) == "gru 5 units, 1,010 parameters (+1.00%)"


def test_the_answer_comes_from_a_process_of_its_own(tmp_path: Path) -> None:
    """A data set that is not there: the process says so in one line, which names the task."""
    grid = Grid(tasks=("sentiment",), cells=("gru",), datasets=("none.csv",), match="parameters")
    with pytest.raises(UserError, match=r"sentiment: .*none\.csv"):
        match_parameters(grid, tmp_path)
