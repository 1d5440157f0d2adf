"""Data sets of a user's own, from a module that lies anywhere: trained on, resumed, asked, exported and compared."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.compare.__main__ import main as compare
from tests.zoo.conftest import SMALL, call
from zoo import export, predict, run

DATA = '''
"""Tickets by department."""

from dataclasses import dataclass

from datasets import Dataset, Info, Split
from datasets.options import option


@dataclass(frozen=True)
class Options:
    rooms: int = option(20, "how many rooms have lights", minimum=4)


class Tickets:
    """Tickets of a made-up office."""

    FIELDS = ("text", "label")
    Options = Options

    def load(self, spec, options):
        texts = [f"no {'light' if n % 2 else 'chair'} in room {n}" for n in range(options.rooms)]
        rows = [{"text": text, "label": n % 2} for n, text in enumerate(texts)]
        split = Split(lambda: iter(rows), len(rows))
        return Dataset(Info(name=spec, fields=self.FIELDS, labels=("furniture", "lamps")), split, split, None)


@dataclass(frozen=True)
class Clash(Options):
    units: float = option(0.5, "a flag that is taken")


class Clashing(Tickets):
    Options = Clash
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The current folder: it holds `outside_data.py`."""
    folder = tmp_path_factory.mktemp("outside")
    (folder / "outside_data.py").write_text(DATA)
    before, paths = Path.cwd(), [*sys.path]
    os.chdir(folder)
    yield folder
    os.chdir(before)
    sys.path[:] = paths
    sys.modules.pop("outside_data", None)


@pytest.fixture(scope="module")
def trained(folder: Path) -> Path:
    arguments = ("--dataset", "outside_data:Tickets", "--rooms", "12", *SMALL, "--out", "run")
    done = call(run.main, "sentiment", *arguments)
    assert done.code == 0, done.err
    return folder / "run"


def told(*arguments: object) -> str:
    done = call(run.main, *arguments)
    assert (done.code, done.out) == (2, "")
    assert done.err.count("\n") == 1
    return done.err


def test_the_record_of_a_run_has_its_name_and_options(trained: Path) -> None:
    config = json.loads((trained / "config.json").read_text())["config"]
    assert config["dataset"] == "outside_data:Tickets"
    assert config["data"] == {"rooms": 12}
    assert json.loads((trained / "metrics.json").read_text())["dataset"] == "outside_data:Tickets"


def test_a_model_of_it_answers_and_is_exported(trained: Path) -> None:
    answered = call(predict.main, trained, "no light in room 3")
    assert answered.code == 0, answered.err
    assert "lamps" in answered.out or "furniture" in answered.out
    assert call(export.main, trained, "--to", trained / "saved").code == 0
    assert (trained / "saved" / "saved_model.pb").exists()


def test_a_run_goes_on(trained: Path) -> None:
    (trained / "metrics.json").unlink()
    done = call(run.main, "--resume", trained)
    assert done.code == 0, done.err
    assert (trained / "metrics.json").exists()


@pytest.mark.usefixtures("folder")
def test_help_has_its_options_where_it_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main(["sentiment", "--dataset=outside_data:Tickets", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "data from outside_data:Tickets: Tickets of a made-up office." in shown
    assert "--rooms N how many rooms have lights (default: 20; at least 4)" in shown
    assert "unknown option --rooms" in told("sentiment", "--rooms", "12")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ("--dataset", "outside_data:Tikets"),
            "the module outside_data has no 'Tikets'; did you mean Tickets?",
        ),
        (("--dataset", "outside_dat:Tickets"), "there is no module 'outside_dat', neither installed nor in"),
        (("--dataset", "outside_data.py:Tickets"), "write the module, not its file: outside_data:Tickets"),
        (("--dataset", "outside_data:Tickets", "--rooms", "3"), "--rooms: 3 is too small, the least is 4"),
        (("--dataset", "outside_data:Clashing"), "Clash.units: another option has the flag --units"),
        (("--dataset",), "--dataset: expected one argument"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: tuple[str, ...], line: str) -> None:
    assert line in told("sentiment", *arguments)


@pytest.mark.usefixtures("folder")
def test_a_comparison_of_it_knows_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    grid = ("--cells", "gru", "--seeds", "0", "--keras-seeds", "0", "--out", "compared", "--list")
    arguments = ["--datasets", "microworld", "outside_data:Tickets", "--vary", "epochs=1", *grid]
    assert compare(["sentiment", *arguments]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split("--dataset ")[1].split()[0] for line in listed] == [
        "microworld",
        "outside_data:Tickets",
    ]
    assert compare(["sentiment", "--datasets", "outside_data:Tickets", "--vary", "rooms=8,16", *grid]) == 0
    assert ["--rooms 8" in line for line in capsys.readouterr().out.splitlines()] == [True, False]
