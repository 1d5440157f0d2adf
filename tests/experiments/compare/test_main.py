"""The command, as a person gives it; once from end to end with models that train in seconds."""

from __future__ import annotations

import fcntl
import functools
from pathlib import Path

import pandas as pd
import pytest

from experiments.compare import __main__ as command
from experiments.compare import cluster, matching, runner
from experiments.compare.__main__ import main
from experiments.compare.grid import Grid, runs
from experiments.compare.runner import Setting
from tests.conftest import RunPython
from tests.zoo.conftest import call, toy_rows, write_tsv
from zoo.runtime.rundir import read_json, write_json

OPTIONS = ("units=6", "embedding=4", "epochs=1", "batch_size=16")


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Units are looked for here, where TensorFlow has been started, and a stand-in tells what answers cost."""

    def answer(_: str, question: Path, out: Path) -> None:
        write_json(out, matching.answer(read_json(question)))

    monkeypatch.setattr(matching, "answer_apart", answer)
    quick = functools.partial(Setting, measure="tests.experiments.compare.stand_in_measure")
    monkeypatch.setattr(runner, "Setting", quick)


@pytest.mark.slow
@pytest.mark.usefixtures("in_this_process")
def test_two_cells_with_equal_parameters_from_data_to_report(tmp_path: Path) -> None:
    data = write_tsv(tmp_path / "toy.tsv", toy_rows(120))
    out = tmp_path / "out"
    arguments = (
        "sentiment", "--datasets", data, "--cells", "vanilla", "gru", "--seeds", "0", "--vary", *OPTIONS,
        "--match", "parameters", "--keras-seeds", "0", "--workers", "2", "--out", out,
    )  # fmt: skip
    first = call(main, *arguments)
    assert first.code == 0, first.err
    assert "2 runs, 0 of them finished before; 2 workers" in first.err
    table = pd.read_csv(out / "results.csv").set_index("cell")
    assert table.loc["vanilla", "recurrent.units"] == 6
    assert table.loc["gru", "recurrent.units"] < 6
    gap = table.loc["gru", "parameters"] / table.loc["vanilla", "parameters"] - 1
    assert f"{gap:+.2%}" in first.err
    assert abs(gap) < 0.1
    known = [
        "latency_p50_ms",
        "latency_p95_ms",
        "artifact_bytes",
        "peak_memory_bytes",
        "seconds.train",
        "score",
    ]
    assert (table[known] > 0).all(axis=None)
    assert (table["latency_p50_ms"] <= table["latency_p95_ms"]).all()
    assert "Matched by parameters" in (out / "report.md").read_text()
    again = call(main, *arguments)
    assert "2 runs, 2 of them finished before" in again.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sentimen", "--out", "x"), "did you mean sentiment"),
        (("sentiment",), "the following arguments are required: --out"),
        (("sentiment", "--out", "x", "--grid", "embeded"), "unknown grid 'embeded'; did you mean embedded"),
        (
            ("sentiment", "--out", "x", "--epochs", "3"),
            "--epochs is an option of the runs; write --vary epochs=3",
        ),
        (("sentiment", "--out", "x", "--max-tokens=9"), "write --vary max-tokens=9"),
        (("sentiment", "--out", "x", "--epoch", "3"), "unknown option --epoch"),
        (("sentiment", "--out", "x", "--until-clear", "0"), "--until-clear 0: write a difference above 0"),
        (("sentiment", "--out", "x", "--until-clear", "1", "--most", "2"), "--most 2: there are 3 seeds"),
        (("sentiment", "--out", "x", "--until-clear", "1", "--seeds", "4"), "give at least two --seeds"),
        (("sentiment", "--out", "x", "--workers", "0"), "--workers 0: at least 1"),
        (("sentiment", "--out", "x", "--match", "cost"), "--match"),
        (("--grid", "real", "--out", "x"), "--data FOLDER"),
        (("sentiment", "--data", "y", "--out", "x"), "--data y: nothing of this grid reads from there"),
        (("sentiment", "--out", "x", "--gpus", "-1"), "--gpus -1: at least 0"),
        (("sentiment", "--out", "/proc"), "--out /proc: cannot write into the folder"),
        (("sentiment", "--out", "/proc/none/x"), "cannot make the folder"),
        (("sentiment", "--out", "out", "--scheduler", "tcp://127.0.0.1:9"), "nothing answers there"),
        (
            ("sentiment", "--out", "x", "--scheduler", "tcp://a:9", "--workers", "2"),
            "has the workers that it has",
        ),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    arguments: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ZOO_DATA_DIR", raising=False)
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 0.5)
    answer = call(main, *arguments)
    assert answer.code in (1, 2)
    assert told in answer.err
    assert answer.err.count("\n") == 1


def test_a_folder_that_another_command_works_on_is_refused(tmp_path: Path) -> None:
    with open(tmp_path / ".lock", "ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        answer = call(main, "sentiment", "--out", tmp_path)
    assert answer.code == 1
    assert "another command works on this comparison" in answer.err


def test_a_list_of_the_runs_starts_none(tmp_path: Path) -> None:
    answer = call(main, "sentiment", "--seeds", 0, "--keras-seeds", 0, "--list", "--out", tmp_path / "x")
    assert len(answer.out.splitlines()) == 3
    assert not (tmp_path / "x").exists()


def test_a_contestants_runs_are_listed_as_commands(tmp_path: Path) -> None:
    options = ("--seeds", 0, "--keras-seeds", 0, "--list", "--out", tmp_path)
    answer = call(main, "tagging", "--cells", "gru(units=5)", *options)
    assert answer.out.endswith("--units 5 --cell gru --seed 0\n")


def test_flags_overrule_a_grid_file(tmp_path: Path) -> None:
    answer = call(
        main, "tagging", "--grid", "embedded", "--seeds", 7, "--cells", "gru", "--list", "--out", tmp_path
    )
    assert answer.out == "python -m zoo.run tagging --dataset microworld --device auto --cell gru --seed 7\n"


def test_the_grid_of_an_earlier_comparison_or_search_is_taken_from_its_folder(tmp_path: Path) -> None:
    grid = {"tasks": ["tagging"], "cells": ["gru(units=5)"], "seeds": [3], "keras_seeds": 0}
    for name in ("grid.json", "tuned.json"):
        folder = tmp_path / name.partition(".")[0]
        folder.mkdir()
        write_json(folder / name, {"grid": grid, "runs": []})
        for place in (folder, folder / name):
            answer = call(main, "--grid", place, "--list", "--out", tmp_path / "x")
            assert answer.out.endswith("--units 5 --cell gru --seed 3\n"), answer.err
    empty = call(main, "--grid", tmp_path, "--list", "--out", tmp_path / "x")
    assert "there is no tuned.json and no grid.json in it" in empty.err
    write_json(tmp_path / "grid.json", {"grid": {"task": 3}})
    assert "unknown" in call(main, "--grid", tmp_path, "--list", "--out", tmp_path / "x").err


def test_options_beside_a_grid_leave_the_others_as_they_are(tmp_path: Path) -> None:
    options = ("--vary", "tagging.epochs=1", "--data", "/there", "--seeds", 0, "--list", "--out", tmp_path)
    commands = call(main, "--grid", "real", *options).out.splitlines()
    assert len(commands) == 9
    tagging = [line for line in commands if " tagging " in line]
    assert all("--dataset /there/ud_english_ewt" in line and "--epochs 1" in line for line in tagging)
    assert all("--bidirectional" in line for line in tagging)


@pytest.mark.parametrize(
    ("gpus", "given", "workers", "threads"),
    [
        ("", (), 2, 8), ("35", (), 2, 8), ("3", (), 1, 16), ("3", ("--workers", 4), 4, 4), ("35", ("--gpus", 1), 1, 16),
    ],
)  # fmt: skip
def test_workers_and_cores_of_a_machine_with_and_without_gpus(
    monkeypatch: pytest.MonkeyPatch, gpus: str, given: tuple[object, ...], workers: int, threads: int
) -> None:
    """Two runs, on 16 cores. Where all runs may take a GPU, a worker without one would have nothing to do."""
    monkeypatch.setattr(cluster, "gpus_here", lambda: list(gpus))
    monkeypatch.setattr(command, "cores", lambda: 16)
    clusters: list[tuple[int, list[str]]] = []
    monkeypatch.setattr(cluster, "local_client", lambda workers, gpus: clusters.append((workers, gpus)))
    arguments = command.parser().parse_args(["sentiment", "--out", "x", *map(str, given)])
    planned = runs(Grid(tasks=("sentiment",), cells=("gru",), seeds=(0, 1), keras_seeds=0))
    _, share = command._local(arguments, planned * 2 if given else planned)
    ((made, offered),) = clusters
    assert (made, share) == (workers, threads)
    assert offered == (list(gpus)[:1] if "--gpus" in given else list(gpus))


def test_help_imports_nothing_heavy(run_python: RunPython) -> None:
    code = (
        "import sys\nfrom experiments.compare.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'tensorflow', 'keras', 'pandas', 'distributed', 'scipy'} & set(sys.modules)))"
    )
    done = run_python("-c", code)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
