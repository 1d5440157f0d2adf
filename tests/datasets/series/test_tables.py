from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.columns import Columns
from datasets.series.files import SeriesFile
from datasets.series.tables import read
from datasets.series.time_stamps import Writing

NOTHING = Columns()
WIDE = "date,u,v\n2024-01-01,1,10\n2024-01-02,2,20\n2024-01-03,3,30\n2024-01-04,4,40\n"


def write(folder: Path, text: str, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def fault(folder: Path, text: str, columns: Columns = NOTHING, name: str = "t.csv") -> str:
    with pytest.raises(UserError) as caught:
        read(write(folder, text, name), columns)
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(folder) + "/", "")


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_wide_table(tmp_path: Path, name: str) -> None:
    (one,) = read(write(tmp_path, WIDE, name), NOTHING)
    assert (one.name, one.variables, one.step) == ("t", ("u", "v"), "D")
    assert one.values.tolist() == [[1, 10], [2, 20], [3, 30], [4, 40]]
    assert one.time is not None
    assert str(one.time[-1]) == "2024-01-04T00:00:00"


@pytest.mark.parametrize("name", ["t.txt.gz", "t.csv"])
def test_a_table_without_header_and_time(tmp_path: Path, name: str) -> None:
    (one,) = read(write(tmp_path, "1,2\n3,4\n5,6\n", name), NOTHING)
    assert one.time is None
    assert one.variables == ("0", "1")
    assert one.values.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_table_whose_numbers_are_set_in_columns(tmp_path: Path) -> None:
    (one,) = read(write(tmp_path, "   1    2.0  3\n   4   55.5  6\n\n  -7 -1e2 10\n", "t.txt"), NOTHING)
    assert one.variables == ("0", "1", "2")
    assert one.values.tolist() == [[1, 2, 3], [4, 55.5, 6], [-7, -100, 10]]


def test_blanks_that_separate_thousands_separate_no_columns(tmp_path: Path) -> None:
    columns = replace(NOTHING, header="no", writing=Writing(thousands="blank"))
    (one,) = read(write(tmp_path, "1 034 507\n1 034 608\n1 035 000\n", "t.txt"), columns)
    assert one.values.ravel().tolist() == [1_034_507, 1_034_608, 1_035_000]


def test_the_first_row_of_what_is_set_in_columns_is_no_header(tmp_path: Path) -> None:
    path = write(tmp_path, "A 1  -\nA 3  4\nA 5 6\n", "t.txt")
    (one,) = read(path, replace(NOTHING, id="0", values=("1",)))
    assert one.values.ravel().tolist() == [1, 3, 5]


def test_a_long_table_with_covariates(tmp_path: Path) -> None:
    rows = [
        f"{name},2024-01-0{day},{value + day},{day}"
        for name, value in (("b", 5), ("a", 0))
        for day in (2, 1, 3)
    ]
    found = read(write(tmp_path, "\n".join(["unique_id,ds,y,x", *rows])), Columns(future=("x",)))
    assert [one.name for one in found] == ["b", "a"]
    assert found[1].values.tolist() == [[1], [2], [3]]
    assert found[1].future.tolist() == [[1], [2], [3]]
    assert found[1].variables == ("y",)


def test_chosen_columns(tmp_path: Path) -> None:
    (one,) = read(write(tmp_path, WIDE), Columns(values=("v",), past=("u",)))
    assert (one.variables, one.past_names) == (("v",), ("u",))
    assert one.past[:, 0].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("2024-01-31 13:00:00", "2024-01-31 14:00:00", "2024-01-31 15:00:00"), "2024-01-31T13:00:00"),
        (("2024-01-31T13:00Z", "2024-01-31T14:00Z", "2024-01-31T15:00Z"), "2024-01-31T13:00:00"),
        (
            ("2024-01-31 22:00+09:00", "2024-01-31 23:00+09:00", "2024-02-01 00:00+09:00"),
            "2024-01-31T13:00:00",
        ),
        (("31.01.2024", "01.02.2024", "02.02.2024"), "2024-01-31T00:00:00"),
        (("30/01/2024", "31/01/2024", "01/02/2024"), "2024-01-30T00:00:00"),
        (("1/30/2024", "1/31/2024", "2/1/2024"), "2024-01-30T00:00:00"),
        (("2024/1/30", "2024/1/31", "2024/2/1"), "2024-01-30T00:00:00"),
        (("20240130", "20240131", "20240201"), "2024-01-30T00:00:00"),
        (("2021", "2022", "2023"), "2021-01-01T00:00:00"),
        (("2021-01", "2021-02", "2021-03"), "2021-01-01T00:00:00"),
        (("1704067200", "1704070800", "1704074400"), "2024-01-01T00:00:00"),
        (("1704067200000", "1704070800000", "1704074400000"), "2024-01-01T00:00:00"),
    ],
)
def test_usual_forms_of_dates(tmp_path: Path, dates: tuple[str, ...], first: str) -> None:
    text = "ds,y\n" + "".join(f"{date},{n}\n" for n, date in enumerate(dates))
    (one,) = read(write(tmp_path, text), NOTHING)
    assert one.time is not None
    assert str(one.time[0]) == first
    assert one.values[:, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date,u\n2024-01-01,1\n2024-01-02,x\n", "t.csv line 3: u is 'x', not a number"),
        ("date,u\n2024-01-01,1\n2024-01-02,inf\n", "t.csv line 3: u is infinite"),
        (
            "date,u\n2024-01-01,1\n2024-01-02,\n2024-01-03,3\n2024-01-04,4\n2024-01-05,5\n",
            "t.csv line 3: series t has no value of u; give --fill",
        ),
        ("date,u\n2024-01-01,1\n2024-01-02,nan\n2024-01-03,3\n", "t.csv line 3: series t has no value of u"),
        ("date,u\n2024-01-01,1\n2024-01-01,2\n", "t.csv line 3: series t has 2024-01-01 00:00:00 twice"),
        ("date,u\n2024-01-01,1\nsoon,2\n", "t.csv line 3: 'soon' is no date"),
        (
            "date,u\n2024-01-01,1\n2024-01-02,2\n2024-01-03,2\n2024-01-05,2\n",
            "t.csv line 5: series t: after 2024-01-03 00:00:00 comes 2024-01-05 00:00:00 where 2024-01-04",
        ),
        ("date,u\n2024-01-01,1,2\n", "t.csv line 2: 3 columns where the first row has 2"),
        ("date,u\n", "t.csv: has no rows of numbers"),
        (
            "date,temp,temp\n2024-01-01,1,10\n",
            "t.csv: columns 1 and 2 (counted from 0) are called 'temp'; give each a name of its own",
        ),
        (
            "# source\ndate,u\n2024-01-01,1\n",
            "t.csv line 1: '# source' stands above the names of the columns; remove the line (t.csv line 2: 2 columns",
        ),
        ("Sales of 2024\ndate,u\n2024-01-01,1\n", "t.csv line 1: 'Sales of 2024' stands above the names"),
        ("date;u\n2024-01-01;1,5\n", "t.csv: the columns seem separated by ';'"),
        ("date,,\n2024-01-01,1,10\n", "t.csv: columns 1 and 2 (counted from 0) have no name; give each"),
        ("date\n2024-01-01\n", "t.csv: no column is left to forecast"),
        (
            "unique_id,ds,y\na,2024-01-01,1\na,2024-01-02,1\nb,2024-01-01,1\nb,2025-01-01,1\n",
            "t.csv: series have different steps",
        ),
    ],
)
def test_faults_are_told_with_their_place(tmp_path: Path, text: str, message: str) -> None:
    assert fault(tmp_path, text).startswith(message)


@pytest.mark.parametrize("name", ["t.csv", "t.txt", "t.csv.gz"])
@pytest.mark.parametrize(
    ("sign", "option", "shown"), [(";", "semicolon", "';'"), ("\t", "tab", "tabs"), ("|", "pipe", "'|'")]
)
@pytest.mark.parametrize("learnt", [True, False])
@pytest.mark.parametrize("decimal", [".", ","])
def test_columns_of_another_delimiter_are_told_of(
    tmp_path: Path, name: str, sign: str, option: str, shown: str, learnt: bool, decimal: str
) -> None:
    rows = ["date{0}y", "2024-01-01{0}1{1}5", "2024-01-02{0}2{1}5", "2024-01-03{0}3{1}5", ""]
    text = "\n".join(rows).format(sign, decimal)
    known = Columns(values=("y",), learnt=learnt)
    assert fault(tmp_path, text, known, name) == (
        f"{name}: the columns seem separated by {shown}: give --delimiter {option}"
    )
    (series,) = read(write(tmp_path, text, name), Columns(delimiter=option))
    assert series.values[:, 0].tolist() == [1.5, 2.5, 3.5]
    (series,) = read(write(tmp_path, f"sep={sign}\n{text}", name), NOTHING)
    assert series.values[:, 0].tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize(
    ("value", "what"), [("x", "'x', not a number"), ("yes", "'yes', not a number"), ("", "no value of y")]
)
def test_what_a_model_continues_is_told_of_without_options_of_training(
    tmp_path: Path, value: str, what: str
) -> None:
    text = f"date,y\n2024-01-01,{value}\n2024-01-02,{value}\n"
    message = fault(tmp_path, text, Columns(values=("y",), learnt=True))
    assert what in message
    assert "-column" not in message
    assert "-column" in fault(tmp_path, text, NOTHING)


def test_wrong_columns(tmp_path: Path) -> None:
    for flag, columns in (
        ("--value-columns", Columns(values=("w",))),
        ("--past-columns", Columns(past=("w",))),
        ("--future-columns", Columns(future=("w",))),
    ):
        assert fault(tmp_path, WIDE, columns).startswith(f"{flag} w: no such column")
    assert (
        fault(tmp_path, WIDE, Columns(values=("u",), past=("u",))) == "t.csv: column 'u' is given two roles"
    )


def test_missing_steps_and_values_are_filled_when_asked(tmp_path: Path) -> None:
    days = [day for day in range(1, 12) if day != 4]
    text = "date,u\n" + "".join(f"2024-01-{day:02},{'' if day == 2 else day}\n" for day in days)
    (one,) = read(write(tmp_path, text), Columns(fill="linear"))
    assert one.values[:, 0].tolist() == list(range(1, 12))
    assert one.made_up is not None
    assert one.made_up[:, 0].nonzero()[0].tolist() == [1, 3]
    assert one.until(1).made_up.tolist() == [[False]]  # type: ignore[union-attr]
    (numbered,) = read(write(tmp_path, "1,1\n,2\n3,3\n4,4\n5,5\n"), Columns(fill="linear"))
    assert numbered.values[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert numbered.made_up is not None
    assert numbered.made_up.nonzero()[0].tolist() == [1]
    assert numbered.made_up.nonzero()[1].tolist() == [0]
    (whole,) = read(write(tmp_path, WIDE), Columns(fill="linear"))
    assert whole.made_up is None


def test_rows_ahead_hold_future_covariates(tmp_path: Path) -> None:
    path = write(tmp_path, "ds,y,x\n2024-01-01,1,7\n2024-01-02,2,8\n2024-01-03,,9\n")
    about = {"variables": ("y",), "past": (), "future": ("x",), "horizon": 1}
    (one,) = SeriesFile(path, None, Format()).read(about)
    assert one.time is not None
    assert len(one) == len(one.time) == 2
    assert one.future[:, 0].tolist() == [7, 8, 9]
    (fewer,) = SeriesFile(path, None, Format()).read({**about, "horizon": 0})
    assert len(fewer) == 2
    holes = write(tmp_path, "ds,y,x\n2024-01-01,1,7\n2024-01-02,,8\n2024-01-03,3,9\n", "holes.csv")
    with pytest.raises(UserError, match="line 3: series holes has no value of y"):
        SeriesFile(holes, None, Format()).read(about)
    with pytest.raises(UserError, match="the model's column z: no such column"):
        SeriesFile(path, None, Format()).read({**about, "past": ("z",)})


@pytest.mark.parametrize("dates", [True, False])
def test_filling_a_file_leaves_the_steps_to_forecast_alone(tmp_path: Path, dates: bool) -> None:
    rows = [(1, "1", 7), (2, "", 8), (3, "3", 9), (4, "4", 3), (5, "5", 4), (6, "", 5), (7, "", 6)]
    head = "ds,y,x\n" if dates else "y,x\n"
    text = "".join(f"2024-01-0{day},{y},{x}\n" if dates else f"{y},{x}\n" for day, y, x in rows)
    about = {"variables": ("y",), "past": (), "future": ("x",), "horizon": 2}
    (one,) = SeriesFile(write(tmp_path, head + text), None, Format()).read(about, "linear")
    assert one.values[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert one.future[:, 0].tolist() == [7, 8, 9, 3, 4, 5, 6]
    (one,) = SeriesFile(write(tmp_path, head + text), None, Format()).read({**about, "horizon": 1}, "zero")
    assert one.values[:, 0].tolist() == [
        1,
        0,
        3,
        4,
        5,
    ]  # also where more of the future is known than is forecast
    assert one.future[:, 0].tolist() == [7, 8, 9, 3, 4, 5, 6]


def test_series_of_which_one_has_gaps_have_one_step(tmp_path: Path) -> None:
    days = [*range(1, 10)]
    rows = [f"{name},2024-01-0{day},{day}\n" for name in "ab" for day in days if (name, day) != ("b", 5)]
    found = read(write(tmp_path, "unique_id,ds,y\n" + "".join(rows)), Columns(fill="linear"))
    assert [one.step for one in found] == ["D", "D"]
    assert found[1].values[:, 0].tolist() == days
