"""What filling makes of gaps, and of which of it later values are a part."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import datasets
from datasets.series.filling import hindsight

FIELDS = ("series", "start")


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("linear", ([1, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 1, 0])),
        ("last", ([1, 0, 0, 0, 0, 0, 0], [0] * 7)),
        ("zero", ([0] * 7, [0] * 7)),
    ],
)
def test_what_is_filled_from_later_values(how: str, expected: tuple[list[int], list[int]]) -> None:
    one = np.array([1, 0, 1, 1, 0, 0, 1], bool)  # at the start, in the middle, at the end
    other = np.array([0, 0, 0, 0, 0, 1, 0], bool)
    found = hindsight(np.stack([one, other], axis=1), how).astype(int)
    assert found[:, 0].tolist() == expected[0]
    assert found[:, 1].tolist() == expected[1]
    assert not hindsight(np.zeros((3, 2), bool), how).any()


@pytest.mark.parametrize("wide", [True, False])
def test_a_series_says_where_its_filling_looked_ahead(tmp_path: Path, wide: bool) -> None:
    cells = ["" if n in (7, 8, 30) else f"{n * n % 11}.5" for n in range(40)]
    path = tmp_path / "t.csv"
    if wide:
        path.write_text("V1," + ",".join(f"V{n + 2}" for n in range(40)) + "\na," + ",".join(cells) + "\n")
    else:
        path.write_text("time,y\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)))
    found = {}
    for fill in ("linear", "last"):
        data = datasets.load(str(path), FIELDS, {"fill": fill})
        example = next(iter(data.test or ()))
        found[fill] = example["series"].hindsight
    assert np.argwhere(found["linear"]).tolist() == [[7, 0], [8, 0], [30, 0]]
    assert found["last"] is None


def test_a_gap_is_that_of_its_variable_but_one_of_a_past_covariate_of_all(tmp_path: Path) -> None:
    rows = [f"{n},{'' if n == 9 else n % 5},{n % 7},{'' if n == 20 else n % 3}" for n in range(40)]
    (tmp_path / "t.csv").write_text("time,a,b,p\n" + "\n".join(rows) + "\n")
    data = datasets.load(str(tmp_path / "t.csv"), FIELDS, {"fill": "linear", "past_columns": ("p",)})
    marked = next(iter(data.test or ()))["series"].hindsight
    assert np.argwhere(marked).tolist() == [[9, 0], [20, 0], [20, 1]]
