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
    [("linear", [1, 0, 1, 1, 0, 1, 0]), ("last", [1, 0, 0, 0, 0, 0, 0]), ("zero", [0] * 7)],
)
def test_what_is_filled_from_later_values(how: str, expected: list[int]) -> None:
    one = np.array([1, 0, 1, 1, 0, 0, 1], bool)  # at the start, in the middle, at the end
    other = np.array([0, 0, 0, 0, 0, 1, 0], bool)
    assert hindsight(np.stack([one, other], axis=1), how).astype(int).tolist() == expected
    assert not hindsight(np.zeros((3, 2), bool), how).any()


@pytest.mark.parametrize("wide", [True, False])
def test_a_series_says_where_its_filling_looked_ahead(tmp_path: Path, wide: bool) -> None:
    cells = ["" if n in (7, 8, 30) else f"{n * n % 11}.5" for n in range(40)]
    path = tmp_path / "t.csv"
    if wide:
        path.write_text("V1," + ",".join(f"V{n + 2}" for n in range(40)) + "\na," + ",".join(cells) + "\n")
    else:
        path.write_text("t,y\n" + "".join(f"{n},{cell}\n" for n, cell in enumerate(cells)))
    found = {}
    for fill in ("linear", "last"):
        data = datasets.load(str(path), FIELDS, {"fill": fill})
        example = next(iter(data.test or ()))
        found[fill] = example["series"].hindsight
    assert np.flatnonzero(found["linear"]).tolist() == [7, 8, 30]
    assert found["last"] is None
