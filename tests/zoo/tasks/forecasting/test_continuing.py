"""A file that a model continues is read as the data that it was trained on: their step, zone and writing."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import datasets
from datasets.assembly.series import FIELDS
from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.files import SeriesFile
from tests.zoo.tasks.forecasting.examples import model
from zoo.serving import Server
from zoo.tasks.forecasting.learned import Learned
from zoo.tasks.forecasting.options import AnswerOptions, Options
from zoo.tasks.forecasting.task import TASK

OPTIONS = Options(window=2, horizon=2, quantiles=1, calendar=False)


def write(folder: Path, rows: list[str], name: str = "t.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(["ds;y", *rows, ""]))
    return path


def trained(path: Path, **options: object) -> tuple[Learned, Server]:
    """What is learnt of a file, as it comes back from the disk, and what an untrained model of it serves."""
    ready = TASK.prepare(datasets.load(str(path), FIELDS, {"delimiter": "semicolon", **options}), OPTIONS, 8)
    learned = TASK.restore(json.loads(json.dumps(ready.learned.to_json())), OPTIONS)
    return learned, TASK.serve(model(ready), learned)


def times(server: Server, path: Path) -> list[object]:
    rows = TASK.answer(server, [SeriesFile(path, None, Format(delimiter="semicolon"))], AnswerOptions())
    return [row["time"] for row in rows]


def test_the_last_rows_of_business_days_go_on_on_monday(tmp_path: Path) -> None:
    days = pd.date_range("2023-01-02", "2023-12-29", freq="B").strftime("%d.%m.%Y")
    rows = [f"{day};1.{n:03},5" for n, day in enumerate(days)]
    learned, server = trained(write(tmp_path, rows), thousands="point", decimal="comma", day_first=True)
    assert (learned.step, learned.as_read["writing"]) == ("B", ("", "True", "comma", "point"))
    week = write(
        tmp_path,
        ["25.12.2023;1", "26.12.2023;2.000,5", "27.12.2023;3", "28.12.2023;4", "29.12.2023;5"],
        "u.csv",
    )
    assert times(server, week) == ["2024-01-01 00:00:00", "2024-01-02 00:00:00"]
    both = write(tmp_path, ["01.02.2024;1", "02.02.2024;2"], "v.csv")
    assert times(server, both)[0] == "2024-02-05 00:00:00"
    hours = write(tmp_path, [f"01.02.2024 {hour}:00;1" for hour in range(9)], "w.csv")
    with pytest.raises(UserError, match=r"series w has the step h .* and the model forecasts steps of B"):
        times(server, hours)


def test_time_zones_are_kept(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=40, freq="D").strftime("%Y-%m-%dT00:00:00+09:00")
    path = write(tmp_path, [f"{day};{n}" for n, day in enumerate(days)])
    learned, server = trained(path)
    assert (learned.step, learned.as_read["zone"]) == ("D", ("+09:00",))
    assert times(server, path)[0] == "2024-02-10 00:00:00+09:00"
    assert (
        times(server, write(tmp_path, ["2024-03-01;1", "2024-03-02;2"], "u.csv"))[0]
        == "2024-03-03 00:00:00+09:00"
    )


def test_rows_and_numbers_go_on_counting(tmp_path: Path) -> None:
    days = [f"2024-01-{day:02};{day}" for day in range(1, 32) if day % 5]
    path = write(tmp_path, days)
    learned, server = trained(path, step="rows:D")
    assert (learned.step, learned.as_read["rows"]) == ("D", ("rows",))
    assert times(server, path)[0] == "2024-02-01 00:00:00"
    path = write(tmp_path, [f"{n};{n}" for n in range(1, 41)])
    assert times(trained(path)[1], path) == [41, 42]


def test_what_an_older_version_stored_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, [f"2024-01-{day:02};{day}" for day in range(1, 32)])
    ready = TASK.prepare(datasets.load(str(path), FIELDS, {"delimiter": "semicolon"}), OPTIONS, 8)
    stored = ready.learned.to_json()
    del stored["as_read"]
    assert times(TASK.serve(model(ready), TASK.restore(stored, OPTIONS)), path)[0] == "2024-02-01 00:00:00"


def test_what_was_said_of_the_training_data_counts_for_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = [day for day in range(1, 31) if day != 9]
    said = {"time_column": "when", "id_column": "shop", "fill": "last", "header": "auto"}
    path = tmp_path / "t.csv"
    path.write_text(
        "when;shop;sold\n" + "".join(f"{day:02}.01.2024;{shop};{day}\n" for shop in "ab" for day in days)
    )
    _, server = trained(path, **said, value_columns=("sold",))
    form = Format(delimiter="semicolon", trained=said)
    rows = TASK.answer(server, [SeriesFile(path, None, form)], AnswerOptions())
    assert [(row["series"], row["time"]) for row in rows[::2]] == [
        (shop, "2024-01-31 00:00:00") for shop in "ab"
    ]
    assert "time stamps are read as DD.MM.YYYY" in capsys.readouterr().err
    with pytest.raises(UserError, match="give --fill last, linear or zero"):
        TASK.answer(server, [SeriesFile(path, None, form)], AnswerOptions(fill="none"))


def test_what_is_said_of_the_file_counts_more(tmp_path: Path) -> None:
    days = pd.date_range("2023-01-02", "2023-12-29", freq="D").strftime("%d.%m.%Y")
    _, server = trained(write(tmp_path, [f"{day};1" for day in days]))
    file = SeriesFile(
        write(tmp_path, ["2024|01|31;1.000,5", "2024|02|01;2"], "u.csv"), None, Format(delimiter="semicolon")
    )
    said = AnswerOptions(date_format="%Y|%m|%d", decimal="comma", thousands="point")
    assert TASK.answer(server, [file], said)[0]["time"] == "2024-02-02 00:00:00"
    with pytest.raises(UserError, match="give --decimal comma --thousands point"):
        TASK.answer(server, [file], AnswerOptions(date_format="%Y|%m|%d"))


def test_categories_are_those_of_train(tmp_path: Path) -> None:
    """An event that train has not seen is forecast as one that is not told; one that it has seen, otherwise."""
    days = pd.date_range("2024-01-01", periods=42, freq="D").strftime("%Y-%m-%d")
    lines = [f"{day};{n % 7};{'sale' if n % 3 else 'none'};shop" for n, day in enumerate(days)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["ds;y;event;kind", *lines]))
    learned, server = trained(path, future_columns=("event",), static_columns=("kind",))
    assert (learned.past, learned.future) == (("kind=shop",), ("event=none", "event=sale"))

    def forecast(event: str) -> list[float]:
        later = [f"2024-02-12;;{event};shop", f"2024-02-13;;{event};shop"]
        file = tmp_path / "u.csv"
        file.write_text("\n".join(["ds;y;event;kind", *lines, *later]))
        rows = TASK.answer(server, [SeriesFile(file, None, Format(delimiter="semicolon"))], AnswerOptions())
        assert [row["time"] for row in rows] == ["2024-02-12 00:00:00", "2024-02-13 00:00:00"]
        return [row["forecast"] for row in rows]

    assert forecast("strike") == forecast("")
    assert forecast("sale") != forecast("strike")
