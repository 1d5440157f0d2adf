from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from datasets.formats.number_files import Columns, archive_splits, read_numbers
from datasets.formats.tables import Format


def write(path: Path, **arrays: object) -> Path:
    np.savez(path, **{name: np.asarray(value) for name, value in arrays.items()})  # type: ignore[arg-type]
    return path


def read(
    path: Path, split: str | None = None, labelled: bool = True
) -> list[tuple[int, list[object], object]]:
    found = read_numbers(path, Format(), Columns(), labelled, split)
    return [(number, values.tolist(), label) for number, values, label in found]


def test_series_of_one_or_more_channels_and_of_several_lengths(tmp_path: Path) -> None:
    one = write(tmp_path / "a.npz", x=[[1, 2], [3, 4]], y=["up", "down"])
    assert read(one) == [(0, [[1], [2]], "up"), (1, [[3], [4]], "down")]
    two = write(tmp_path / "b.npz", X=np.ones((1, 3, 2)), label=[7], lengths=[2])
    assert read(two) == [(0, [[1, 1], [1, 1]], "7")]
    assert read(two, labelled=False) == [(0, [[1, 1], [1, 1]], None)]


def test_an_archive_may_hold_the_splits(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", x_train=[[1.0]], y_train=[0], x_test=[[2.0]], y_test=[1])
    assert archive_splits(path) == ["train", "test"]
    assert read(path, "test") == [(0, [[2]], "1")]
    assert archive_splits(write(tmp_path / "b.npz", x=[[1.0]], y=[0])) == []


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"y": [1]}, "has no array 'x', but y"),
        ({"x": [1.0], "y": [1]}, "not numbers (series, time, channels)"),
        ({"x": [["a"]], "y": [1]}, "not numbers"),
        ({"x": [[1.0]], "y": [1, 2]}, "one for each of 1 series"),
        ({"x": [[1.0]], "y": [1], "length": [2]}, "a whole number from 1 to 1"),
        ({"x": [[np.inf]], "y": [1]}, "item 0: has a value that is not a finite number"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, arrays: dict[str, object], message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(write(tmp_path / "a.npz", **arrays))
    assert message in str(caught.value)


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(b"no archive")
    with pytest.raises(UserError, match="no series can be read from it"):
        archive_splits(tmp_path / "a.npz")
