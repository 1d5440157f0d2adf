"""Trials on workers: each contestant gets equally many, one after the other in turn, and poor ones are cut short."""

from __future__ import annotations

import csv
import dataclasses
import math
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import optuna

from datasets.errors import UserError
from experiments.compare import cluster, processes, worker
from experiments.compare.grid import Grid, Run, runs
from experiments.compare.worker import Job, Outcome
from experiments.tune.study import Study
from zoo.runtime.progress import log
from zoo.runtime.results import read_results
from zoo.runtime.signals import Stopped, stop_signals

if TYPE_CHECKING:
    from distributed import Client, Future

POLL_SECONDS, STOP_SECONDS = 0.3, 90.0


@dataclass
class Active:
    """A trial that a worker has.

    Attributes:
        session: of this trial alone, by which it is stopped.
        told: of how many epochs the study knows.
        cut: whether it is to be cut short.
    """

    study: Study
    trial: optuna.Trial
    run: Run
    folder: Path
    session: str
    future: Future
    told: int = 0
    cut: bool = False


@dataclass
class Search:
    """All trials of a search.

    Args:
        studies: of the contestants.
        grid: what all trials share; its first seed is theirs.
        monitor: the metric of the dev split that decides.
        budget: trials of each contestant, at most: a small space has no more than its combinations.
        folder: where the runs are kept.
        threads: cores of each run.
        program: the module that trains.
    """

    studies: Sequence[Study]
    grid: Grid
    monitor: str
    budget: int
    folder: Path
    threads: int = 1
    program: str = "zoo.run"
    active: list[Active] = field(default_factory=list)

    def run(self, client: Client) -> None:
        """Do the trials that are missing.

        Raises:
            Stopped: after Ctrl-C or SIGTERM, when the runs in work have saved their state.
            UserError: if the scheduler is gone.
        """
        workers = max(1, len(cluster.workers_of(client)))
        with stop_signals() as received:
            while self._give(client, workers) or self.active:
                self._look(client)
                if received:
                    self._stop(client)
                    raise Stopped(received[0], f"with {self._done()} of {self._all()} trials done")
                if client.status not in ("running", "connecting"):
                    raise UserError("the scheduler is gone; start again to go on", 1)
                time.sleep(POLL_SECONDS)

    def _all(self) -> int:
        return sum(map(self._trials_of, self.studies))

    def _trials_of(self, study: Study) -> int:
        return min(self.budget, study.combinations) if study.is_small else self.budget

    def _done(self) -> int:
        return sum(trial.state.is_finished() for study in self.studies for trial in study.trials())

    def _give(self, client: Client, workers: int) -> bool:
        """Give trials to the workers that are free, the contestant with the fewest first; True where one was given."""
        given = False
        while len(self.active) < workers:
            waiting = [study for study in self.studies if len(study.trials()) < self._trials_of(study)]
            if not waiting:
                break
            self._begin(client, min(waiting, key=lambda study: len(study.trials())))
            given = True
        return given

    def _begin(self, client: Client, study: Study) -> None:
        trial, text = study.ask()
        (run,) = runs(dataclasses.replace(self.grid, cells=(text,)))
        if any(one.run.name == run.name for one in self.active):  # both would write into one folder
            study.cut(trial)
            log(f"{self._done()}/{self._all()} {run.contestant}: the same as a trial in work, not run twice")
            return
        folder, session = self.folder / "runs" / run.name, uuid.uuid4().hex
        job = Job(
            run, str(folder.absolute()), False, session, self.threads, program=self.program, measure=None,
            dev_only=True,
        )  # fmt: skip
        future = client.submit(worker.do_run, job, key=f"{run.name}-{session}", pure=False, retries=0)
        self.active.append(Active(study, trial, run, folder, session, future))

    def _look(self, client: Client) -> None:
        """Tell the studies what the runs have come to, cut short, and book those that have ended."""
        for one in list(self.active):
            ended = one.future.done()  # asked first: what is read afterwards is all that there is
            scores = dev_scores(one.folder, self.monitor)
            if not one.cut:
                one.cut = one.study.report(one.trial, scores, one.told)
                one.told = len(scores)
                if one.cut and not ended:
                    client.run(processes.stop, one.session, on_error="ignore")
            if ended:
                self.active.remove(one)
                self._book(one, _outcome(one), scores)
                one.future.release()

    def _book(self, one: Active, outcome: Outcome, scores: Sequence[float]) -> None:
        result = outcome.status
        if one.cut:
            one.study.cut(one.trial)
            result = f"cut short after {len(scores)} epochs"
        elif outcome.status == "finished" and scores:
            one.study.finish(one.trial, kept(one.folder, scores))
        elif outcome.status == "stopped":
            return  # its state is saved: the next start of the search goes on with it
        else:
            lines = outcome.log.strip().splitlines() or ["it has left no dev score"]
            one.study.fail(one.trial, lines[-1])
            result = f"failed ({lines[-1]})"
        best = f", best dev {self.monitor} {one.study.best(scores):.4f}" if scores else ""
        log(f"{self._done()}/{self._all()} {one.run.contestant}: {result}{best}, {outcome.seconds:.0f} s")

    def _stop(self, client: Client) -> None:
        """Let the runs in work save their state, and book those that have ended meanwhile."""
        since = time.monotonic()
        while self.active and time.monotonic() - since < STOP_SECONDS:
            for one in self.active:
                # Again and again: a worker may have come back.
                client.run(processes.stop, one.session, on_error="ignore")
            time.sleep(POLL_SECONDS)
            self._look(client)


def _outcome(one: Active) -> Outcome:
    """What the worker answered, or why it did not."""
    try:
        outcome: Outcome = one.future.result()
        return outcome
    except Exception as problem:  # whatever a worker may die of is told, and the search goes on
        return Outcome(one.run.name, "failed", 0.0, f"{type(problem).__name__}: {problem}")


def dev_scores(folder: Path, monitor: str) -> list[float]:
    """The dev score of each epoch so far, as the run's `history.csv` has it.

    Args:
        monitor: name of the metric.
    """
    try:
        with (folder / "history.csv").open(encoding="utf-8", newline="") as file:
            scores = [float(row[f"dev_{monitor}"]) for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError):
        return []
    return scores if all(map(math.isfinite, scores)) else []


def kept(folder: Path, scores: Sequence[float]) -> Sequence[float]:
    """Of the dev scores of a finished run's epochs the one whose weights it kept; all where that cannot be told."""
    try:
        best = read_results(folder / "metrics.json").best_epoch
    except (OSError, UserError):
        return scores
    return scores[best - 1 : best] or scores
