from __future__ import annotations

from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.report.table import main, rows, table
from tests.conftest import RunPython
from tests.zoo.runtime.test_results import made_up_results
from zoo.runtime.rundir import write_json


def finished(folder: Path, seed: int, accuracy: float, **changes: object) -> str:
    """A run directory with nothing but what the table reads."""
    folder.mkdir()
    write_json(folder / "config.json", {"config": {}})
    scores, baselines = {"test": {"accuracy": accuracy}}, {"majority": {"test": {"accuracy": 0.5}}}
    seconds = {"train": 1.0, "total": 10.0 * (seed + 1)}
    results = made_up_results(seed=seed, scores=scores, baselines=baselines, seconds=seconds, **changes)
    results.write(folder / "metrics.json")
    return str(folder)


def test_means_over_seeds_beside_the_baseline(tmp_path: Path) -> None:
    runs = [finished(tmp_path / "a", 0, 0.8), finished(tmp_path / "b", 1, 0.9)]
    lines = table(rows(runs, "test"), "test").splitlines()
    assert lines[2] == "| reviews | gru | 2 | 0.8500 | 0.8000–0.9000 | 15 | 1,234 |"
    assert lines[3] == "| reviews | majority | 2 | 0.5000 | 0.5000–0.5000 | – | – |"
    assert len(lines) == 4


def test_synthetic_data_are_called_so(tmp_path: Path) -> None:
    assert "reviews (synthetic)" in table(
        rows([finished(tmp_path / "a", 0, 0.8, synthetic=True)], "test"), "test"
    )


def test_runs_of_two_tasks_are_refused(tmp_path: Path) -> None:
    runs = [finished(tmp_path / "a", 0, 0.8), finished(tmp_path / "b", 1, 0.9, task="tagging")]
    with pytest.raises(UserError, match="run of tagging, the first one of sentiment"):
        rows(runs, "test")


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no dev scores"):
        rows([finished(tmp_path / "a", 0, 0.8)], "dev")


def test_runs_that_have_no_mean_are_refused(tmp_path: Path) -> None:
    runs = [finished(tmp_path / "a", 0, 0.8), finished(tmp_path / "b", 0, 0.9)]
    with pytest.raises(UserError, match=r"b and .*a are of the same cell, data and seed"):
        rows(runs, "test")
    runs[1] = finished(tmp_path / "c", 1, 0.9)
    for seed, (run, units) in enumerate(zip(runs, (8, 16), strict=True)):
        config = {"recurrent": {"units": units}, "training": {"seed": seed}}
        write_json(Path(run) / "config.json", {"config": config})
    with pytest.raises(UserError, match=r"c and .*a differ in their options"):
        rows(runs, "test")


def test_an_exported_run_is_like_the_others(tmp_path: Path) -> None:
    runs = [finished(tmp_path / str(seed), seed, 0.8) for seed in (0, 1)]
    for seed, run in enumerate(runs):
        write_json(Path(run) / "config.json", {"config": {"training": {"seed": seed}, "export": seed == 0}})
    assert {row["seed"] for row in rows(runs, "test")} == {0, 1}


def test_what_is_no_run_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_has_its_own_name(run_python: RunPython) -> None:
    done = run_python("-m", "experiments.table", "--help")
    assert done.returncode == 0
    assert done.stdout.startswith("usage: python -m experiments.table ")
