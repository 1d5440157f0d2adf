from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.columns import Columns
from datasets.series.files import SeriesFile
from datasets.series.reading import read_file
from datasets.series.time_series import TimeSeries

NOTHING = Columns()
TABLE = '"V1","V2","V3","V4"\n"W1","1089.2","1078.91","2"\n"W2","-1.5","",""\nW3,7,8,\n'


def write(folder: Path, text: str, name: str = "Weekly-train.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def read(
    folder: Path, text: str, columns: Columns = NOTHING, name: str = "Weekly-train.csv"
) -> list[TimeSeries]:
    return read_file(write(folder, text, name), columns).series


@pytest.mark.parametrize("name", ["Weekly-train.csv", "Weekly-train.csv.gz"])
def test_a_row_is_a_series_up_to_its_last_value(tmp_path: Path, name: str) -> None:
    series = read(tmp_path, TABLE, name=name)
    assert [(one.name, one.values[:, 0].tolist()) for one in series] == [
        ("W1", [1089.2, 1078.91, 2.0]),
        ("W2", [-1.5]),
        ("W3", [7.0, 8.0]),
    ]
    assert {(one.variables, one.time, one.step) for one in series} == {(("y",), None, "")}


@pytest.mark.parametrize(
    ("name", "step"),
    [("Monthly-train.csv", "MS"), ("Quarterly-test.csv", "QS"), ("hourly.csv", "h"), ("Daily-train.csv", "")],
)
def test_a_season_of_the_competition_goes_by_the_name_of_the_file(
    tmp_path: Path, name: str, step: str
) -> None:
    table = read_file(write(tmp_path, TABLE, name), NOTHING)
    assert table.series[0].step == step
    assert table.notes == (
        (f"steps are {step}, as the file's name says; --step says otherwise",) if step else ()
    )
    assert read(tmp_path, TABLE, Columns(step="W"), name)[0].step == "W"


def test_columns_that_r_has_named_are_no_names_of_series(tmp_path: Path) -> None:
    (one,) = read(tmp_path, "V1,V2,V3\n1,5,6\n2,7,8\n")
    assert one.variables == ("V1", "V2", "V3")


def test_gaps_are_refused_with_their_line_or_filled(tmp_path: Path) -> None:
    text = "V1,V2,V3,V4,V5,V6,V7\nA,1,NA,3,4,5,6\nB,1,,,,,2\n"
    with pytest.raises(
        UserError, match="line 2: series A has no value number 2; give --fill last, linear or zero"
    ):
        read(tmp_path, text)
    table = read_file(write(tmp_path, text), Columns(fill="linear"))
    (filled,) = table.series
    assert filled.values[:, 0].tolist() == [1, 2, 3, 4, 5, 6]
    assert filled.made_up is not None
    assert filled.made_up[:, 0].tolist() == [False, True, False, False, False, False]
    assert table.notes == ("left out: 1 series of which more than 20% would be made up (B)",)


def test_a_series_without_values_is_left_out_by_name(tmp_path: Path) -> None:
    table = read_file(write(tmp_path, "V1,V2\nA,\nB,1\n"), NOTHING)
    assert [one.name for one in table.series] == ["B"]
    assert table.notes == ("left out: 1 series without any value (A)",)


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("V1,V2\nA,1\nA,2\n", NOTHING, "line 3: series A is there already, in line 2; rename one"),
        ("V1,V2\nA,1\nB,x\n", NOTHING, "line 3: 'x' is not a number; give --decimal comma"),
        ("V1,V2\nA,1\nB,inf\n", NOTHING, "line 3: a value is infinite"),
        ("V1,V2\nA,1\n,2\n", NOTHING, "line 3: the series has no name"),
        ("V1,V2\nA,\n", NOTHING, "no series has values enough"),
        ("V1,V2\nA,1\n", Columns(values=("V2",)), "leave --value-columns out"),
        ("V1,V2\nA,1\n", Columns(time="V1"), "leave --time-column out"),
        ("V1,V2\nA,1\n", Columns(values=("u", "v"), learnt=True), "the model reads u, v"),
    ],
)
def test_faults_are_told_in_one_line(tmp_path: Path, text: str, columns: Columns, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, text, columns)


def test_decimal_commas(tmp_path: Path) -> None:
    text = "V1;V2;V3\nA;1,5;2\n"
    columns = Columns(delimiter="semicolon", writing=NOTHING.writing.__class__(decimal="comma"))
    assert read(tmp_path, text, columns)[0].values[:, 0].tolist() == [1.5, 2.0]


def test_a_model_of_one_variable_reads_it_by_its_own_name(tmp_path: Path) -> None:
    about = {"variables": ("sales",), "past": (), "future": (), "horizon": 2, "step": ("",)}
    file = SeriesFile(write(tmp_path, TABLE), None, Format())
    assert {one.variables for one in file.read(about)} == {("sales",)}


@pytest.mark.real
def test_the_weekly_series_of_the_competition(data_dir: Path) -> None:
    folder = data_dir / "m4_weekly"
    train = read_file(folder / "Weekly-train.csv.gz", NOTHING).series
    test = read_file(folder / "Weekly-test.csv", NOTHING).series
    assert [one.name for one in train] == [one.name for one in test] == [f"W{n}" for n in range(1, 360)]
    assert sum(map(len, train)) == 366_912
    assert {len(one) for one in test} == {13}
    assert (min(map(len, train)), max(map(len, train))) == (80, 2597)
