"""One run on a worker, without a cluster: the same function that a worker calls."""

from __future__ import annotations

import json
import os
import signal
import threading
import uuid
from pathlib import Path

import pytest

from experiments.compare import worker
from experiments.compare.folders import RunFolder
from experiments.compare.grid import Grid, Run, runs
from experiments.compare.processes import stop
from experiments.compare.worker import Job, do_run
from experiments.report.records import RECORD

STAND_IN = "tests.experiments.compare.stand_in"


@pytest.fixture
def events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZOO_TEST_EVENTS", str(tmp_path / "events"))
    monkeypatch.setenv("ZOO_TEST_HELD", str(tmp_path / "held"))
    return tmp_path / "events"


def one_run(seed: int = 0) -> Run:
    return runs(Grid(tasks=("sentiment",), cells=("gru",), seeds=(seed,), keras_seeds=0))[0]


def job(folder: Path, run: Run, **changes: object) -> Job:
    given = {"travels": False, "threads": 1, "program": STAND_IN, "measure": None, **changes}
    return Job(run, str(folder), session=uuid.uuid4().hex, **given)  # type: ignore[arg-type]


def happened(events: Path) -> list[str]:
    return [line.split()[0] for line in events.read_text().splitlines()] if events.exists() else []


@pytest.mark.usefixtures("events")
def test_a_run_leaves_its_folder_with_a_record_and_without_a_checkpoint(tmp_path: Path) -> None:
    folder, run = tmp_path / "runs" / "one", one_run()
    outcome = do_run(job(folder, run))
    assert (outcome.status, outcome.bundle) == ("finished", None)
    record = json.loads((folder / RECORD).read_text())
    assert (record["digest"], record["threads"], record["match"]) == (run.digest, 1, "units")
    assert not (folder / "checkpoint").exists()


def test_a_finished_run_is_not_begun_again(events: Path, tmp_path: Path) -> None:
    one = job(tmp_path / "runs" / "one", one_run())
    assert [do_run(one).status, do_run(one).status] == ["finished", "finished"]
    assert happened(events) == ["begun", "ended"]


def test_results_without_a_record_are_only_recorded(events: Path, tmp_path: Path) -> None:
    folder, run = tmp_path / "runs" / "one", one_run()
    do_run(job(folder, run))
    (folder / RECORD).unlink()
    assert do_run(job(folder, run)).status == "finished"
    assert happened(events) == ["begun", "ended"]
    assert (folder / RECORD).exists()


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("left", ["nothing", "half", "of another"])
def test_what_is_no_run_of_this_configuration_is_begun_again(tmp_path: Path, left: str) -> None:
    folder = tmp_path / "runs" / "one"
    folder.mkdir(parents=True)
    if left == "half":
        (folder / "config.json").write_text('{"config": {')
    if left == "of another":
        do_run(job(folder, one_run(1)))
    run = one_run()
    assert do_run(job(folder, run)).status == "finished"
    assert RunFolder(folder, run).is_finished()


@pytest.mark.usefixtures("events")
def test_a_failed_run_tells_its_last_lines(tmp_path: Path) -> None:
    outcome = do_run(job(tmp_path / "runs" / "one", one_run(99)))
    assert outcome.status == "failed"
    assert outcome.log.splitlines()[-2:] == ["first words", "last words"]


def test_a_run_that_was_killed_says_by_what(events: Path, tmp_path: Path) -> None:
    (tmp_path / "held").touch()
    one = job(tmp_path / "runs" / "one", one_run())
    killer = threading.Thread(target=_kill, args=(events,))
    killer.start()
    outcome = do_run(one)
    killer.join()
    assert outcome.status == "failed"
    assert outcome.log.splitlines()[-1] == "killed by SIGKILL, often for want of memory"


def _kill(events: Path) -> None:
    """Kill the run when it has begun."""
    _wait_for(events)
    os.kill(int(events.read_text().split()[2]), signal.SIGKILL)


def _stop(events: Path, session: str) -> None:
    """Stop the session when its run has begun."""
    _wait_for(events)
    stop(session)


def test_a_run_that_could_not_be_measured_is_recorded_as_such_and_measured_with_the_next_start(
    events: Path, tmp_path: Path
) -> None:
    folder, run = tmp_path / "runs" / "one", one_run()
    assert do_run(job(folder, run, measure="tests.experiments.compare.none")).status == "finished"
    first = json.loads((folder / RECORD).read_text())
    assert not first["measured"]
    assert not RunFolder(folder, run).is_finished()
    assert do_run(job(folder, run)).status == "finished"
    assert json.loads((folder / RECORD).read_text()) == {**first, "measured": True}
    assert RunFolder(folder, run).is_finished()
    assert happened(events) == ["begun", "ended"]


def test_what_the_training_took_is_recorded_before_anything_is_measured(
    events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop while answers are measured leaves the seconds and cores of the training, not those of the next start."""
    folder, run = tmp_path / "runs" / "one", one_run()
    begun = worker.run_supervised

    def stopped_in_measuring(
        command: list[str], log: Path, threads: int, session: str, alike: str = ""
    ) -> int:
        if RECORD in {path.name for path in folder.glob("*")}:
            stop(session)
            return 128 + signal.SIGTERM
        return begun(command, log, threads, session, alike)

    with monkeypatch.context() as patched:
        patched.setattr(worker, "run_supervised", stopped_in_measuring)
        assert do_run(job(folder, run, measure="tests.experiments.compare.none")).status == "stopped"
    first = json.loads((folder / RECORD).read_text())
    assert first["seconds"] > 0.1
    assert (first["threads"], first["measured"]) == (1, False)
    assert do_run(job(folder, run, threads=2)).status == "finished"
    assert json.loads((folder / RECORD).read_text()) == {**first, "measured": True}
    assert happened(events) == ["begun", "ended"]


def test_a_stopped_run_goes_on_where_it_was(events: Path, tmp_path: Path) -> None:
    (tmp_path / "held").touch()
    folder, run = tmp_path / "runs" / "one", one_run()
    first = job(folder, run)
    stopper = threading.Thread(target=_stop, args=(events, first.session))
    stopper.start()
    assert do_run(first).status == "stopped"
    stopper.join()
    assert do_run(first).status == "stopped", "nothing of a stopped session is begun"
    (tmp_path / "held").unlink()
    assert do_run(job(folder, run)).status == "finished"
    assert happened(events) == ["begun", "stopped", "gone-on-with", "ended"]


def _wait_for(events: Path) -> None:
    while not happened(events):
        threading.Event().wait(0.05)


def test_a_folder_travels_there_and_back(
    events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = one_run()
    outcome = do_run(job(Path("comparison/runs/one"), run, travels=True))
    assert outcome.bundle
    monkeypatch.chdir(_new(tmp_path / "elsewhere"))
    again = do_run(job(Path("comparison/runs/one"), run, travels=True, partial=outcome.bundle))
    assert again.status == "finished"
    assert happened(events) == ["begun", "ended"]


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
