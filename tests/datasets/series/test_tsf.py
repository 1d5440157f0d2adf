from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.columns import Columns
from datasets.series.files import SeriesFile
from datasets.series.reading import read_file
from datasets.series.tables import SeriesTable

NOTHING = Columns()
HEAD = """# Some words
@relation hospital
@attribute series_name string
@attribute start_timestamp date
@frequency monthly
@horizon 12
@missing false
@equallength false
@data
"""
FILE = HEAD + "T1:2000-01-01 00-00-00:10,11,9.5\nT2:2001-03-01 00-00-00:1,2\n"


def read(folder: Path, text: str, columns: Columns = NOTHING) -> SeriesTable:
    path = folder / "t.tsf"
    path.write_text(text)
    return read_file(path, columns)


def test_names_times_frequency_and_horizon(tmp_path: Path) -> None:
    table = read(tmp_path, FILE)
    assert [(one.name, one.values[:, 0].tolist(), one.step) for one in table.series] == [
        ("T1", [10, 11, 9.5], "MS"),
        ("T2", [1, 2], "MS"),
    ]
    first = table.series[0].time
    assert first is not None
    assert first.astype("datetime64[D]").astype(str).tolist() == ["2000-01-01", "2000-02-01", "2000-03-01"]
    assert table.series[1].labels_ahead(1) == ["2001-05-01 00:00:00"]
    assert (table.horizon, table.notes) == (12, ())


@pytest.mark.parametrize(
    ("frequency", "start", "step", "second"),
    [
        ("weekly", "2015-01-01 00-00-00", "W-THU", "2015-01-08 00:00:00"),
        ("half_hourly", "2002-01-01 00-00-00", "30min", "2002-01-01 00:30:00"),
        ("4_seconds", "2019-08-01 00-00-02", "4s", "2019-08-01 00:00:06"),
        ("yearly", "1980-01-01 12-00-00", "YS", "1981-01-01 12:00:00"),
        ("quarterly", "1975-03-31 00-00-00", "QS-MAR-31", "1975-06-30 00:00:00"),
        ("monthly", "2000-01-15 00:00:00", "MS-15", "2000-02-15 00:00:00"),
    ],
)
def test_frequencies(tmp_path: Path, frequency: str, start: str, step: str, second: str) -> None:
    text = HEAD.replace("monthly", frequency) + f"T1:{start}:1\n"
    (one,) = read(tmp_path, text).series
    assert (one.step, one.labels_ahead(1)) == (step, [second])


def test_series_without_times_and_with_other_attributes(tmp_path: Path) -> None:
    head = HEAD.replace(
        "@attribute start_timestamp date\n", "@attribute state string\n@attribute size numeric\n"
    )
    table = read(tmp_path, head + "T1:NSW:3:1,2\nT2:VIC:4:5,?\n", Columns(fill="last"))
    assert [one.name for one in table.series] == ["T1"]  # half of the other one would be made up
    assert table.series[0].time is None
    assert table.notes[-1] == "attributes that are not read: state, size"
    renamed = head.replace("series_name", "place")
    assert [one.name for one in read(tmp_path, renamed + "T1:NSW:3:1,2\n").series] == ["T1_NSW"]


def test_a_time_zone(tmp_path: Path) -> None:
    columns = Columns(writing=NOTHING.writing.__class__(time_zone="+09:00"))
    one = read(tmp_path, FILE, columns).series[0]
    assert one.time is not None
    assert str(one.time[0]) == "1999-12-31T15:00:00"
    assert one.labels_ahead(1) == ["2000-04-01 00:00:00+09:00"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            FILE.replace("monthly", "sometimes"),
            "line 5: unknown frequency 'sometimes'; choose one of: 10_minutes",
        ),
        (FILE.replace("@horizon 12", "@horizon soon"), "line 6: 'soon' is no horizon"),
        (
            FILE.replace("@data", ""),
            "line 10: 'T1:2000-01-01 00-00-00:10,11,9.5' stands before the line @data",
        ),
        (HEAD.replace("@data", ""), "has no line @data"),
        (FILE.replace("T2:", ""), "line 11: a row is series_name:start_timestamp:VALUES"),
        (FILE.replace("2001-03-01", "March"), "line 11: 'March 00-00-00' is no date"),
        (
            FILE.replace("@frequency monthly\n", ""),
            "has dates and no @frequency; add the line, or give --step",
        ),
        (
            FILE.replace("start_timestamp date", "start_timestamp time"),
            "line 4: an attribute is '@attribute NAME KIND'",
        ),
        (FILE.replace("T2", "T1"), "line 11: series T1 is there already, in line 10"),
    ],
)
def test_faults_are_told_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read(tmp_path, text)


def test_a_step_that_is_given_counts_more(tmp_path: Path) -> None:
    table = read(tmp_path, FILE.replace("@frequency monthly\n", ""), Columns(step="D"))
    assert table.series[0].labels_ahead(1) == ["2000-01-04 00:00:00"]


def test_a_model_of_other_steps_refuses_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.tsf"
    path.write_text(FILE)
    about = {"variables": ("y",), "past": (), "future": (), "horizon": 2}
    file = SeriesFile(path, None, Format())
    assert len(file.read({**about, "step": ("MS-15",)})) == 2
    with pytest.raises(UserError, match="has the step MS, and the model forecasts steps of D"):
        file.read({**about, "step": ("D",)})
