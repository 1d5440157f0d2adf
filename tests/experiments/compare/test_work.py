"""One run on a worker, without a cluster: the same function that a worker calls."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
import uuid
from pathlib import Path

import pytest

from datasets.errors import UserError
from experiments.compare import work as working
from experiments.compare.grid import Grid, Run, runs
from experiments.compare.runner import Setting, Tally, duration, seconds_left
from experiments.compare.work import RECORD, Job, Outcome, alone, environment, stop, work

STAND_IN = "tests.experiments.compare.stand_in"


@pytest.fixture
def told(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ZOO_TEST_TOLD", str(tmp_path / "told"))
    monkeypatch.setenv("ZOO_TEST_HELD", str(tmp_path / "held"))
    return tmp_path / "told"


def one_run(seed: int = 0) -> Run:
    return runs(Grid(tasks=("sentiment",), cells=("gru",), seeds=(seed,), keras_seeds=0))[0]


def job(folder: Path, run: Run, **changes: object) -> Job:
    given = {"travels": False, "threads": 1, "program": STAND_IN, "measure": None, **changes}
    return Job(run, str(folder), session=uuid.uuid4().hex, **given)  # type: ignore[arg-type]


def happened(told: Path) -> list[str]:
    return [line.split()[0] for line in told.read_text().splitlines()] if told.exists() else []


def test_a_run_leaves_its_folder_with_a_record_and_without_a_checkpoint(told, tmp_path):
    folder, run = tmp_path / "runs" / "one", one_run()
    outcome = work(job(folder, run))
    assert (outcome.status, outcome.bundle) == ("finished", None)
    record = json.loads((folder / RECORD).read_text())
    assert (record["digest"], record["threads"], record["match"]) == (run.digest, 1, "units")
    assert not (folder / "checkpoint").exists()


def test_a_finished_run_is_not_begun_again(told, tmp_path):
    one = job(tmp_path / "runs" / "one", one_run())
    assert [work(one).status, work(one).status] == ["finished", "finished"]
    assert happened(told) == ["begun", "ended"]


def test_results_without_a_record_are_only_recorded(told, tmp_path):
    folder, run = tmp_path / "runs" / "one", one_run()
    work(job(folder, run))
    (folder / RECORD).unlink()
    assert work(job(folder, run)).status == "finished"
    assert happened(told) == ["begun", "ended"]
    assert (folder / RECORD).exists()


@pytest.mark.parametrize("left", ["nothing", "half", "of another"])
def test_what_is_no_run_of_this_configuration_is_begun_anew(told, tmp_path, left):
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    if left == "half":
        (folder / "config.json").write_text('{"config": {')
    if left == "of another":
        work(job(folder, one_run(1)))
    run = one_run()
    assert work(job(folder, run)).status == "finished"
    assert working.is_finished(folder, run.digest, run.basis)


def test_a_failed_run_tells_its_last_lines(told, tmp_path):
    outcome = work(job(tmp_path / "runs" / "one", one_run(99)))
    assert outcome.status == "failed"
    assert outcome.said.splitlines()[-2:] == ["first words", "last words"]


def test_a_run_that_was_killed_says_by_what(told, tmp_path):
    (tmp_path / "held").touch()
    one = job(tmp_path / "runs" / "one", one_run())
    killer = threading.Thread(target=lambda: (_wait_for(told), os.kill(_process(told), signal.SIGKILL)))
    killer.start()
    outcome = work(one)
    killer.join()
    assert outcome.status == "failed"
    assert outcome.said.splitlines()[-1] == "killed by SIGKILL, often for want of memory"


def _process(told: Path) -> int:
    return int(told.read_text().split()[2])


def test_a_run_that_could_not_be_measured_is_recorded_as_such_and_measured_with_the_next_start(
    told, tmp_path
):
    folder, run = tmp_path / "runs" / "one", one_run()
    assert work(job(folder, run, measure="tests.experiments.compare.none")).status == "finished"
    first = json.loads((folder / RECORD).read_text())
    assert not first["measured"]
    assert not working.is_finished(folder, run.digest, run.basis)
    assert work(job(folder, run)).status == "finished"
    assert json.loads((folder / RECORD).read_text()) == {**first, "measured": True}
    assert working.is_finished(folder, run.digest, run.basis)
    assert happened(told) == ["begun", "ended"]


def test_what_the_training_took_is_recorded_before_anything_is_measured(told, tmp_path, monkeypatch):
    """A stop while answers are measured leaves the seconds and cores of the training, not those of the next start."""
    folder, run = tmp_path / "runs" / "one", one_run()
    begun = working._run

    def stopped_in_measuring(command, log, threads, session):
        if working.RECORD in {path.name for path in folder.glob("*")}:
            stop(session)
            return 128 + signal.SIGTERM
        return begun(command, log, threads, session)

    with monkeypatch.context() as patched:
        patched.setattr(working, "_run", stopped_in_measuring)
        assert work(job(folder, run, measure="tests.experiments.compare.none")).status == "stopped"
    first = json.loads((folder / RECORD).read_text())
    assert first["seconds"] > 0.1
    assert (first["threads"], first["measured"]) == (1, False)
    assert work(job(folder, run, threads=2)).status == "finished"
    assert json.loads((folder / RECORD).read_text()) == {**first, "measured": True}
    assert happened(told) == ["begun", "ended"]


def test_a_stopped_run_goes_on_where_it_was(told, tmp_path):
    (tmp_path / "held").touch()
    folder, run = tmp_path / "runs" / "one", one_run()
    first = job(folder, run)
    stopper = threading.Thread(target=lambda: (_wait_for(told), stop(first.session)))
    stopper.start()
    assert work(first).status == "stopped"
    stopper.join()
    assert work(first).status == "stopped", "nothing of a stopped session is begun"
    (tmp_path / "held").unlink()
    assert work(job(folder, run)).status == "finished"
    assert happened(told) == ["begun", "stopped", "gone-on-with", "ended"]


def _wait_for(told: Path) -> None:
    while not happened(told):
        threading.Event().wait(0.05)


def test_a_folder_travels_there_and_back(told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = one_run()
    outcome = work(job(Path("comparison/runs/one"), run, travels=True))
    assert outcome.bundle
    monkeypatch.chdir(_new(tmp_path / "elsewhere"))
    again = work(job(Path("comparison/runs/one"), run, travels=True, partial=outcome.bundle))
    assert again.status == "finished"
    assert happened(told) == ["begun", "ended"]


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_folder_that_is_held_is_waited_for(tmp_path):
    (tmp_path / ".lock").touch()
    with open(tmp_path / ".lock") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="still in use"), alone(tmp_path, seconds=0.3):
            pass
    with alone(tmp_path, seconds=0.3):
        pass


def test_a_run_gets_its_share_of_the_cores_and_a_gpu_only_where_one_is_offered(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    without, with_one = environment(3, gpu=False), environment(3, gpu=True)
    assert without["OMP_NUM_THREADS"] == without["TF_NUM_INTRAOP_THREADS"] == "3"
    assert without["CUDA_VISIBLE_DEVICES"] == "-1"
    assert with_one.get("CUDA_VISIBLE_DEVICES") != "-1"


def test_the_time_that_is_left_is_that_of_runs_alike():
    grid = Grid(tasks=("sentiment", "tagging"), cells=("gru", "lstm"), seeds=(0, 1), keras_seeds=0)
    found = {(run.task, run.cell, run.seed): run for run in runs(grid)}
    known = [(found["sentiment", "gru", 0], 10.0), (found["sentiment", "lstm", 0], 30.0)]
    left = [found["sentiment", "gru", 1]]
    assert seconds_left(left, known, 1) == 10
    assert seconds_left([*left, found["tagging", "gru", 1]], known, 2) == (10 + 20) / 2
    assert seconds_left(left, [], 1) == 0


def test_the_line_of_a_run_tells_how_far_the_grid_is():
    one, other = one_run(0), one_run(1)
    tally = Tally([one, other], 1, left=[other], seconds=[(one, 100.0)])
    assert (
        tally.line(one, Outcome(one.name, "finished", 100.4))
        == f"1/2 {one.name}: finished, 100 s; 2 min left"
    )
    failed = tally.line(one, Outcome(one.name, "failed", 1.0, "first\nerror: why"))
    assert "failed, 1 s (error: why)" in failed


@pytest.mark.parametrize(("seconds", "text"), [(45.2, "45 s"), (120, "2 min"), (7200, "2.0 h")])
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_the_folder_of_a_run_is_its_name(tmp_path):
    assert Setting(tmp_path).folder(one_run()).parent == tmp_path / "runs"
