from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from datasets.errors import UserError
from datasets.series.columns import Columns
from datasets.series.tables import SeriesTable, read_table

AS_IT_IS = Columns()
MONTHS = [f"2020-{month:02d}-01" for month in range(1, 13)]


def table(folder: Path, header: str, rows: list[str], columns: Columns = AS_IT_IS) -> SeriesTable:
    path = folder / "t.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_table(path, columns)


def notes(read: SeriesTable) -> str:
    return "; ".join(read.notes)


@pytest.mark.parametrize("stamps", [MONTHS, [f"{1990 + n // 4} Q{n % 4 + 1}" for n in range(12)]])
def test_the_only_column_of_dates_has_the_time_stamps_whatever_it_is_called(
    tmp_path: Path, stamps: list[str]
) -> None:
    read = table(tmp_path, "u,recorded", [f"{n},{stamp}" for n, stamp in enumerate(stamps)])
    (series,) = read.series
    assert series.step in ("MS", "QS")
    assert series.variables == ("u",)
    assert "time stamps are those of the column 'recorded'" in notes(read)


def test_of_two_columns_of_dates_the_user_says_which(tmp_path: Path) -> None:
    rows = [f"{n},{stamp},{stamp}" for n, stamp in enumerate(MONTHS)]
    with pytest.raises(
        UserError, match="sent is '2020-01-01', not a number; if it is the time stamp, name it"
    ):
        table(tmp_path, "u,sent,arrived", rows)
    assert table(tmp_path, "u,sent,arrived", rows, Columns("sent", values=("u",))).series[0].step == "MS"


@pytest.mark.parametrize("time", ["date", "recorded", "Year"])
def test_words_with_which_each_time_stamp_comes_once_name_the_series(tmp_path: Path, time: str) -> None:
    stamps = [str(2000 + n) for n in range(12)] if time == "Year" else MONTHS
    rows = [f"{shop},x,{stamp},{n}" for shop in ("Seoul", "서울", "Busan") for n, stamp in enumerate(stamps)]
    read = table(tmp_path, f"shop,kind,{time},sold", rows)
    assert [series.name for series in read.series] == ["Seoul", "서울", "Busan"]
    assert all(series.variables == ("sold",) and len(series) == 12 for series in read.series)
    assert read.series[0].step == ("YS" if time == "Year" else "MS")
    assert "series are those of the column 'shop'" in notes(read)


def test_a_row_that_comes_twice_makes_no_series_of_its_words(tmp_path: Path) -> None:
    rows = [f"{stamp},{n},{'sun' if n % 2 else 'rain'}" for n, stamp in enumerate(MONTHS)]
    with pytest.raises(UserError, match="2020-12-01"):
        table(tmp_path, "date,u,sky", [*rows, f"{MONTHS[-1]},5,rain"])


def test_other_words_are_categories_of_the_past(tmp_path: Path) -> None:
    rows = [f"{stamp},{n},{'sun' if n % 2 else 'rain'}" for n, stamp in enumerate(MONTHS)]
    read = table(tmp_path, "date,u,sky", rows)
    (series,) = read.series
    assert series.variables == ("u",)
    assert series.past_names == ("sky=rain", "sky=sun")
    assert series.past[:2].tolist() == [[1, 0], [0, 1]]
    assert "column 'sky' holds words, and is a category known up to the moment of a forecast" in notes(read)


def test_what_the_user_says_of_a_column_holds(tmp_path: Path) -> None:
    rows = [f"{stamp},{n},{'sun' if n % 2 else 'rain'}" for n, stamp in enumerate(MONTHS)]
    (series,) = table(tmp_path, "date,u,sky", rows, Columns(future=("sky",))).series
    assert (series.past_names, series.future_names) == ((), ("sky=rain", "sky=sun"))
    with pytest.raises(UserError, match="sky is 'rain', not a number"):
        table(tmp_path, "date,u,sky", rows, Columns(values=("u", "sky")))


def test_a_column_of_texts_is_left_out(tmp_path: Path) -> None:
    rows = [f"{1800 + n}-01-01,{n},seen by {chr(97 + n % 26)}{n}" for n in range(101)]
    read = table(tmp_path, "date,u,remark", rows)
    assert read.series[0].past_names == ()
    assert "column 'remark' has 101 different texts, and is left out" in notes(read)


def test_words_alone_leave_nothing_to_forecast(tmp_path: Path) -> None:
    rows = [f"{stamp},{'sun' if n % 2 else 'rain'}" for n, stamp in enumerate(MONTHS)]
    with pytest.raises(
        UserError, match="no column is left to forecast: sky hold no numbers; name the columns"
    ):
        table(tmp_path, "date,sky", rows)


def test_a_single_word_among_numbers_is_still_a_fault(tmp_path: Path) -> None:
    rows = [f"{stamp},{n if n != 5 else 'five'}" for n, stamp in enumerate(MONTHS)]
    with pytest.raises(UserError, match="line 7: u is 'five', not a number"):
        table(tmp_path, "date,u", rows)


def test_a_model_finds_its_series_in_another_table(tmp_path: Path) -> None:
    rows = [f"{shop},{stamp},{n}" for shop in ("Seoul", "Busan") for n, stamp in enumerate(MONTHS)]
    learnt = Columns(values=("sold",), learnt=True, ahead=3)
    assert [series.name for series in table(tmp_path, "shop,date,sold", rows, learnt).series] == [
        "Seoul",
        "Busan",
    ]


def test_a_parquet_file_tells_as_much(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "sold": range(24),
            "made": pd.to_datetime(MONTHS * 2),
            "shop": ["Seoul"] * 12 + ["Busan"] * 12,
            "sky": [None, "sun", "rain", "rain"] * 6,
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    first, second = read_table(tmp_path / "t.parquet", AS_IT_IS).series
    assert (first.name, second.name, first.step) == ("Seoul", "Busan", "MS")
    assert (first.variables, first.past_names) == (("sold",), ("sky=rain", "sky=sun"))


def test_an_index_without_a_name_and_numbered_columns_are_a_header(tmp_path: Path) -> None:
    (series,) = table(tmp_path, ",0", [f"{1821 + n},{n}" for n in range(12)]).series
    assert (series.variables, len(series)) == (("0",), 12)
