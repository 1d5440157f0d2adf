"""Tables of series as their users write them: from the cells to steps, notes and the times that come next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.columns import Columns
from datasets.series.files import SeriesFile
from datasets.series.tables import SeriesTable, read_table
from datasets.series.time_series import TimeSeries
from datasets.series.time_stamps import Writing

NOTHING = Columns()


def table(
    folder: Path, head: str, rows: Iterable[str], columns: Columns = NOTHING, name: str = "t.csv"
) -> SeriesTable:
    path = folder / name
    path.write_text("\n".join([head, *rows, ""]), "utf-8")
    return read_table(path, columns)


def one(read: SeriesTable) -> TimeSeries:
    (series,) = read.series
    return series


def dated(first: str, count: int, step: str | pd.DateOffset, form: str = "%Y-%m-%d") -> list[str]:
    return [stamp.strftime(form) for stamp in pd.date_range(first, periods=count, freq=step)]


def numbered(dates: Iterable[object]) -> list[str]:
    return [f"{date},{n}" for n, date in enumerate(dates, 1)]


@pytest.mark.parametrize(
    ("dates", "step", "ahead"),
    [
        (dated("2015-01-01", 96, "MS", "%Y%m"), "MS", "2023-01-01 00:00:00"),
        (dated("2024-01-01", 300, "h", "%Y%m%d%H"), "h", "2024-01-13 12:00:00"),
        (dated("2015-01-15", 96, pd.DateOffset(months=1)), "MS-15", "2023-01-15 00:00:00"),
        (dated("2015-02-15", 20, pd.DateOffset(months=3)), "QS-FEB-15", "2020-02-15 00:00:00"),
        (dated("2015-01-31", 14, "ME"), "ME", "2016-03-31 00:00:00"),
        (dated("2015-01-01", 96, "MS", "%d/%m/%Y"), "MS", "2023-01-01 00:00:00"),
        (dated("2024-01-01", 200, "D", "%Y-%m-%dT00:00:00+09:00"), "D", "2024-07-19 00:00:00+09:00"),
        (dated("2015-01-01", 96, "MS", "%Y-%m-%dT00:00:00+09:00"), "MS", "2023-01-01 00:00:00+09:00"),
        (dated("2015-01-01", 30, "QS", "%Y-%m-%dT00:00:00Z"), "QS", "2022-07-01 00:00:00+00:00"),
        (range(1, 31), "", 31),
        (range(0, 300, 5), "", 300),
        (range(5, 20), "", 20),
    ],
)  # fmt: skip
def test_steps_and_what_comes_next(tmp_path: Path, dates: Iterable[object], step: str, ahead: object) -> None:
    series = one(table(tmp_path, "ds,y", numbered(dates)))
    assert series.step == step
    assert series.labels_ahead(1) == [ahead]
    assert series.made_up is None


def test_summer_time_is_no_gap(tmp_path: Path) -> None:
    hours = pd.date_range("2024-03-20", periods=480, freq="h", tz="Europe/Paris")
    series = one(table(tmp_path, "ds,y", numbered(hour.isoformat() for hour in hours[:470])))
    assert (len(series), series.step) == (470, "h")
    assert series.labels_ahead(10) == [str(hour) for hour in hours[470:]]
    days = pd.date_range("2024-03-20", periods=30, freq="D", tz="Europe/Paris")
    series = one(table(tmp_path, "ds,y", numbered(day.isoformat() for day in days[:20])))
    assert series.step == "D"
    assert series.labels_ahead(10) == [str(day) for day in days[20:]]


@pytest.mark.parametrize("backwards", [False, True])
def test_local_times_without_offsets_have_a_zone_when_it_is_named(tmp_path: Path, backwards: bool) -> None:
    hours = pd.date_range("2024-03-01", "2024-12-01", freq="h", tz="Europe/Paris")
    rows = numbered(hour.strftime("%d.%m.%Y %H:%M") for hour in hours)
    with pytest.raises(
        UserError, match="02:00:00 twice, as where clocks are put back: then give --time-zone"
    ):
        table(tmp_path, "ds,y", rows)
    asked = Columns(writing=Writing(time_zone="Europe/Paris"))
    series = one(table(tmp_path, "ds,y", rows[::-1] if backwards else rows, asked))
    assert (series.step, series.zone, len(series)) == ("h", "Europe/Paris", len(hours))
    assert series.values[:, 0].tolist() == list(range(1, len(hours) + 1))
    assert series.labels_ahead(1) == ["2024-12-01 01:00:00+01:00"]
    with pytest.raises(
        UserError, match="line 3: '2024-03-31 02:30' is no time in Europe/Paris, where clocks"
    ):
        table(tmp_path, "ds,y", numbered(["2024-03-31 01:30", "2024-03-31 02:30"]), asked)
    since = one(table(tmp_path, "ds,y", numbered(range(1704067200, 1704067200 + 36000, 3600)), asked))
    assert since.labels_ahead(1) == ["2024-01-01 11:00:00+01:00"]


@pytest.mark.parametrize("fill", ["none", "last", "linear", "zero"])
@pytest.mark.parametrize("dates", [True, False])
def test_the_future_of_a_table_is_left_out_and_said(tmp_path: Path, fill: str, dates: bool) -> None:
    stamps = dated("2024-01-01", 200, "D") if dates else ["0"] * 200
    rows = [f"{stamp},{n if n < 150 else ''},{n % 2}" for n, stamp in enumerate(stamps)]
    columns = Columns(values=("y",), future=("x",), fill=fill)
    read = table(tmp_path, "ds,y,x" if dates else "a,y,x", rows, columns)
    series = one(read)
    assert (len(series), len(series.future)) == (150, 150)
    assert series.values[:, 0].tolist() == list(range(150))
    assert series.made_up is None
    assert "the last 50 rows of the table have no value: they are the future, and are left out" in read.notes


@pytest.mark.parametrize("kept", [10, 100, 200])
def test_a_share_of_made_up_values_that_is_too_large_is_refused(tmp_path: Path, kept: int) -> None:
    dates = dated("2024-01-01", 250, "D")
    rows = [row for n, row in enumerate(numbered(dates)) if n < kept // 2 or n >= 250 - kept // 2]
    if kept == 200:
        series = one(table(tmp_path, "ds,y", rows, Columns(fill="last")))
        assert series.made_up is not None
        assert series.made_up.sum() == 50
        return
    with pytest.raises(
        UserError, match=rf"{1 - kept / 250:.0%} of the steps would be made up: .* as YYYY-MM-DD"
    ):
        table(tmp_path, "ds,y", rows, Columns(fill="last"))
    with pytest.raises(UserError, match="line") as unfilled:
        table(tmp_path, "ds,y", rows)
    assert "--fill" not in str(unfilled.value)


def test_a_series_with_too_many_gaps_is_left_out_of_many(tmp_path: Path) -> None:
    days = dated("2024-01-01", 40, "D")
    rows = [
        f"{name},{day},1"
        for name in "abc"
        for n, day in enumerate(days)
        if name != "b" or n % 7 < 4 or n == 39
    ]
    columns = Columns(fill="last", step="D")
    read = table(tmp_path, "unique_id,ds,y", rows, columns)
    assert [series.name for series in read.series] == ["a", "c"]
    assert read.notes == ("left out: 1 series of which more than 20% would be made up (b)",)
    with pytest.raises(UserError, match="series b: 38% of the steps would be made up"):
        table(tmp_path, "unique_id,ds,y", [row for row in rows if row[0] == "b"], columns)


def test_values_of_one_column_are_counted_by_themselves(tmp_path: Path) -> None:
    rows = [f"{date},{n},{n if n % 3 else ''}" for n, date in enumerate(dated("2024-01-01", 90, "D"))]
    with pytest.raises(UserError, match="33% of v would be made up, and at most 20% may be"):
        table(tmp_path, "ds,u,v", rows, Columns(fill="linear", values=("u", "v")))
    with pytest.raises(
        UserError, match="line 2: series t has no value of v; 33% of it is missing, too much to be"
    ):
        table(tmp_path, "ds,u,v", rows, Columns(values=("u", "v")))


def test_many_series_of_which_one_is_odd(tmp_path: Path) -> None:
    hours = dated("2024-01-01", 48, "h", "%Y-%m-%d %H:%M:%S")
    rows = [f"{name},{hour},1" for name in ("a", "b") for hour in hours]
    short = ["one,2024-01-01 05:00:00,1", *[f"two,{hour},1" for hour in hours[:2]]]
    odd = [f"daily,{day},1" for day in dated("2024-01-01", 9, "D", "%Y-%m-%d 00:00:00")]
    read = table(tmp_path, "unique_id,ds,y", [*short, *rows, *odd])
    assert [(series.name, series.step) for series in read.series] == [
        (name, "h") for name in ("one", "two", "a", "b")
    ]
    assert read.notes == ("left out: 1 series of another step than h (daily: D)",)
    with pytest.raises(UserError, match=r"series have different steps \(a: h, daily: D\)"):
        table(tmp_path, "unique_id,ds,y", [*rows[:48], *odd])


def test_a_series_of_two_months_is_monthly(tmp_path: Path) -> None:
    months = dated("2015-01-01", 24, "MS")
    rows = [f"{name},{month},1" for name in ("a", "b") for month in months]
    read = table(tmp_path, "unique_id,ds,y", [*rows, *[f"new,{month},1" for month in months[:2]]])
    assert {series.step for series in read.series} == {"MS"}
    assert not read.notes


def test_a_series_without_any_value_is_left_out(tmp_path: Path) -> None:
    rows = [
        f"{name},{day},{1 if name != 'c' else ''}" for name in "abc" for day in dated("2024-01-01", 9, "D")
    ]
    for columns in (NOTHING, Columns(step="D"), Columns(fill="last")):
        read = table(tmp_path, "unique_id,ds,y", rows, columns)
        assert [series.name for series in read.series] == ["a", "b"]
    assert read.notes[0] == "left out: 1 series without any value (c)"


@pytest.mark.parametrize("fill", ["none", "zero"])
def test_a_table_without_any_value_is_refused(tmp_path: Path, fill: str) -> None:
    with pytest.raises(UserError, match=r"t.csv: has no value of y; name the columns to forecast"):
        table(tmp_path, "ds,y", ["2024-01-01,", "2024-01-02,"], Columns(fill=fill))


def test_rows_as_steps(tmp_path: Path) -> None:
    days = [day for n, day in enumerate(dated("2024-01-01", 60, "B")) if n % 7]
    with pytest.raises(UserError, match="--fill last, linear or zero, or --step rows if each row is a step"):
        table(tmp_path, "ds,y", numbered(days))
    plain = one(table(tmp_path, "ds,y", numbered(days), Columns(step="rows")))
    assert (plain.time, plain.step, plain.rows, plain.labels_ahead(2)) == (None, "", True, [51, 52])
    on = one(table(tmp_path, "ds,y", numbered(reversed(days)), Columns(step="rows:B")))
    assert (on.step, len(on), on.labels_ahead(1)) == ("B", 51, ["2024-03-25 00:00:00"])
    assert on.values[:, 0].tolist() == list(range(51, 0, -1))
    read = table(tmp_path, "ds,y", numbered(["soon", "later", "last"]), Columns(step="rows"))
    assert one(read).values[:, 0].tolist() == [1, 2, 3]
    assert "rows are steps in the order of the file" in read.notes[0]


def test_a_step_that_is_forced(tmp_path: Path) -> None:
    days = dated("2024-01-01", 8, "2D")
    filled = one(table(tmp_path, "ds,y", numbered(dated("2024-01-01", 20, "D")), Columns(step="D")))
    assert filled.step == "D"
    with pytest.raises(UserError, match="where 2024-01-02 00:00:00 is expected"):
        table(tmp_path, "ds,y", numbered(days), Columns(step="D"))
    with pytest.raises(UserError, match="--step h: is no step between whole numbers"):
        table(tmp_path, "ds,y", numbered(range(9)), Columns(step="h"))


def test_a_column_that_numbers_the_rows_is_no_name_and_no_value(tmp_path: Path) -> None:
    days = dated("2024-01-01", 20, "D")
    rows = [f"{n},{row}" for n, row in enumerate(numbered(days), 1)]
    read = table(tmp_path, "id,date,sales", rows)
    assert (one(read).variables, len(one(read))) == (("sales",), 20)
    assert read.notes == ("column 'id' numbers the rows: it does not name series, and is left out",)
    read = table(tmp_path, ",date,sales", rows)
    assert one(read).variables == ("sales",)
    assert read.notes == ("column '' numbers the rows and is not forecast",)
    with pytest.raises(
        UserError, match="column 'id' is taken for the names of series, and has another in each of 20"
    ):
        table(tmp_path, "id,date,sales", rows, Columns(id="id"))
    asked = Columns(values=("sales", "index"))
    assert one(table(tmp_path, "index,date,sales", rows, asked)).variables == ("sales", "index")


def test_true_and_false_are_numbers_of_covariates(tmp_path: Path) -> None:
    rows = [f"{row},{n % 2 == 0}" for n, row in enumerate(numbered(dated("2024-01-01", 4, "D")))]
    series = one(table(tmp_path, "ds,y,holiday", rows, Columns(values=("y",), future=("holiday",))))
    assert series.future[:, 0].tolist() == [1, 0, 1, 0]


def test_a_decimal_comma_is_found_and_said(tmp_path: Path) -> None:
    rows = [f"{day};10,07{n}" for n, day in enumerate(dated("2024-01-01", 4, "D"))]
    read = table(tmp_path, "ds;y", rows, Columns(delimiter="semicolon"))
    assert one(read).values[:, 0].tolist() == [10.070, 10.071, 10.072, 10.073]
    assert read.notes == ("numbers are read with a decimal comma; --decimal point says otherwise",)
    known = one(read).as_read["writing"]
    assert known[2] == "comma"
    about = {**ABOUT, "step": ("D",), "zone": ("",), "rows": ("",), "writing": known}
    (tmp_path / "more.csv").write_text("ds,y\n2024-01-05,10.000\n")
    with pytest.raises(UserError, match=r"'10\.000', not a number as numbers are read here; give"):
        SeriesFile(tmp_path / "more.csv", None, Format()).read(about)


def test_the_first_column_may_be_months_or_years(tmp_path: Path) -> None:
    assert one(table(tmp_path, "Month,Sales", numbered(dated("2015-01-01", 9, "MS", "%Y-%m")))).step == "MS"
    assert one(table(tmp_path, "Year,Sales", numbered(range(2001, 2010)))).step == "YS"
    week = [f"{n % 7},{n}" for n in range(21)]
    assert one(table(tmp_path, "Day,Sales", week)).variables == ("Day", "Sales")
    asked = Columns(values=("month",))
    assert one(table(tmp_path, "Month,Sales", numbered(range(1, 9)), asked)).variables == ("Month",)


@pytest.mark.parametrize("clock", ["{:02}:00:00", "{}:00", "{}", "{}.0"])
@pytest.mark.parametrize(
    ("head", "order"), [("Date,Time,load", 1), ("time,date,load", -1), ("날짜,시간,load", 1)]
)
def test_days_and_times_of_day_may_be_two_columns(tmp_path: Path, head: str, order: int, clock: str) -> None:
    rows = [(f"{day:02}.01.2024", clock.format(hour)) for day in range(1, 20) for hour in range(24)]
    series = one(table(tmp_path, head, [",".join([*row[::order], "5"]) for row in rows]))
    assert (series.step, len(series), series.variables) == ("h", 19 * 24, ("load",))
    daily = [f"{day:02}.01.2024,9,5" for day in range(1, 20)]
    assert one(table(tmp_path, "date,hour,load", daily)).variables == ("hour", "load")


def test_a_table_without_names_may_have_dates(tmp_path: Path) -> None:
    first, *rest = numbered(dated("2024-01-01", 9, "D"))
    series = one(table(tmp_path, first, rest))
    assert (series.step, len(series), series.variables) == ("D", 9, ("1",))


@pytest.mark.parametrize("name", ["", "Unnamed: 0"])
def test_a_first_column_without_a_name_may_have_dates(tmp_path: Path, name: str) -> None:
    rows = numbered(dated("2024-01-01", 9, "D"))
    series = one(table(tmp_path, f"{name},a", rows))
    assert (series.step, len(series), series.variables) == ("D", 9, ("a",))
    read = table(tmp_path, f"{name},date,a", [f"{n},{row}" for n, row in enumerate(rows)])
    assert (one(read).step, one(read).variables) == ("D", ("a",))


def test_what_has_neither_name_nor_values_is_left_out(tmp_path: Path) -> None:
    read = table(tmp_path, "date,y,", [f"{row}," for row in numbered(dated("2024-01-01", 9, "D"))])
    assert one(read).variables == ("y",)
    assert read.notes == ("column 2 has neither a name nor values, and is left out",)


def test_names_of_series_lose_blanks_around(tmp_path: Path) -> None:
    rows = [
        f"{name},{row}"
        for name, row in zip(["a", " a", "a "], numbered(dated("2024-01-01", 3, "D")), strict=True)
    ]
    assert one(table(tmp_path, "unique_id,ds,y", rows)).name == "a"


def test_parts_of_a_second_are_told_of(tmp_path: Path) -> None:
    rows = numbered(f"2024-01-01 00:00:00.{tenth}" for tenth in range(9))
    with pytest.raises(
        UserError, match="line 3: series t has 2024-01-01 00:00:00 twice; parts of a second are not"
    ):
        table(tmp_path, "ds,y", rows)


# ------------------------------------------------------------------------------------------ continued by a model

ABOUT = {"variables": ("y",), "past": (), "future": (), "horizon": 2}


def continued(folder: Path, dates: Iterable[object], step: str, **known: object) -> TimeSeries:
    path = folder / "t.csv"
    path.write_text("\n".join(["ds,y", *numbered(dates), ""]))
    plain = {"zone": ("",), "rows": ("",), "writing": ("", "None", "auto", "none")}
    about = {**ABOUT, "step": (step,), **plain, **known}
    (series,) = SeriesFile(path, None, Format()).read(about)
    return series


@pytest.mark.parametrize(
    ("dates", "step", "ahead"),
    [
        (dated("2023-12-25", 5, "D"), "B", "2024-01-01 00:00:00"),
        (dated("2023-12-29", 1, "D"), "B", "2024-01-01 00:00:00"),
        (["2023-12-29", "2024-01-01"], "B", "2024-01-02 00:00:00"),
        (dated("2024-01-01", 2, "MS"), "MS", "2024-03-01 00:00:00"),
        (dated("2024-01-31", 1, "ME"), "ME", "2024-02-29 00:00:00"),
        (dated("2024-01-15", 1, "D"), "MS", "2024-02-15 00:00:00"),
        (dated("2024-01-01", 4, "QS"), "QS-OCT", "2025-01-01 00:00:00"),
        (dated("2024-01-03", 1, "D"), "W-SUN", "2024-01-10 00:00:00"),
        (dated("2024-01-01", 5, "D"), "D", "2024-01-06 00:00:00"),
        (range(7, 12), "", 12),
    ],
)
def test_a_file_has_the_step_of_the_model(
    tmp_path: Path, dates: Iterable[object], step: str, ahead: object
) -> None:
    assert continued(tmp_path, dates, step).labels_ahead(1) == [ahead]


@pytest.mark.parametrize(
    ("dates", "step", "own"),
    [
        (dated("2024-01-01", 48, "h", "%Y-%m-%d %H:%M"), "B", "h"),
        (dated("2024-01-01", 48, "B"), "D", "B"),
        (dated("2024-01-06", 9, "D"), "B", "D"),
        (dated("2024-01-01", 9, "W-MON"), "MS", "W-MON"),
        (dated("2024-01-01", 9, "MS"), "D", "MS"),
    ],
)
def test_a_file_of_another_step_is_refused_by_name(
    tmp_path: Path, dates: list[str], step: str, own: str
) -> None:
    with pytest.raises(
        UserError, match=rf"series t has the step {own} \(.*\), and the model forecasts steps of {step}"
    ):
        continued(tmp_path, dates, step)


def test_a_model_that_says_only_its_step_reads_on(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ds,y\n2024-01-01,1\n2024-01-02,2\n")
    for about in (ABOUT, {**ABOUT, "step": ("D",)}):
        (series,) = SeriesFile(path, None, Format()).read(about)
        assert series.labels_ahead(1) == ["2024-01-03 00:00:00"]


def test_a_file_is_written_as_the_data_of_the_model(tmp_path: Path) -> None:
    day_first = continued(tmp_path, ["01/02/2024", "01/03/2024"], "MS", writing=("", "True", "auto", "none"))
    assert day_first.labels_ahead(1) == ["2024-04-01 00:00:00"]
    form = continued(
        tmp_path, ["2024_31_01", "2024_01_02"], "D", writing=("%Y_%d_%m", "None", "auto", "none")
    )
    assert form.labels_ahead(1) == ["2024-02-02 00:00:00"]
    known = Writing("%d", True, "comma", "point")
    series = replace(day_first, writing=known)
    assert series.as_read["writing"] == ("%d", "True", "comma", "point")


def test_a_file_is_read_in_the_zone_of_the_model(tmp_path: Path) -> None:
    zoned = continued(tmp_path, ["2024-01-01", "2024-01-02"], "D", zone=("+09:00",))
    assert zoned.labels_ahead(1) == ["2024-01-03 00:00:00+09:00"]
    assert str(zoned.time[0]) == "2023-12-31T15:00:00"  # type: ignore[index]
    wall = continued(tmp_path, ["2024-01-01T00:00+09:00", "2024-01-02T00:00+09:00"], "D")
    assert wall.labels_ahead(1) == ["2024-01-03 00:00:00"]


def test_a_model_of_rows_reads_rows(tmp_path: Path) -> None:
    days = ["2024-01-01", "2024-01-05", "2024-01-12"]
    assert continued(tmp_path, days, "", rows=("rows",)).labels_ahead(1) == [3]
    assert continued(tmp_path, days, "B", rows=("rows",)).labels_ahead(1) == ["2024-01-15 00:00:00"]
