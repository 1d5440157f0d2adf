from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from datasets.assembly.series import FIELDS
from datasets.errors import UserError


def test_a_file_becomes_three_splits(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("".join(f"{n},{n}\n" for n in range(20)))
    data = datasets.load(str(path), FIELDS, {"valid_fraction": 0.1})
    assert [(e["start"], len(e["series"])) for s in (data.train, data.valid, data.test or ()) for e in s] == [
        (0, 14),
        (14, 16),
        (16, 20),
    ]
    assert data.info.notes == ("1 series of 20 steps; 2 variables; steps without time stamps",)
    by_steps = datasets.load(str(path), FIELDS, {"split_steps": ("3", "4", "5")})
    assert [(e["start"], len(e["series"])) for e in by_steps.test or ()] == [(7, 12)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split_steps": ("3", "4")}, "--split-steps 3 4: give three whole numbers"),
        ({"valid_fraction": 0.6, "test_fraction": 0.4}, "leaves nothing to train on"),
        ({"time_zone": "Mars/Base"}, "--time-zone Mars/Base: no such zone"),
        ({"date_format": "DD/MM"}, "--date-format DD/MM: write it as %Y-%m-%d"),
        ({"step": "fortnight"}, "--step fortnight: no such step; usual ones are"),
        ({"step": "0D"}, "--step 0D: no such step"),
        ({"step": "999999999999D"}, "--step 999999999999D: no such step"),
        ({"step": "rows:999999999MS"}, "--step rows:999999999MS: no such step"),
        ({"step": "rows:ns"}, "--step rows:ns: no such step"),
        ({"time_zone": "+25:00"}, "--time-zone .25:00: no such zone"),
        ({"time_zone": "+09:60"}, "--time-zone .09:60: no such zone"),
        ({"decimal": "comma", "thousands": "comma"}, "--thousands comma: is the sign before decimals too"),
        (
            {"test_steps": 2, "split_steps": ("3", "4", "5")},
            "--split-steps 3 4 5: does not go with --test-steps",
        ),
        ({"test_steps": 2, "test_file": "x.csv"}, "--test-steps 2: does not go with --test-file"),
        (
            {"valid_steps": 2, "split_steps": ("3", "4", "5")},
            "--valid-steps 2: does not go with --split-steps",
        ),
        ({"test_file": "x.csv", "folds": 2}, "--folds 2: does not go with --test-file; join the files"),
        (
            {"test_steps": 1, "valid_fraction": 0.1},
            "--valid-fraction 0.1: does not go with --test-steps; give --valid-steps",
        ),
        ({"valid_steps": 1, "valid_fraction": 0.1}, "--valid-fraction 0.1: does not go with --valid-steps$"),
        (
            {"split_steps": ("3", "4", "5"), "test_fraction": 0.1},
            "--test-fraction 0.1: does not go with --split-steps$",
        ),
        ({"test_file": "nowhere.csv"}, "nowhere.csv: no such file or folder"),
        ({"fill": "guess"}, "--fill: unknown fill 'guess'; choose one of: last, linear, none, zero"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1\n2\n")
    with pytest.raises(UserError, match=message):
        datasets.load(str(path), FIELDS, options)


def spans(data: datasets.Dataset) -> list[list[tuple[int, int]]]:
    """Where each series begins and ends in train, dev and test."""
    splits = (data.train, data.valid, data.test or ())
    return [[(example["start"], len(example["series"])) for example in split] for split in splits]


def rows(first: int, *lengths: int) -> str:
    """M4's table of series of these lengths."""
    names = ",".join(f"V{n}" for n in range(1, max(lengths) + 2))
    lines = [
        ",".join([f"W{n}", *map(str, range(first, first + length))]) + "," * (max(lengths) - length)
        for n, length in enumerate(lengths)
    ]
    return "\n".join([names, *lines]) + "\n"


def test_the_last_steps_of_each_series(tmp_path: Path) -> None:
    path = tmp_path / "Weekly.csv"
    path.write_text(rows(0, 9, 30, 5, 3))
    data = datasets.load(str(path), FIELDS, {"test_steps": 3})
    assert spans(data) == [[(0, 3), (0, 24), (0, 2)], [(3, 6), (24, 27)], [(6, 9), (27, 30), (2, 5)]]
    assert data.info.notes[-1] == (
        "1 of 4 series left out, which have no step before those of the test split: W3 (3 steps)"
    )
    assert data.info.horizon == 3
    with_dev = datasets.load(str(path), FIELDS, {"test_steps": 3, "valid_steps": 1})
    assert spans(with_dev)[1] == [(5, 6), (26, 27), (1, 2)]
    assert datasets.load(str(path), FIELDS, {"valid_steps": 2}).info.horizon == 0


def test_folds_share_the_test_split_out(tmp_path: Path) -> None:
    path = tmp_path / "Weekly.csv"
    path.write_text(rows(0, 20, 30))
    data = datasets.load(str(path), FIELDS, {"test_steps": 3, "folds": 2})
    assert spans(data)[1:] == [[(11, 14), (21, 24)], [(14, 17), (17, 20), (24, 27), (27, 30)]]
    assert data.info.horizon == 3
    by_share = datasets.load(str(path), FIELDS, {"folds": 3})
    assert spans(by_share)[2] == [(16, 18), (18, 19), (19, 20), (24, 26), (26, 28), (28, 30)]


def test_a_folder_with_a_test_file_has_no_folds(tmp_path: Path) -> None:
    (tmp_path / "Weekly-train.csv").write_text(rows(0, 9, 30))
    (tmp_path / "Weekly-test.csv").write_text(rows(100, 3, 3))
    with pytest.raises(UserError, match=r"--folds 2: .* has a file for the test split; join the files"):
        datasets.load(str(tmp_path), FIELDS, {"folds": 2})


def test_a_long_test_is_no_horizon(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("".join(f"{n}\n" for n in range(400)))
    assert datasets.load(str(path), FIELDS, {"test_steps": 101}).info.horizon == 0


@pytest.mark.parametrize("how", ["folder", "file"])
def test_a_test_file_goes_on_where_train_ends(tmp_path: Path, how: str) -> None:
    (tmp_path / "Weekly-train.csv").write_text(rows(0, 9, 30))
    (tmp_path / "Weekly-test.csv").write_text(rows(100, 3, 3))
    if how == "folder":
        data = datasets.load(str(tmp_path), FIELDS)
    else:
        test = str(tmp_path / "Weekly-test.csv")
        data = datasets.load(str(tmp_path / "Weekly-train.csv"), FIELDS, {"test_file": test})
    assert spans(data) == [[(0, 6), (0, 27)], [(6, 9), (27, 30)], [(9, 12), (30, 33)]]
    assert [example["series"].values[-3:, 0].tolist() for example in data.test or ()] == [[100, 101, 102]] * 2
    assert data.info.horizon == 3


def test_a_folder_with_a_file_a_split(tmp_path: Path) -> None:
    for name, first, length in (("train", 0, 5), ("dev", 5, 2), ("test", 7, 3)):
        lines = [f"2024-01-{day + 1:02},{day}" for day in range(first, first + length)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["date,u", *lines]))
    data = datasets.load(str(tmp_path), FIELDS)
    assert spans(data) == [[(0, 5)], [(5, 7)], [(7, 10)]]
    assert datasets.load(str(tmp_path), FIELDS, {}).info.horizon == 3


def test_a_folder_without_splits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1\n2\n")
    with pytest.raises(
        UserError, match=r"is a folder of 1 tables and not of one a split, .*; name one table"
    ):
        datasets.load(str(tmp_path), FIELDS)


def test_the_horizon_that_a_file_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "t.tsf"
    path.write_text("@attribute series_name string\n@horizon 4\n@data\na:" + ",".join("123456789") + "\n")
    assert datasets.load(str(path), FIELDS).info.horizon == 4


@pytest.mark.real
def test_public_tables(data_dir: Path) -> None:
    rates = datasets.load(str(data_dir / "exchange_rate" / "exchange_rate.txt.gz"), FIELDS)
    test = next(iter(rates.test or ()))
    assert (test["start"], len(test["series"]), len(test["series"].variables)) == (6070, 7588, 8)
    steps = {"split_steps": ("8640", "2880", "2880")}
    hours = datasets.load(str(data_dir / "ett" / "ETTh1.csv"), FIELDS, steps)
    test = next(iter(hours.test or ()))
    assert (test["start"], len(test["series"]), test["series"].step) == (11520, 14400, "h")
    assert test["series"].variables[-1] == "OT"


def test_a_later_file_of_numbered_steps_holds_numbers_not_years(tmp_path: Path) -> None:
    for name, first, stop in (("train", 1, 2001), ("test", 2001, 2101)):
        rows = "".join(f"{n},{n % 7}\n" for n in range(first, stop))
        (tmp_path / f"{name}.csv").write_text(f"time,y\n{rows}")
    data = datasets.load(str(tmp_path), FIELDS, {})
    example = next(iter(data.test or ()))
    assert (example["start"], len(example["series"]), example["series"].time) == (2000, 2100, None)
    assert example["series"].labels_ahead(1) == [2101]
