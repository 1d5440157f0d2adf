from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from datasets.formats.ts_files import is_ts_file, read_ts

HEAD = "#note\n@problemName Toy\n@timeStamps false\n@classLabel true walk run\n@data\n"


def read(tmp_path: Path, content: str) -> list[tuple[list[list[float]], str | None]]:
    path = tmp_path / "a.ts"
    path.write_text(content, encoding="utf-8")
    return [(values.tolist(), label) for _, values, label in read_ts(path, "utf-8")]


def test_channels_stand_between_colons_and_the_class_at_the_end(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + "1,2:3,4:walk\n\n%note\n5:6:run\n") == [
        ([[1, 3], [2, 4]], "walk"),
        ([[5, 6]], "run"),
    ]


def test_missing_values_and_short_channels_are_nan(tmp_path: Path) -> None:
    (tmp_path / "a.ts").write_text(HEAD + "1,?,3:4,NaN:walk\n")
    ((line, values, _),) = read_ts(tmp_path / "a.ts", "utf-8")
    assert line == 6
    np.testing.assert_array_equal(values, [[1, 4], [np.nan, np.nan], [3, np.nan]])


def test_a_file_may_have_no_classes(tmp_path: Path) -> None:
    assert read(tmp_path, "@classLabel false\n@data\n1,2\n") == [([[1], [2]], None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("@timeStamps true\n@data\n(1,2):x\n", "line 1: its values have time stamps, which are not read"),
        ("@targetLabel true\n@data\n1:0.5\n", "line 1: its targets are numbers to estimate"),
        ("@classLabel true a\n", "has no line @data"),
        ("1,2:a\n@data\n", "line 1: '1,2:a' stands before the line @data"),
        (HEAD, "has no series"),
        (HEAD + "1,2\n", "line 6: has no colon"),
        (HEAD + "1,x:walk\n", "line 6: 'x' is not a number"),
        (HEAD + "1:2:walk\n1:walk\n", "line 7: has 1 channels where the first series has 2"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path, content)
    assert message in str(caught.value)


def test_the_name_tells() -> None:
    assert is_ts_file(Path("a_TRAIN.TS.gz"))
    assert not is_ts_file(Path("ts.csv"))
