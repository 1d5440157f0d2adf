"""A run that goes on has the same data, wherever they are now."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.zoo.conftest import SMALL, call, toy_rows, write_tsv
from tests.zoo.stopping import stop_in_training_of_baselines
from zoo.run import main

SPLITS = ("train", "dev", "test")


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was stopped after its training, and its data: a folder with a table for each split."""
    folder = tmp_path_factory.mktemp("stopped")
    (folder / "data").mkdir()
    for seed, split in enumerate(SPLITS):
        write_tsv(folder / "data" / f"{split}.tsv", toy_rows(40, seed))
    with pytest.MonkeyPatch.context() as patched:
        stop_in_training_of_baselines(patched, signal.SIGTERM)
        call(main, "sentiment", "--dataset", folder / "data", "--out", folder / "run", *SMALL)
    return folder


@pytest.fixture
def moved(stopped: Path, tmp_path: Path) -> Path:
    """A copy of that folder to change; the run names the data where they were."""
    return Path(shutil.copytree(stopped, tmp_path / "copy"))


def change_word(table: str) -> str:
    return table.replace("film", "book")


def flip_labels(table: str) -> str:
    return table.replace("\tneg", "\tpoz").replace("\tpos", "\tneg").replace("\tpoz", "\tpos")


def drop_last(table: str) -> str:
    return table.rstrip("\n").rpartition("\n")[0] + "\n"


@pytest.mark.parametrize("change", [change_word, flip_labels, drop_last])
@pytest.mark.parametrize("split", SPLITS)
def test_a_run_whose_data_have_changed_cannot_be_resumed(
    moved: Path, split: str, change: Callable[[str], str]
) -> None:
    table, run = moved / "data" / f"{split}.tsv", moved / "run"
    table.write_text(change(table.read_text()))
    before = (run / "prepared.json").read_bytes()
    done = call(main, "--resume", run, "--data", moved / "data")
    assert done.code == 1
    what = {"train": "training"}.get(split, split)
    assert (
        done.err.splitlines()[-1] == f"error: {run}: the {what} data have changed since; start the run again"
    )
    assert (run / "prepared.json").read_bytes() == before


def test_a_run_goes_on_with_its_data_where_they_are_now(moved: Path) -> None:
    done = call(main, "--resume", moved / "run", "--data", moved / "data")
    assert done.code == 0, done.err
    assert "not known" not in done.err
    assert json.loads((moved / "run" / "metrics.json").read_text())["dataset"] == "data"


def test_a_run_of_an_earlier_version_goes_on_and_says_what_is_not_known(moved: Path) -> None:
    (moved / "run" / "data.json").unlink()
    done = call(main, "--resume", moved / "run")
    assert done.code == 0, done.err
    note = "the run was begun by a version that kept no digest of its data: whether they are the same is not known"
    assert note in done.err
    assert note in json.loads((moved / "run" / "metrics.json").read_text())["notes"]


def test_other_data_are_refused_where_nothing_tells_what_they_were(moved: Path) -> None:
    (moved / "run" / "data.json").unlink()
    done = call(main, "--resume", moved / "run", "--data", moved / "data")
    assert done.code == 2
    assert "cannot be proven to be the same data" in done.err
    assert not (moved / "run" / "metrics.json").exists()


def test_data_that_are_not_there_any_more_can_be_told(moved: Path, stopped: Path) -> None:
    config = moved / "run" / "config.json"
    config.write_text(config.read_text().replace(str(stopped / "data"), str(moved / "gone.csv")))
    done = call(main, "--resume", moved / "run")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "where they are now is said with --data PATH" in done.err


def test_where_the_data_are_is_for_runs_that_go_on(toy: Path, tmp_path: Path) -> None:
    done = call(main, "sentiment", "--data", toy, "--out", tmp_path / "run")
    assert done.code == 2
    assert "a new run is told with --dataset" in done.err
