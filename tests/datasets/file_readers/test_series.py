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
        ({"fill": "guess"}, "--fill: unknown fill 'guess'; choose one of: last, linear, none, zero"),
    ],
)
def test_wrong_options(tmp_path: Path, options: dict, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("1\n2\n")
    with pytest.raises(UserError, match=message):
        datasets.load(str(path), FIELDS, options)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is a folder; name one table"):
        datasets.load(str(tmp_path), FIELDS)


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
