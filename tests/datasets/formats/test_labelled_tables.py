from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from datasets.errors import UserError
from datasets.formats.number_files import Columns, read_numbers
from datasets.formats.tables import Format

NO_COLUMNS = Columns()


def read(
    path: Path, content: str, columns: Columns = NO_COLUMNS, labelled: bool = True, header: bool = True
) -> list[tuple[list[list[float | None]], str | None]]:
    """The series of a table; None where a value is missing."""
    path.write_text(content, encoding="utf-8")
    found = read_numbers(path, Format(header=header), columns, labelled)
    return [
        ([[None if np.isnan(value) else float(value) for value in step] for step in values], label)
        for _, values, label in found
    ]


LONG = "id,step,x,y,label\np,1,3,4,good\nq,0,5,,bad\np,0,1,2,good\n"


def test_a_table_with_a_row_a_step(tmp_path: Path) -> None:
    """Steps decide the order of rows; series stand in the order in which they begin."""
    expected = [([[1, 2], [3, 4]], "good"), ([[5, None]], "bad")]
    assert read(tmp_path / "a.csv", LONG) == expected
    assert read(tmp_path / "b.csv", LONG.replace("id", "who"), Columns(id="who")) == expected
    without_steps = "id,x,label\np,3,a\np,1,a\n"
    assert read(tmp_path / "c.csv", without_steps) == [([[3], [1]], "a")]
    assert read(tmp_path / "d.csv", "id,x\np,3\n", labelled=False) == [([[3]], None)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,step,label\np,0,a\n", "no column is left for the channels"),
        ("id,x,label\np,0,a\np,1,b\n", "line 3: the series p has the label 'b' here and 'a' before"),
        ("id,step,x,label\np,0,1,a\np,0,2,a\n", "line 3: the series p has the step 0 twice"),
        ("id,step,x,label\np,,1,a\n", "line 2: the step is missing"),
        ("id,step,x,label\np,0,one,a\n", "line 2: 'one' is not a number"),
        ("id,x\np,0\n", "no column for the label"),
    ],
)
def test_what_is_wrong_with_a_row_a_step_is_told(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path / "a.csv", content)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tsv", "1\t0.5\t1.5\n2\t2.5\t3.5\n"),
        ("a.txt", "  1.0000000e+00   5.0000000e-01   1.5\n  2.0000000e+00  25.0000000e-01   3.5\n"),
        ("a.csv", "0.5 1.5 1\n2.5  3.5 2\n"),
        ("a.csv", "0.5,1.5,1\n2.5,3.5,2\n"),
        ("a.csv", "label,t0,t1\n1,0.5,1.5\n2,2.5,3.5\n"),
        ("a.csv", "t0,label,t1\n0.5,1,1.5\n2.5,2,3.5\n"),
    ],
)
def test_a_table_with_a_row_a_series(tmp_path: Path, name: str, content: str) -> None:
    """The label first or last, in a named column, with or without names of columns, set in columns or not."""
    assert read(tmp_path / name, content) == [([[0.5], [1.5]], "1"), ([[2.5], [3.5]], "2")]


def test_labels_that_are_words_are_found_first_or_last(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", "up,1,2\ndown,3,4\n") == [([[1], [2]], "up"), ([[3], [4]], "down")]
    assert read(tmp_path / "b.csv", "1,2,up\n3,4,down\n") == [([[1], [2]], "up"), ([[3], [4]], "down")]
    assert read(tmp_path / "c.txt", "1 2  up\n3 4  down\n") == [([[1], [2]], "up"), ([[3], [4]], "down")]


def without_labels(path: Path, content: str, *labels: str) -> tuple[list[int], list[str]]:
    """How many values the series have whose labels are not wanted, and what is said of these."""
    path.write_text(content, encoding="utf-8")
    form = Format(trained={"labels": list(labels)})
    lengths = [len(values) for _, values, _ in read_numbers(path, form, NO_COLUMNS, labelled=False)]
    return lengths, [remark.replace(f"{path}: ", "") for remark in form.remarks]


def test_labels_of_the_model_are_passed_over_where_they_can_be_no_values(tmp_path: Path) -> None:
    first, last = (
        "the labels in the first column are passed over",
        "the labels in the last column are passed over",
    )
    for name, content, labels, expected in (
        ("a.tsv", "1\t0.5\t2\n2\t3\t4.5\n", ("1", "2"), ([2, 2], [first])),
        ("a.txt", " 1.0e+00 0.5 2.5\n 2.0e+00 3.5 4.5\n", ("1", "2"), ([2, 2], [first])),
        ("a.csv", "1,0.5,up\n2,3,down\n", ("up", "down"), ([2, 2], [last])),
        ("a.csv", "1,0.5,2\n2,3,4\n", ("1", "3"), ([3, 3], [])),  # not the model's
        ("a.csv", "1,5,2\n2,3,4\n", ("1", "2"), ([3, 3], [])),  # may be values as the others are
        ("a.csv", "1,0.5,2\n2,3,4\n", (), ([3, 3], [])),
        ("a.csv", "label,x,y\n1,0.5,2\n2,3,4\n", (), ([2, 2], [])),
    ):
        assert without_labels(tmp_path / name, content, *labels) == expected, (content, labels)


def test_labels_are_as_they_are_written_but_in_columns(tmp_path: Path) -> None:
    assert [label for _, label in read(tmp_path / "a.csv", "2.0e+00,0.5,1.5\n3.0e+00,2.5,3.5\n")] == [
        "2.0e+00",
        "3.0e+00",
    ]
    assert [label for _, label in read(tmp_path / "a.txt", "1e0 0.5 1.5\n-1.0 2.5 3.5\n")] == ["1", "-1"]


def test_only_numbers_are_set_in_columns(tmp_path: Path) -> None:
    """Rows of words, of two cells (a label and a number, or a date and a time), or of other widths are not."""
    for content in ("one two three\nfour five six\n", "1 2\n3 4\n", "1 2 3\n4 5 6 7\n"):
        with pytest.raises(UserError, match="has one column"):
            read(tmp_path / "a.txt", content)


def test_what_is_missing_at_the_end_is_no_part_of_a_series(tmp_path: Path) -> None:
    assert read(tmp_path / "a.tsv", "1\t5\tNaN\t6\tNaN\n2\t7\t8\tNaN\tNaN\n") == [
        ([[5], [None], [6]], "1"),
        ([[7], [8]], "2"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0.5,1.5\n2.5,3.5\n", "neither the first nor the last column looks like labels"),
        ("label\na\n", "has one column"),
        ("label,x\na,?\n", "line 2: the series has no values"),
        ("label,x\na,one\n", "line 2: 'one' is not a number"),
    ],
)
def test_what_is_wrong_with_a_row_a_series_is_told(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(tmp_path / "a.csv", content)
    assert message in str(caught.value)
