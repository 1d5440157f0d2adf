from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from datasets.assembly.series import FIELDS
from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.series.categories import is_category
from datasets.series.columns import Columns
from datasets.series.files import SeriesFile
from datasets.series.reading import read_file
from datasets.series.tables import SeriesTable

EVENTS = ["none", "sale", "none", "sale", "fair", "none", "none", "sale", "none", "none"]


def write(folder: Path, events: list[str], kinds: str = "ab", name: str = "t.csv") -> Path:
    rows = [
        f"{series},2024-01-{day + 1:02},{day},{event},{kind}"
        for series, kind in zip("xy", kinds, strict=True)
        for day, event in enumerate(events)
    ]
    path = folder / name
    path.write_text("\n".join(["unique_id,ds,y,event,kind", *rows]) + "\n")
    return path


def read(folder: Path, columns: Columns, **table: object) -> SeriesTable:
    return read_file(write(folder, **{"events": EVENTS, **table}), columns)  # type: ignore[arg-type]


def test_each_category_is_a_column(tmp_path: Path) -> None:
    table = read(tmp_path, Columns(future=("event",), static=("kind",)))
    first, second = table.series
    assert first.future_names == ("event=fair", "event=none", "event=sale")
    assert [first.future_names[row.argmax()] for row in first.future] == [
        f"event={event}" for event in EVENTS
    ]
    assert first.future.sum(axis=1).tolist() == [1] * 10
    assert (first.past_names, first.past[0].tolist(), second.past[0].tolist()) == (
        ("kind=a", "kind=b"), [1, 0], [0, 1],
    )  # fmt: skip
    assert table.notes == (
        "kind is read as 2 categories (a, b)",
        "event is read as 3 categories (fair, none, sale)",
    )


def test_no_cell_is_no_category_and_needs_no_filling(tmp_path: Path) -> None:
    (series, _) = read(tmp_path, Columns(past=("event",)), events=["", "sale", *EVENTS[2:]]).series
    assert series.past[0].tolist() == [0, 0, 0]


def test_a_model_knows_its_own_categories_only(tmp_path: Path) -> None:
    about = {
        "variables": ("y",), "past": (), "future": ("event=none", "event=sale"), "horizon": 2, "step": ("D",),
    }  # fmt: skip
    file = SeriesFile(write(tmp_path, ["sale", "strike", "none"]), None, Format())
    series = file.read(about)[0]
    assert series.future_names == about["future"]
    assert series.future.tolist() == [[0, 1], [0, 0], [1, 0]]
    assert file.remarks == []


def test_a_column_whose_name_has_the_sign_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ds,y,a=b,a\n" + "".join(f"2024-01-0{day},{day},{day},x\n" for day in range(1, 6)))
    (series,) = read_file(path, Columns(past=("a=b", "a"))).series
    assert series.past_names == ("a=b", "a=x")
    assert series.past[:, 0].tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("events", "columns", "message"),
    [
        (EVENTS, Columns(static=("event",)), "column 'event' changes within a series, from 'none' to 'sale'"),
        (["1", "x", *"23456"], Columns(past=("event",)), "line 3: event is 'x', not a number"),
        (["5 kg", "6 kg", "7 kg"], Columns(past=("event",)), "a number with a unit"),
        (
            ["yes", "no", "yes", "2"],
            Columns(past=("event",)),
            "event is '2', and other cells of its column are true",
        ),
        ([f"n{n}" for n in range(31)], Columns(past=("y",)), None),
    ],
)
def test_what_is_no_category_is_read_or_refused_as_a_number(
    tmp_path: Path, events: list[str], columns: Columns, message: str | None
) -> None:
    if message is None:
        with pytest.raises(UserError):
            read(tmp_path, columns, events=events)
        return
    with pytest.raises(UserError, match=message):
        read(tmp_path, columns, events=events)


def test_too_many_categories_are_names(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("ds,y,who\n" + "".join(f"{1900 + n},{n},p{n}\n" for n in range(101)))
    with pytest.raises(UserError, match="column 'who' has 101 different texts"):
        read_file(path, Columns(past=("who",)))


def test_categories_that_train_lacks_are_unknown_in_all_splits(tmp_path: Path) -> None:
    events = [*EVENTS[:7], "strike", "sale", "none"]
    path = write(tmp_path, events)
    data = datasets.load(str(path), FIELDS, {"future_columns": ("event",), "test_steps": 2})
    names = {
        example["series"].future_names
        for split in (data.train, data.valid, data.test or ())
        for example in split
    }
    assert names == {("event=fair", "event=none", "event=sale")}
    (valid, _) = data.valid
    assert valid["series"].future[7].tolist() == [0, 0, 0]
    assert data.info.notes[-1] == "categories that train lacks count as unknown: event=strike"


def test_a_test_file_has_the_categories_of_train(tmp_path: Path) -> None:
    train = write(tmp_path, EVENTS)
    rows = [
        f"{series},2024-01-{day},{day},{event},a"
        for series in "xy"
        for day, event in ((11, "sale"), (12, "strike"))
    ]
    test = tmp_path / "later.csv"
    test.write_text("\n".join(["unique_id,ds,y,event,kind", *rows]) + "\n")
    data = datasets.load(str(train), FIELDS, {"future_columns": ("event",), "test_file": str(test)})
    assert data.test is not None
    (example, _) = data.test
    assert example["series"].future[-2:].tolist() == [[0, 0, 1], [0, 0, 0]]


def test_numbers_behind_a_currency_are_no_words() -> None:
    assert is_category(["red", "blue", "3"])
    assert not is_category([f"USD {n}" for n in range(5)])
    assert not is_category(["EUR 1,000.50", "USD 3"])
