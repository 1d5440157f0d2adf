"""The command, as a person gives it."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

import pytest

from experiments.compare.grid import Grid
from experiments.tune import __main__ as command
from experiments.tune.__main__ import main
from experiments.tune.asked import Asked
from tests.conftest import RunPython
from tests.zoo.conftest import call
from zoo.runtime.rundir import read_json, write_json

SPACE = ("--space", "units=4,8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("tagin", *SPACE), "unknown task 'tagin'; did you mean tagging"),
        (("tagging",), "say what is searched"),
        (("tagging", *SPACE, "--workers", "0"), "--workers 0: at least 1"),
        (("tagging", *SPACE, "--trials", "0"), "--trials: 0 is too small"),
        (("tagging", *SPACE, "--cells", "grru"), "unknown cell 'grru'; did you mean gru"),
        (("tagging", *SPACE, "--cells", "gru(units=3)"), "gru(units=3) has a value of its own"),
        (("tagging", "--space", "units=1,many"), "'many' is not a whole number"),
        (("tagging", "--space", "dropout=0..2"), "2.0 is too large"),
        (("tagging", "--space", "sentiment.embedding=1,2"), "sentiment is not among the tasks"),
        (("tagging", *SPACE, "--match", "parameters"), "--space units: with --match parameters"),
        (("tagging", *SPACE, "--vary", "layers=1,2"), "--vary: a search has one value of each option"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(arguments: tuple[str, ...], told: str, tmp_path: Path) -> None:
    answer = call(main, *arguments, "--out", tmp_path / "x")
    assert answer.code == 2
    assert told in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "x").exists()


def test_without_optuna_it_is_told_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "optuna" else find(name))
    answer = call(main, "tagging", *SPACE, "--cells", "gru", "--out", tmp_path)
    assert answer.code == 2
    assert answer.err == 'error: optuna is not installed; install it with: pip install "optuna>=5,<6"\n'


def test_a_folder_goes_on_with_its_search_and_with_no_other(tmp_path: Path) -> None:
    asked = Asked(task="tagging", space=("units=4,8",), trials=3)
    command._same_search(asked, tmp_path)
    command._same_search(Asked(task="tagging", space=("units=4,8",), trials=9, final_seeds=2), tmp_path)
    other = Asked(task="tagging", space=("units=4,16",), trials=3)
    with pytest.raises(command.UserError, match="holds another search: its space is"):
        command._same_search(other, tmp_path)


def test_a_search_of_before_there_was_a_match_goes_on(tmp_path: Path) -> None:
    asked = Asked(task="tagging", space=("units=4,8",), trials=3)
    command._same_search(asked, tmp_path)
    stored = read_json(tmp_path / command.ASKED)
    del stored["match"]
    write_json(tmp_path / command.ASKED, stored)
    command._same_search(asked, tmp_path)
    assert read_json(tmp_path / command.ASKED)["match"] == "units"
    write_json(tmp_path / command.ASKED, stored)
    with pytest.raises(command.UserError, match="holds another search: its match is units"):
        command._same_search(dataclasses.replace(asked, match="parameters"), tmp_path)


def test_contestants_get_the_units_with_equally_many_parameters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def units(grid: Grid, out: Path) -> dict[object, dict[str, int]]:
        assert (grid.match, grid.vary, out) == ("parameters", ("layers=1",), tmp_path)
        return {"the block": {"lstm": 9, "gru(reset_after=false)": 12, "min_gru(tagging.units=7)": 7}}

    monkeypatch.setattr("experiments.compare.matching.match_parameters", units)
    cells = ("lstm", "gru(reset_after=false)", "min_gru(tagging.units=7)")
    asked = Asked(task="tagging", cells=cells, vary=("layers=1",))
    assert command._matched(asked, tmp_path) is asked
    found = command._matched(dataclasses.replace(asked, match="parameters"), tmp_path)
    assert found.cells == ("lstm(units=9)", "gru(reset_after=false, units=12)", "min_gru(tagging.units=7)")


def test_help_imports_nothing_heavy(run_python: RunPython) -> None:
    code = (
        "import sys\nfrom experiments.tune.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'distributed', 'scipy', 'optuna'} & set(sys.modules)))"
    )
    done = run_python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
