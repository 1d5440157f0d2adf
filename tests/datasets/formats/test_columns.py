from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.columns import LABEL_NAMES, TEXT_NAMES, find, find_usual
from datasets.formats.tables import Format, Table


def table(tmp_path: Path, header: str, format: Format | None = None, name: str = "a.csv") -> Table:
    path = tmp_path / name
    path.write_text(header + "\n", encoding="utf-8")
    return Table(path, format or Format())


def refused(some: Table, field: str, wanted: str | None = None) -> str:
    usual = TEXT_NAMES if field == "text" else LABEL_NAMES
    with pytest.raises(UserError) as caught:
        find(some, field, wanted, usual)
    return str(caught.value)


@pytest.mark.parametrize(
    ("header", "text", "label"),
    [
        ("text,label", 0, 1),
        ("id,document,label", 1, 2),
        (" Sentiment , REVIEW", 1, 0),
        ("번호,리뷰,감정", 1, 2),
        (unicodedata.normalize("NFD", "라벨,내용"), 1, 0),
        ("path,label,rating,text", 3, 1),
    ],
)
def test_usual_names(tmp_path: Path, header: str, text: int, label: int) -> None:
    some = table(tmp_path, header)
    assert find(some, "text", None, TEXT_NAMES) == text
    assert find(some, "label", None, LABEL_NAMES) == label


def test_named_columns(tmp_path: Path) -> None:
    some = table(tmp_path, "a,B,text,2,1")
    assert find(some, "text", "a", TEXT_NAMES) == 0
    assert find(some, "text", "b", TEXT_NAMES) == 1
    assert find(some, "text", "2", TEXT_NAMES) == 3  # a name comes before a position
    assert find(some, "text", "0", TEXT_NAMES) == 0


def test_the_exact_name_comes_before_another_case(tmp_path: Path) -> None:
    assert find(table(tmp_path, "TEXT,text"), "text", "text", TEXT_NAMES) == 1


def test_no_usual_name(tmp_path: Path) -> None:
    some = table(tmp_path, "I loved it,1")
    assert refused(some, "text") == (
        f"{some.path}: no column for the text among 'I loved it', '1'; name it with --text-column, or, "
        "if the file has no header row, give --header no --text-column 0 --label-column 1"
    )


def test_ambiguous(tmp_path: Path) -> None:
    some = table(tmp_path, "text,review,label")
    assert refused(some, "text") == (
        f"{some.path}: several columns may be the text: 'text', 'review'; name one with --text-column"
    )


def test_named_column_that_is_missing(tmp_path: Path) -> None:
    some = table(tmp_path, "text,label")
    assert refused(some, "label", "labl") == (
        f"--label-column labl: no such column; {some.path} has 'text', 'label'; did you mean label?"
    )
    assert "no such column" in refused(some, "label", "2")
    assert "no such column" in refused(some, "label", "-1")


def test_named_column_that_is_there_twice(tmp_path: Path) -> None:
    some = table(tmp_path, "a,a,b")
    assert refused(some, "text", "a") == (
        f"{some.path}: 2 columns are called 'a'; give the position, e.g. --text-column 0"
    )


def test_no_header_needs_positions(tmp_path: Path) -> None:
    some = table(tmp_path, "text,label", Format(header=False))
    assert find(some, "text", "1", TEXT_NAMES) == 1
    assert refused(some, "text").endswith("give its position, e.g. --text-column 0")


def test_one_column_hints_at_the_delimiter(tmp_path: Path) -> None:
    assert "--delimiter" in refused(table(tmp_path, "text;label"), "text")


def test_json_has_no_positions(tmp_path: Path) -> None:
    some = table(tmp_path, '{"a": 1, "b": 2}', name="a.jsonl")
    assert "no such column" in refused(some, "text", "0")
    assert refused(some, "text").endswith("name it with --text-column")


def test_long_headers_are_shortened(tmp_path: Path) -> None:
    said = refused(table(tmp_path, ",".join(f"{number}" * 100 for number in range(40))), "text")
    assert "and 28 more" in said
    assert len(said) < 700


def test_a_column_that_need_not_be_there(tmp_path: Path) -> None:
    assert find_usual(table(tmp_path, "id, Review ,text"), TEXT_NAMES) == 1
    assert find_usual(table(tmp_path, "id,words"), TEXT_NAMES) is None
    (tmp_path / "unnamed.csv").write_text("text,label\n")
    assert find_usual(Table(tmp_path / "unnamed.csv", Format(header=False)), frozenset({"0"})) is None
