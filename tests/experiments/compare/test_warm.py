"""Runs that are forked from a process that has imported TensorFlow."""

from __future__ import annotations

import json
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from experiments.compare import processes
from experiments.compare.processes import run_supervised
from tests.zoo.conftest import toy_rows, write_tsv

OPTIONS = ("--units", "4", "--embedding", "4", "--batch-size", "16", "--base", "none")


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    data = write_tsv(tmp_path / "toy.tsv", toy_rows(120))
    return [sys.executable, "-m", "zoo.run", "sentiment", "--dataset", str(data), *OPTIONS]


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    processes.end_idle()


def left(run: Path) -> tuple[bytes, str, dict[str, object]]:
    """Weights, learning curve without its seconds, and scores of a run."""
    with zipfile.ZipFile(run / "model.keras") as archive:
        weights = archive.read("model.weights.h5")
    curve = [line.rpartition(",")[0] for line in (run / "history.csv").read_text().splitlines()]
    metrics = json.loads((run / "metrics.json").read_text())
    return (
        weights,
        "\n".join(curve),
        {name: metrics[name] for name in ("dev", "test", "baselines", "best_epoch")},
    )


@pytest.mark.slow
def test_a_forked_run_is_bit_for_bit_one_of_a_process_of_its_own(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        arguments = [*command, "--epochs", "2", "--out", str(tmp_path / name)]
        assert run_supervised(arguments, tmp_path / f"{name}.log", 1, name) == 0
    assert len(processes._IDLE) == 1
    monkeypatch.setattr(processes, "is_forked", lambda _: False)
    arguments = [*command, "--epochs", "2", "--out", str(tmp_path / "own")]
    assert run_supervised(arguments, tmp_path / "own.log", 1, "own") == 0
    assert left(tmp_path / "first") == left(tmp_path / "second") == left(tmp_path / "own")
    assert "epoch 2/2" in (tmp_path / "second.log").read_text()


@pytest.mark.slow
def test_a_run_that_follows_another_seed_is_bit_for_bit_one_of_a_process_of_its_own(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second seed comes out as alone, after the first in the same process, and so does the first one again."""

    def run(name: str, seed: str, alike: str) -> int:
        arguments = [*command, "--epochs", "2", "--seed", seed, "--out", str(tmp_path / name)]
        assert run_supervised(arguments, tmp_path / f"{name}.log", 1, name, alike) == 0
        (warm,) = processes._IDLE
        forks = psutil.Process(warm.process.pid).children()
        assert len(forks) == (1 if alike else 0)
        return forks[0].pid if alike else 0

    assert run("first", "0", "") == 0
    fork = run("second", "0", "gru")
    assert run("third", "1", "gru") == fork
    assert run("fourth", "0", "gru") == fork
    assert run("fifth", "1", "lstm") != fork
    monkeypatch.setattr(processes, "is_forked", lambda _: False)
    for name, seed in (("own", "0"), ("own1", "1")):
        arguments = [*command, "--epochs", "2", "--seed", seed, "--out", str(tmp_path / name)]
        assert run_supervised(arguments, tmp_path / f"{name}.log", 1, name) == 0
    assert left(tmp_path / "second") == left(tmp_path / "fourth") == left(tmp_path / "own")
    assert left(tmp_path / "third") == left(tmp_path / "own1") != left(tmp_path / "own")


@pytest.mark.slow
def test_a_run_that_fails_ends_its_process_and_the_next_one_has_another(
    command: list[str], tmp_path: Path
) -> None:
    arguments = [*command, "--epochs", "1", "--out", str(tmp_path / "run")]
    wrong = [*command[:4], "--unit", "3"]
    assert run_supervised(arguments, tmp_path / "log", 1, "one", "alike") == 0
    (warm,) = processes._IDLE
    (fork,) = psutil.Process(warm.process.pid).children()
    assert run_supervised(wrong, tmp_path / "log", 1, "two", "alike") == 2
    assert not psutil.pid_exists(fork.pid)
    assert run_supervised(["python", "-m", "zoo.run", "--help"], tmp_path / "help", 1, "three", "alike") == 0
    assert "usage:" in (tmp_path / "help").read_text()


@pytest.mark.slow
def test_a_forked_run_that_is_stopped_saves_its_state_and_the_next_one_runs(
    command: list[str], tmp_path: Path
) -> None:
    codes: list[int] = []
    arguments = [*command, "--epochs", "9999", "--patience", "9999", "--out", str(tmp_path / "run")]
    thread = threading.Thread(
        target=lambda: codes.append(run_supervised(arguments, tmp_path / "run.log", 1, "stopped"))
    )
    thread.start()
    while not (tmp_path / "run" / "history.csv").exists():
        time.sleep(0.05)
    processes.stop("stopped")
    thread.join()
    assert codes == [128 + 15]
    assert any((tmp_path / "run" / "checkpoint").iterdir())
    assert run_supervised(arguments, tmp_path / "no.log", 1, "stopped") == 128 + 15
    assert not (tmp_path / "no.log").exists()
    wrong = [*command[:4], "--unit", "3"]
    assert run_supervised(wrong, tmp_path / "wrong.log", 1, "next") == 2
    assert "did you mean --units?" in (tmp_path / "wrong.log").read_text()


@pytest.mark.slow
def test_where_the_warm_process_has_died_the_next_run_has_another(command: list[str], tmp_path: Path) -> None:
    wrong = [*command[:4], "--unit", "3"]
    assert run_supervised(wrong, tmp_path / "log", 1, "one") == 2
    (first,) = processes._IDLE
    first.process.kill()
    first.process.wait()
    assert first.wait() == processes.KILLED
    assert run_supervised(wrong, tmp_path / "log", 1, "two") == 2
    assert first not in processes._IDLE


@pytest.mark.slow
def test_two_runs_at_a_time_have_two_warm_processes(command: list[str], tmp_path: Path) -> None:
    codes: dict[str, int] = {}

    def run(name: str, option: str) -> None:
        codes[name] = run_supervised([*command[:4], option], tmp_path / name, 1, name)

    threads = [threading.Thread(target=run, args=pair) for pair in (("help", "--help"), ("wrong", "--unit"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == {"help": 0, "wrong": 2}
    assert len(processes._IDLE) == 2


def test_stand_ins_and_runs_on_a_gpu_have_processes_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not processes.is_forked("tests.experiments.compare.stand_in")
    monkeypatch.setattr(processes, "offers_gpu", lambda: True)
    assert not processes.is_forked("zoo.run")
