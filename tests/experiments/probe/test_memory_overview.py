from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.probe import memory_overview

ROWS = [
    ("order", 20, "gru", "chrono", 0, True, 4_000),
    ("order", 20, "gru", "chrono", 1, True, 6_000),
    ("order", 100, "gru", "chrono", 0, True, 9_000),
    ("order", 100, "gru", "chrono", 1, False, 30_000),
    ("order", 20, "gru", "cell", 0, False, 30_000),
    ("order", 100, "gru", "cell", 0, True, 20_000),
    ("order", 100, "gru", "cell", 1, True, 22_000),
    ("order", 100, "gru", "cell", 2, False, 30_000),
    ("adding", 20, "vanilla", "any", 0, False, 30_000),
]


@pytest.fixture
def frame() -> pd.DataFrame:
    columns = ["problem", "length", "cell", "start", "seed", "solved", "sequences"]
    return pd.DataFrame(ROWS, columns=columns).assign(budget=30_000)


def test_a_line_for_each_cell_and_start_a_column_for_each_problem_and_length(frame: pd.DataFrame) -> None:
    seen = memory_overview.overview(frame)
    assert seen.lines == ["vanilla", "gru", "gru (chrono)"]
    assert seen.columns == ["order 20", "order 100", "adding 20"]
    assert seen.shares.tolist() == [["", "", "0 of 1"], ["0 of 1", "2 of 3", ""], ["2 of 2", "1 of 2", ""]]
    np.testing.assert_array_equal(
        seen.sequences, [[np.nan] * 3, [np.nan, 22_000, np.nan], [5_000, np.nan, np.nan]]
    )


def test_the_table_says_how_many_seeds_where_not_all_solved_it(frame: pd.DataFrame) -> None:
    assert memory_overview.table(frame).splitlines()[2:] == [
        "| vanilla |  |  | – |",
        "| gru | – | 22,000 (2 of 3) |  |",
        "| gru (chrono) | 5,000 | (1 of 2) |  |",
    ]


def test_the_map_is_drawn(frame: pd.DataFrame, tmp_path: Path) -> None:
    memory_overview.draw(frame, tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 1000
