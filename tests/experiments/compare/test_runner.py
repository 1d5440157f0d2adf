from __future__ import annotations

from pathlib import Path

import pytest

from experiments.compare.grid import Grid, Run, runs
from experiments.compare.runner import Setting, Tally, batches, duration, seconds_left
from experiments.compare.worker import Outcome


def one_run(seed: int = 0) -> Run:
    return runs(Grid(tasks=("sentiment",), cells=("gru",), seeds=(seed,), keras_seeds=0))[0]


def test_the_time_that_is_left_is_that_of_runs_alike() -> None:
    grid = Grid(tasks=("sentiment", "tagging"), cells=("gru", "lstm"), seeds=(0, 1), keras_seeds=0)
    found = {(run.task, run.cell, run.seed): run for run in runs(grid)}
    known = [(found["sentiment", "gru", 0], 10.0), (found["sentiment", "lstm", 0], 30.0)]
    left = [found["sentiment", "gru", 1]]
    assert seconds_left(left, known, 1) == 10
    assert seconds_left([*left, found["tagging", "gru", 1]], known, 2) == (10 + 20) / 2
    assert seconds_left(left, [], 1) == 0


def test_seeds_of_one_cell_are_done_together() -> None:
    grid = Grid(
        tasks=("sentiment", "tagging"), cells=("gru", "lstm(peephole=true)"), seeds=(0, 1, 2), keras_seeds=1
    )
    found = runs(grid)
    cut = batches(found, 1)
    assert sorted(run.name for batch in cut for run in batch) == sorted(run.name for run in found)
    assert sorted(map(len, cut)) == [1, 1, 3, 3, 3, 3]  # the layer of Keras has one seed
    for batch in cut:
        assert len({(run.task, run.cell, run.contestant) for run in batch}) == 1
        assert [run.seed for run in batch] == list(range(len(batch)))
    firsts = [found.index(batch[0]) for batch in cut]
    assert firsts == sorted(firsts)


def test_no_batch_is_longer_than_half_of_a_workers_share() -> None:
    found = runs(Grid(tasks=("sentiment",), cells=("gru",), seeds=tuple(range(8)), keras_seeds=0))
    assert [len(batch) for batch in batches(found, 2)] == [2, 2, 2, 2]
    assert [len(batch) for batch in batches(found[:3], 2)] == [1, 1, 1]
    assert batches([], 2) == []


def test_the_line_of_a_run_tells_how_far_the_grid_is() -> None:
    one, other = one_run(0), one_run(1)
    tally = Tally([one, other], 1, left=[other], seconds=[(one, 100.0)])
    assert (
        tally.line(one, Outcome(one.name, "finished", 100.4))
        == f"1/2 {one.name}: finished, 100 s; 2 min left"
    )
    failed = tally.line(one, Outcome(one.name, "failed", 1.0, "first\nerror: why"))
    assert "failed, 1 s (error: why)" in failed


@pytest.mark.parametrize(("seconds", "text"), [(45.2, "45 s"), (120, "2 min"), (7200, "2.0 h")])
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_folder_of_a_run_is_its_name(tmp_path: Path) -> None:
    assert Setting(tmp_path).folder(one_run()).path.parent == tmp_path / "runs"
