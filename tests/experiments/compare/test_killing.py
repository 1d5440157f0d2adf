"""Workers, the client and whole commands are killed for real, and nothing is lost or counted twice.

The runs are stand-ins that only wait; all else is as in `experiments.compare`. Those that are to be stopped are held
until they are: no test depends on how fast the machine is.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest import mock

import pandas as pd
import psutil
import pytest

from experiments.compare.runner import Setting, do_all
from experiments.compare.worker import Job, do_run
from experiments.report import load
from experiments.report.records import RECORD
from tests.conftest import REPOSITORY
from tests.experiments.compare.client import STAND_IN, planned

#: Processes are started and killed.
pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from distributed import Client

WAIT = 120.0


class NoWorkers:
    """A client of a cluster without workers."""

    def scheduler_info(self, n_workers: int) -> dict[str, dict[str, object]]:
        """What `distributed.Client` gives."""
        return {"workers": {}} if n_workers else {}


class Comparison:
    """A client process over a folder, and the events that the stand-ins have recorded.

    Args:
        folder: for all of its files.
        seeds: three runs each.
        hold: no run ends before `release`.
    """

    def __init__(self, folder: Path, seeds: int, hold: bool) -> None:
        self.out, self.events, self.held, self.seeds = (
            folder / "out",
            folder / "events",
            folder / "held",
            seeds,
        )
        if hold:
            self.held.touch()
        self.environment = {
            **os.environ,
            "ZOO_TEST_EVENTS": str(self.events),
            "ZOO_TEST_HELD": str(self.held),
            "PYTHONPATH": str(REPOSITORY),
        }
        self.started: list[subprocess.Popen[str]] = []

    def python(self, *arguments: object, cwd: Path = REPOSITORY) -> subprocess.Popen[str]:
        """Any Python command; ended with the test."""
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)], env=self.environment, cwd=cwd, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.started.append(process)
        return process

    def client(self, *address: str) -> subprocess.Popen[str]:
        """The comparison itself."""
        return self.python("-m", "tests.experiments.compare.client", self.out, self.seeds, *address)

    def release(self) -> None:
        """Let the runs end."""
        self.held.unlink()

    def lines(self) -> list[list[str]]:
        """The events so far: what happened, the run, its process, its cores."""
        return [line.split() for line in self.events.read_text().splitlines()] if self.events.exists() else []

    def counts(self) -> Counter[str]:
        """How often each thing happened."""
        return Counter(line[0] for line in self.lines())

    def has_more(self, event: str, before: Counter[str]) -> bool:
        """Whether something happened since."""
        return self.counts()[event] > before[event]

    def has_started(self, count: int) -> bool:
        """Whether so many runs were begun or gone on with."""
        return self.counts()["begun"] + self.counts()["gone-on-with"] >= count

    def found(self) -> int:
        """How many runs a new command would find finished. Nothing is left to do, so it needs no worker."""
        setting = Setting(self.out, program=STAND_IN, measure=None)
        tally = do_all(cast("Client", NoWorkers()), planned(self.seeds), setting)
        assert tally.left == []
        return tally.finished_before

    def run_here(self) -> None:
        """The same runs one after the other, without a cluster."""
        with mock.patch.dict(os.environ, self.environment):
            for run in planned(self.seeds):
                folder = str(self.out / "runs" / run.name)
                do_run(Job(run, folder, False, "here", threads=1, program=STAND_IN, measure=None))

    def finished(self) -> int:
        """Run directories that are complete."""
        return len([*self.out.glob(f"runs/*/{RECORD}")])

    def close(self) -> None:
        """End whatever still runs."""
        for process in self.started:
            try:
                descendants = psutil.Process(process.pid).children(recursive=True)
            except psutil.NoSuchProcess:
                descendants = []
            process.kill()
            for descendant in descendants:
                with contextlib.suppress(psutil.NoSuchProcess):
                    descendant.kill()
            process.communicate()


@pytest.fixture
def make_comparison(tmp_path: Path) -> Iterator[Callable[..., Comparison]]:
    made: list[Comparison] = []

    def make(seeds: int, hold: bool, name: str = "") -> Comparison:
        (tmp_path / name).mkdir(exist_ok=True)
        made.append(Comparison(tmp_path / name, seeds, hold))
        return made[-1]

    yield make
    for comparison in made:
        comparison.close()


MakeComparison = Callable[..., Comparison]


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def output_of(process: subprocess.Popen[str]) -> str:
    return process.communicate(timeout=WAIT)[0]


def workers(client: subprocess.Popen[str]) -> list[psutil.Process]:
    """Dask's workers under a client, which hold the runs."""
    holders = []
    for process in psutil.Process(client.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # some live for a moment only
            if any("experiments.compare.supervisor" in child.cmdline() for child in process.children()):
                holders.append(process)
    return holders


def test_a_killed_workers_run_goes_on_elsewhere_and_each_counts_once(make_comparison: MakeComparison) -> None:
    comparison = make_comparison(1, hold=True)
    client = comparison.client()
    until(lambda: comparison.counts()["begun"] == 2)
    victim = workers(client)[0]
    victim.kill()
    until(lambda: comparison.counts()["stopped"] == 1)
    comparison.release()
    out = output_of(client)
    assert "finished 3, found 0, failed 0" in out
    assert comparison.counts()["ended"] == comparison.finished() == 3
    assert comparison.counts()["stopped"] == 1, "the run of the killed worker had to save its state"
    assert comparison.counts()["gone-on-with"] == 1
    assert len({run for what, run, *_ in comparison.lines() if what == "ended"}) == 3


def test_a_killed_client_leaves_no_process_and_the_next_one_goes_on(make_comparison: MakeComparison) -> None:
    comparison = make_comparison(1, hold=True)
    client = comparison.client()
    until(lambda: comparison.counts()["begun"] == 2)
    client.kill()
    until(lambda: comparison.counts()["stopped"] == 2)
    assert comparison.finished() == 0
    comparison.release()
    assert "finished 3, found 0, failed 0" in output_of(comparison.client())
    assert comparison.counts()["gone-on-with"] == 2
    assert comparison.counts()["ended"] == comparison.finished() == 3
    assert comparison.found() == 3
    assert comparison.counts()["ended"] == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_runs_save_their_state_and_says_how_far_it_came(
    make_comparison: MakeComparison, number: signal.Signals
) -> None:
    comparison = make_comparison(1, hold=True)
    client = comparison.client()
    until(lambda: comparison.counts()["begun"] == 2)
    # As a terminal does it: everything in the foreground hears of Ctrl-C.
    os.killpg(client.pid, number) if number == signal.SIGINT else client.send_signal(number)
    out = output_of(client)
    assert client.returncode == 128 + number
    assert f"stopped by {signal.Signals(number).name} with 0 of 3 runs finished" in out
    assert "Traceback" not in out
    assert comparison.counts() == {"begun": 2, "stopped": 2}


def test_runs_whose_workers_die_again_and_again_are_done_all_the_same(
    make_comparison: MakeComparison,
) -> None:
    """Dask gives a run up that two workers died with, and those that waited behind it."""
    comparison = make_comparison(1, hold=True)
    comparison.environment["DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES"] = "1"
    client = comparison.client()
    for _ in range(2):
        before = comparison.counts()
        until(
            lambda: (
                comparison.counts()["begun"] + comparison.counts()["gone-on-with"]
                > comparison.counts()["stopped"]
            )
        )
        for victim in workers(client):
            victim.kill()
        until(partial(comparison.has_more, "stopped", before))
    comparison.release()
    assert "finished 3, found 0, failed 0, stopped 0" in output_of(client)
    assert comparison.counts()["ended"] == comparison.finished() == 3


def address_in(port_file: Path) -> str:
    """The scheduler's address, as soon as the whole file is there."""
    try:
        return str(json.loads(port_file.read_text())["address"])
    except (FileNotFoundError, json.JSONDecodeError):
        return ""


def cluster(comparison: Comparison, folder: Path) -> str:
    """The address of a scheduler with two workers, each started by hand in a folder of its own."""
    port_file = folder / "scheduler.json"
    dask = ("-m", "distributed.cli.dask_scheduler"), ("-m", "distributed.cli.dask_worker")
    comparison.python(
        *dask[0], "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", port_file
    )
    until(partial(address_in, port_file))
    for name in ("a", "b"):
        (folder / name).mkdir()
        comparison.python(
            *dask[1], "--scheduler-file", port_file, "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1",
            cwd=folder / name,
        )  # fmt: skip
    return address_in(port_file)


def test_a_cluster_of_workers_with_folders_of_their_own_gives_the_same_runs(
    make_comparison: MakeComparison, tmp_path: Path
) -> None:
    comparison = make_comparison(1, hold=False)
    address = cluster(comparison, tmp_path)
    assert "finished 3, found 0, failed 0" in output_of(comparison.client(address))
    assert comparison.finished() == comparison.counts()["ended"] == 3
    assert [*tmp_path.glob("[ab]/comparison/runs/*")] == [], "the workers' copies are removed"
    assert comparison.found() == 3
    local = make_comparison(1, hold=False, name="local")
    local.run_here()
    same = ["run", "cell", "seed", "score", "metric", "parameters"]
    pd.testing.assert_frame_equal(load(comparison.out)[same], load(local.out)[same])


def test_a_stopped_run_goes_on_from_what_came_back_whatever_a_worker_has_kept(
    make_comparison: MakeComparison, tmp_path: Path
) -> None:
    comparison = make_comparison(1, hold=True)
    address = cluster(comparison, tmp_path)
    for start in (1, 2):
        client = comparison.client(address)
        until(partial(comparison.has_started, 2 * start))
        client.send_signal(signal.SIGINT)
        output_of(client)
        assert comparison.counts()["stopped"] == 2 * start
        assert [*tmp_path.glob("[ab]/comparison/runs/*")] == []
    comparison.release()
    assert "finished 3, found 0, failed 0" in output_of(comparison.client(address))
    assert comparison.counts()["begun"] == comparison.counts()["ended"] == 3


def test_a_run_that_is_ended_from_outside_is_told_and_not_lost(make_comparison: MakeComparison) -> None:
    comparison = make_comparison(1, hold=True)
    client = comparison.client()
    until(lambda: comparison.counts()["begun"] == 2)
    stopped = comparison.lines()[0]
    os.kill(int(stopped[2]), signal.SIGTERM)
    until(lambda: comparison.counts()["stopped"] == 1)
    comparison.release()
    assert "finished 2, found 0, failed 0, stopped 1" in output_of(client)
    assert "finished 1, found 2, failed 0, stopped 0" in output_of(comparison.client())
    assert comparison.counts() == {"begun": 3, "stopped": 1, "gone-on-with": 1, "ended": 3}
