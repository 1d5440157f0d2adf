from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.probe.tables import Results, markdown, table_by_lag, write_text

COLUMNS, KEY = ("cell", "rate", "solved", "score"), ("cell", "rate")


def row(cell: str = "gru", rate: float = 0.1, solved: bool = True, score: float = 1.5) -> dict[str, object]:
    return {"cell": cell, "rate": rate, "solved": solved, "score": score}


def test_rows_are_found_again_by_their_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "table.csv"
    Results(path, COLUMNS, KEY).add([row(rate=0.1 + 0.2, score=1 / 3), row("lstm")])
    again = Results(path, COLUMNS, KEY)
    assert again.find(row(rate=0.1 + 0.2)) == [row(rate=0.1 + 0.2, score=1 / 3)]
    assert again.find(row("none")) == []
    assert bool(again.find(row("lstm"))[0]["solved"]) is True


def test_a_row_takes_the_place_of_the_one_with_its_key(tmp_path: Path) -> None:
    results = Results(tmp_path / "table.csv", COLUMNS, KEY)
    results.add([row(score=1.0), row("lstm")])
    results.add([row(score=2.0)])
    assert sorted((row["cell"], row["score"]) for row in results.rows) == [("gru", 2.0), ("lstm", 1.5)]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "", "cell,rate,solved,score\n1,2\n3,4,5,6,7\n"])
def test_another_table_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(UserError, match=r"table\.csv .*; remove it or name another --out"):
        Results(path, COLUMNS, KEY)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="a file is in the way"):
        write_text(tmp_path / "file" / "a.md", "text")


def test_markdown_cells_hold_their_bars() -> None:
    assert markdown(["a", "b"], [["x|y", 1]]) == "| a | b |\n| --- | --- |\n| x\\|y | 1 |"


def test_shares_are_of_the_first_gradient_that_arrives() -> None:
    """At the last state of a cell whose output is none of its states that is the one of the step before."""
    frame = pd.DataFrame({"cell": "lru", "lag": range(6), "norm": [0.0, 4.0, 3.0, 2.0, 2.0, 1.0]})
    assert table_by_lag(frame, {"cell": "cell"}).splitlines()[-1] == "| lru | 1.0e+00 | 2.5e-01 | 0.707 |"
