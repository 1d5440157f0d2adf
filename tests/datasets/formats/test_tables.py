from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from datasets.formats import tables
from datasets.formats.tables import Format, Table, is_table


def table(tmp_path: Path, name: str, content: str, format: Format | None = None) -> Table:
    path = tmp_path / name
    data = content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return Table(path, format or Format())


def all_rows(some: Table) -> list[tuple[int, Sequence[Any]]]:
    return list(some.rows(range(len(some.columns))))


def refused(tmp_path: Path, name: str, content: str, format: Format | None = None) -> str:
    with pytest.raises(UserError) as caught:
        all_rows(table(tmp_path, name, content, format))
    said = str(caught.value)
    assert said.startswith(str(tmp_path / name))
    return said.removeprefix(str(tmp_path / name))


def test_csv_with_line_breaks_quotes_and_blank_lines(tmp_path: Path) -> None:
    some = table(tmp_path, "a.csv", 'a,b\r\n"one\ntwo",x\r\n\r\n"say ""hi"", you",\r\nNA,null\r\n')
    assert some.columns == ["a", "b"]
    assert all_rows(some) == [(2, ["one\ntwo", "x"]), (5, ['say "hi", you', ""]), (6, ["NA", "null"])]


def test_tsv_where_quotes_are_characters(tmp_path: Path) -> None:
    some = table(tmp_path, "a.tsv", 'a\tb\n"open\tx"\n\n"\t""\n\tNone\n')
    assert all_rows(some) == [(2, ['"open', 'x"']), (4, ['"', '""']), (5, ["", "None"])]


def test_tsv_with_carriage_returns_at_its_line_ends(tmp_path: Path) -> None:
    assert all_rows(table(tmp_path, "a.tsv", "a\tb\r\nx\ty\r\n")) == [(2, ["x", "y"])]
    assert all_rows(table(tmp_path, "a.tsv", "a\tb\nx\ty\r\n")) == [(2, ["x", "y\r"])]


def test_one_column_may_hold_empty_texts(tmp_path: Path) -> None:
    assert all_rows(table(tmp_path, "a.tsv", "a\nx\n\ny\n")) == [(2, ["x"]), (3, [""]), (4, ["y"])]
    assert all_rows(table(tmp_path, "a.csv", 'a\nx\n""\ny\n')) == [(2, ["x"]), (3, [""]), (4, ["y"])]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_empty_lines(tmp_path: Path, name: str, end: str) -> None:
    one = end.join(["", "a", "x", "", "y", "", ""])
    assert all_rows(table(tmp_path, name, one)) == [(3, ["x"]), (4, [""]), (5, ["y"]), (6, [""])]
    mark = {"a.csv": ",", "a.tsv": "\t"}[name]
    two = end.join(["", f"a{mark}b", "", f"x{mark}y", "  ", ""])
    assert all_rows(table(tmp_path, name, two)) == [(4, ["x", "y"])]
    assert all_rows(table(tmp_path, name, two, Format(header=False))) == [(2, ["a", "b"]), (4, ["x", "y"])]


def test_json_lines(tmp_path: Path) -> None:
    some = table(tmp_path, "a.jsonl.gz", '{"a": 1, "b": "x\\ny"}\n\n{"b": null, "c": 0, "a": true}\n')
    assert some.columns == ["a", "b"]
    assert all_rows(some) == [(1, [1, "x\ny"]), (3, [True, None])]
    assert list(some.rows([1])) == [(1, ["x\ny"]), (3, [None])]


def test_columns_are_selected_in_the_order_asked_for(tmp_path: Path) -> None:
    some = table(tmp_path, "a.csv", "a,b,c\n1,2,3\n")
    assert list(some.rows([2, 0])) == [(2, ["3", "1"])]


def test_rows_are_read_again_at_each_pass(tmp_path: Path) -> None:
    some = table(tmp_path, "a.csv", "a,b\n1,2\n")
    assert all_rows(some) == all_rows(some) == [(2, ["1", "2"])]


def test_no_header(tmp_path: Path) -> None:
    some = table(tmp_path, "a.csv", "x,1\ny,0\n", Format(header=False))
    assert some.columns == ["0", "1"]
    assert all_rows(some) == [(1, ["x", "1"]), (2, ["y", "0"])]


@pytest.mark.parametrize("delimiter", ["semicolon", "pipe", "tab"])
def test_other_delimiters(tmp_path: Path, delimiter: str) -> None:
    mark = tables.DELIMITERS[delimiter]
    some = table(tmp_path, "a.csv", f"a{mark}b\n1,5{mark}2\n", Format(delimiter=delimiter))
    assert all_rows(some) == [(2, ["1,5", "2"])]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.txt.gz"])
@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_first_line_may_name_the_delimiter(tmp_path: Path, name: str, sign: str, end: str) -> None:
    content = end.join([f"sep={sign}", f"text{sign}label", f"good{sign}1", ""])
    some = table(tmp_path, name, content)
    assert (some.columns, [line for line, _ in all_rows(some)]) == (["text", "label"], [3])
    said = table(tmp_path, name, content.replace("sep=", "sep"))
    assert said.columns[0].startswith("sep")


def test_fields_longer_than_the_limit_of_the_csv_module_pass(tmp_path: Path) -> None:
    text = "x" * 500_000
    assert all_rows(table(tmp_path, "a.csv", f"a,b\n{text},1\n")) == [(2, [text, "1"])]


def test_which_names_are_tables() -> None:
    for name in ("a.csv", "A.CSV.GZ", "b.tsv", "c.jsonl.gz", "d.txt", "e.ndjson"):
        assert is_table(Path(name))
    for name in ("a.xlsx", "README", "a.gz", "csv", ".csv"):
        assert not is_table(Path(name))


AGAIN = " line 3: is the header row again, as where files were joined; remove this line"
AGAIN_IN_ANOTHER_ORDER = (
    " line 4: is a header row with the columns in another order; these are two files joined, give them apart"
)
HEADED = (("a.csv", ","), ("a.tsv", "\t"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.xlsx",
            "",
            ": unknown format '.xlsx'; known are .csv, .tsv, .tab, .txt, .jsonl, .ndjson, each also .gz",
        ),
        ("a.csv", "", ": is empty"),
        ("a.csv", "\n\n", ": is empty"),
        ("a.jsonl", "\n \n", ": is empty"),
        ("a.csv", "a,b\n1,2\n1,2,3\n", " line 3: 3 columns where the first row has 2"),
        ("a.tsv", "a\tb\nx\n", " line 2: 1 columns where the first row has 2"),
        (
            "a.csv",
            'a,b\n1,2\n3,"no end\n5,6\n',
            " line 3: a quoted field begins here and does not end; double the quotes inside a text",
        ),
        (
            "a.csv",
            'a,b\n"say "hi"",1\n',
            " line 2: ',' expected after '\"'; double the quotes inside a quoted text",
        ),
        (
            "a.csv",
            "a,b\rc,d\re,f\n",
            " line 1: a carriage return inside a field without quotes; end lines with \\n or quote the field",
        ),
        ("a.jsonl", '{"a": 1}\n{"a": \n', " line 2: is not JSON (Expecting value)"),
        ("a.jsonl", '{"a": 1}\nword\n', " line 2: is not JSON (Expecting value)"),
        ("a.jsonl", "[1, 2]\n", " line 1: is JSON and not an object; each line is one {...}"),
        ("a.jsonl", "[" * 100_000 + "\n", " line 1: is not JSON (too deep or too long a value)"),
        ("a.jsonl", '{"a": ' + "1" * 5000 + "}\n", " line 1: is not JSON (too deep or too long a value)"),
        ("a.jsonl", '{"a": 1, "b": 2}\n{"a": 1}\n', " line 2: has no 'b'"),
        ("a.csv", "a,b\n1,2\n A,B \n", AGAIN),
        ("a.csv", "a,b\n1,2\na,a\nb,a\n", AGAIN_IN_ANOTHER_ORDER),
        *(
            (name, f"a{mark}b\n1{mark}2\n{before}a{mark}b\n", AGAIN)
            for before in ("", "\ufeff")
            for name, mark in HEADED
        ),
    ],
)
def test_refusals(tmp_path: Path, name: str, content: str, said: str) -> None:
    assert refused(tmp_path, name, content) == said


def test_an_open_quote_does_not_read_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "LONGEST_LINE", 1000)
    said = refused(tmp_path, "a.csv", 'a,b\n"' + "line\n" * 10_000)
    assert said.startswith(" line 2: a quoted field begins here and does not end")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet='ab,"\n\r \ty', max_size=24), st.sampled_from(["t.csv", "t.tsv"]), st.booleans())
@example("a,b\n1,2\n3,4\n", "t.csv", True)
@example('a,b\n"1\n2",3\n4,5\n', "t.csv", True)
@example("a,b\n1,2\nA , b\n", "t.csv", True)
@example("\n \na,b\n\n1,2\n \n\n3,4", "t.csv", True)
@example("sep=,\na,b\n1,2\n", "t.csv", True)
@example("a\tb\r\n1\t2\r\n", "t.tsv", True)
@example("a,b\n1,2,3\n", "t.csv", False)
def test_all_cells_at_once_are_those_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str, header: bool
) -> None:
    path = tmp_path_factory.mktemp("cells", numbered=True) / name
    path.write_bytes(text.encode())
    form = Format(header=header)

    def by_row() -> object:
        some = Table(path, form)
        rows = list(some.rows(range(len(some.columns))))
        return [line for line, _ in rows], [[cells[n] for _, cells in rows] for n in range(len(some.columns))]

    def at_once() -> object:
        some = Table(path, form)
        lines, columns = some.cells(range(len(some.columns)))
        return list(lines), [list(column) for column in columns]

    answers = []
    for way in (by_row, at_once):
        try:
            answers.append(way())
        except UserError as problem:
            answers.append(str(problem))
    assert answers[0] == answers[1]


def test_cells_of_json_lines(tmp_path: Path) -> None:
    some = table(tmp_path, "a.jsonl", '{"a": 1, "b": "x"}\n\n{"b": null, "a": 2}\n')
    assert some.cells([1, 0]) == ([1, 3], [["x", None], [1, 2]])
