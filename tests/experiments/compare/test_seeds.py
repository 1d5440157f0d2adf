"""Seeds are added to the pairs that are not clear, until they are."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from experiments.compare.grid import Grid, Run, runs
from experiments.compare.seeds import further_runs
from experiments.report.records import Plan
from tests.experiments.report.made_up import write_run

GRID = Grid(
    tasks=("sentiment",),
    cells=("vanilla", "lstm", "gru"),
    seeds=(0, 1, 2),
    keras_seeds=0,
    until_clear=("0.05",),
    most=8,
)
#: Mean and deviation of the scores: vanilla is far behind at once, the others differ by less than chance.
SCORES = {"vanilla": (0.2, 0.001), "lstm": (0.8, 0.2), "gru": (0.81, 0.2)}


def do(planned: list[Run], out: Path) -> None:
    for run in planned:
        mean, deviation = SCORES[run.cell]
        noise = np.random.default_rng([run.seed, len(run.cell)]).standard_normal()
        write_run(
            out / "runs" / run.name, cell=run.cell, seed=run.seed, accuracy=float(mean + deviation * noise)
        )


def test_a_run_with_another_seed_is_that_of_the_grid() -> None:
    grid = Grid(tasks=("tagging",), cells=("gru(units=5)",), seeds=(0, 7), keras_seeds=0, match="parameters")
    first, second = runs(grid)
    other = first.with_seed(7)
    assert dataclasses.asdict(other) == dataclasses.asdict(second)


def test_open_pairs_get_seeds_until_the_most_and_others_none(tmp_path: Path) -> None:
    planned = runs(GRID)
    Plan(dataclasses.asdict(GRID), []).write(tmp_path / "grid.json")
    do(planned, tmp_path)
    rounds = []
    while more := further_runs(tmp_path, planned):
        rounds.append([(run.cell, run.seed) for run in more])
        do(more, tmp_path)
        planned = [*planned, *more]
    assert sorted(rounds[0]) == [(cell, seed) for cell in ("gru", "lstm", "vanilla") for seed in (3, 4)]
    assert sorted(rounds[-1]) == [(cell, seed) for cell in ("gru", "lstm") for seed in (5, 6, 7)]
    assert len(rounds) == 2


def test_runs_that_failed_are_not_asked_for_again(tmp_path: Path) -> None:
    planned = runs(GRID)
    Plan(dataclasses.asdict(GRID), []).write(tmp_path / "grid.json")
    do(planned, tmp_path)
    more = further_runs(tmp_path, planned)
    assert more
    assert further_runs(tmp_path, [*planned, *more]) == []
