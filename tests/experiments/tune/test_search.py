"""Trials with a stand-in for the cluster, which does a run when it is asked for."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from experiments.compare.grid import Grid
from experiments.compare.worker import Job, Outcome
from experiments.tune import search as searching
from experiments.tune.search import Search, dev_scores, kept
from experiments.tune.space import space
from experiments.tune.study import WHY, Study
from tests.experiments.report.made_up import write_run
from zoo.runtime.signals import Stopped

GRID = Grid(tasks=("tagging",), seeds=(0,), keras_seeds=0)


@dataclass
class Future:
    outcome: Outcome

    def done(self) -> bool:
        return True

    def result(self) -> Outcome:
        return self.outcome

    def release(self) -> None:
        """It is done with."""


@dataclass
class Client:
    """Does each run at once.

    Args:
        scores: of the epochs, by the run's units.
        status: of runs, by their units.
    """

    scores: Callable[[int], list[float]]
    statuses: dict[int, str] = field(default_factory=dict)
    status: str = "running"
    jobs: list[Job] = field(default_factory=list)

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        return {"workers": {"one": {}}}

    def submit(self, _: object, job: Job, **options: object) -> Future:
        self.jobs.append(job)
        units = int(job.run.config["recurrent"]["units"])
        folder = Path(job.folder)
        folder.mkdir(parents=True, exist_ok=True)
        rows = [f"{n},{value}" for n, value in enumerate(self.scores(units), 1)]
        (folder / "history.csv").write_text("\n".join(["epoch,dev_accuracy", *rows]) + "\n")
        status = self.statuses.get(units, "finished")
        return Future(Outcome(job.run.name, status, 1.0, "first\nit diverged" if status == "failed" else ""))

    def run(self, *_: object, **__: object) -> None:
        """Nothing is left to stop."""


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "POLL_SECONDS", 0.0)


def search(client: Client, folder: Path, studies: list[Study], budget: int) -> Search:
    made = Search(studies, GRID, "accuracy", budget, folder)
    made.run(client)  # type: ignore[arg-type]
    return made


def studies(*names: str) -> list[Study]:
    kept, dimensions = optuna.storages.InMemoryStorage(), space(["units=1..40"])
    return [Study(name, dimensions, kept, True, 0) for name in names]


def test_each_contestant_has_as_many_trials_none_of_which_reads_the_test_split(tmp_path: Path) -> None:
    client, made = Client(lambda units: [units / 100]), studies("gru", "lstm(unit_forget_bias=false)")
    search(client, tmp_path, made, 3)
    assert [len(study.trials()) for study in made] == [3, 3]
    assert all(job.dev_only and job.measure is None for job in client.jobs)
    for study in made:
        best = study.best_trial()
        assert best is not None
        assert best.values == [max(trial.params["units"] for trial in study.trials()) / 100]


def test_runs_that_fail_are_told_and_count_and_poor_ones_are_cut_short(tmp_path: Path) -> None:
    client = Client(lambda units: [units / 200, units / 100, units / 50])
    client.statuses = dict.fromkeys(range(1, 41, 2), "failed")
    (study,) = studies("gru")
    search(client, tmp_path, [study], 25)
    states = [trial.state for trial in study.trials()]
    assert len(states) == 25
    assert {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL} == set(states)
    failed = [trial for trial in study.trials() if trial.state == TrialState.FAIL]
    assert {trial.user_attrs[WHY] for trial in failed} == {"it diverged"}
    cut = [trial for trial in study.trials() if trial.state == TrialState.PRUNED]
    assert all(len(trial.intermediate_values) == 2 for trial in cut)


def test_a_signal_ends_the_search_and_a_run_that_was_stopped_is_gone_on_with(tmp_path: Path) -> None:
    (study,) = studies("gru")

    def interrupted(_: int) -> list[float]:
        signal.raise_signal(signal.SIGTERM)
        return [0.5]

    client = Client(interrupted, dict.fromkeys(range(41), "stopped"))
    with pytest.raises(Stopped, match="stopped by SIGTERM with 0 of 2 trials done"):
        search(client, tmp_path, [study], 2)
    begun = client.jobs[0].run.name
    again = Study("gru", study.dimensions, study.storage, True, 0)
    client = Client(lambda units: [units / 100])
    search(client, tmp_path, [again], 2)
    assert client.jobs[0].run.name == begun
    assert len(again.complete()) == 2


@pytest.mark.parametrize(
    "text", ["", "epoch,dev_loss\n1,2\n", "epoch,dev_accuracy\n1,nan\n", "epoch,dev_accuracy\n1,"]
)
def test_what_holds_no_dev_scores_yet_has_none(text: str, tmp_path: Path) -> None:
    assert dev_scores(tmp_path, "accuracy") == []
    (tmp_path / "history.csv").write_text(text)
    assert dev_scores(tmp_path, "accuracy") == []


def test_a_trial_counts_by_the_epoch_whose_weights_it_kept(tmp_path: Path) -> None:
    """With `--choose train` that is not the one of the best dev score."""
    write_run(tmp_path / "run")
    assert kept(tmp_path / "run", [0.9, 0.5, 0.7]) == [0.5]
    assert kept(tmp_path / "none", [0.9, 0.5, 0.7]) == [0.9, 0.5, 0.7]


def test_a_space_of_few_values_has_no_more_trials_than_combinations(tmp_path: Path) -> None:
    client = Client(lambda units: [units / 100])
    study = Study("gru", space(["units=3,5,7"]), optuna.storages.InMemoryStorage(), True, 0)
    made = search(client, tmp_path, [study], 10)
    assert [job.run.config["recurrent"]["units"] for job in client.jobs] == [3, 5, 7]
    assert (made._done(), made._all()) == (3, 3)


def test_options_that_are_in_work_are_not_run_twice_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, (study,) = Client(lambda units: [units / 100]), studies("gru")
    made = Search([study], GRID, "accuracy", 5, tmp_path)
    monkeypatch.setattr(study, "ask", lambda: (study.study.ask(), "gru(units=3)"))
    for _ in range(2):
        made._begin(client, study)  # type: ignore[arg-type]
    assert len(client.jobs) == len(made.active) == 1
    assert [trial.state for trial in study.trials()] == [TrialState.RUNNING, TrialState.PRUNED]
