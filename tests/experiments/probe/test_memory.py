from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from experiments.probe import memory, memory_picture
from experiments.probe.problems import Adding, Copying
from zoo.config import RecurrentOptions

SMALL = memory.Options(
    problems=("adding", "order"), lengths=(10,), seeds=(0,), units=4, batch_size=100, cells=("lstm", "vanilla"),
    sequences=3000,
)  # fmt: skip


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, int]]:
    """What was measured, instead of measuring: solved by the lstm alone."""
    calls: list[tuple[str, str, int]] = []

    def measure(trial: memory.Trial, budget: int) -> memory.Measured:
        calls.append((trial["problem"], trial["cell"], budget))
        solved = trial["cell"] == "lstm"
        return {
            **trial, "budget": budget, "solved": solved, "sequences": 2100 if solved else budget, "error": 0.001,
            "wrong": 0, "tested_wrong": 3 if solved else -1, "parameters": 77, "seconds": 1.0,
        }  # fmt: skip

    monkeypatch.setattr(memory, "measure", measure)
    return calls


def test_what_is_measured_already_is_not_measured_again(
    counted: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    options = SMALL
    text = memory.run(options, tmp_path)
    assert len(counted) == 4
    assert "| adding | 10 | lstm | chrono | 4 | 1 of 1 | 2,100 – 2,100 | – | 3 – 3 | 77 | 1 |" in text
    assert "| adding | 10 | vanilla | any | 4 | 0 of 1 | > 3,000 |" in text
    assert memory.run(options, tmp_path) == text
    assert len(counted) == 4
    more = replace(SMALL, cells=("lstm", "vanilla", "gru"))
    memory.run(more, tmp_path)
    assert {cell for _, cell, _ in counted[4:]} == {"gru"}
    assert (tmp_path / "memory.png").stat().st_size > 1000
    assert len(pd.read_csv(tmp_path / "memory.csv")) == 6


def test_who_failed_tries_again_with_more_sequences(
    counted: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    memory.run(SMALL, tmp_path)
    memory.run(replace(SMALL, sequences=4000), tmp_path)
    assert [(cell, budget) for _, cell, budget in counted[4:]] == [("vanilla", 4000)] * 2
    assert len(pd.read_csv(tmp_path / "memory.csv")) == 4


def test_who_failed_with_more_or_solved_it_is_not_tried_again_with_less(
    counted: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    for sequences in (4000, 3000, 2000):
        memory.run(replace(SMALL, sequences=sequences), tmp_path)
        assert len(counted) == 4


def test_a_cell_without_a_gate_that_keeps_starts_in_one_way_and_is_drawn_beside_both(
    counted: list[tuple[str, str, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[tuple[str, ...]] = []
    draw_cell = memory_picture._draw_cell

    def drawn(axes: Axes, rows: pd.DataFrame, cell: str, offset: float) -> None:
        starts.append((cell, *sorted(set(rows["start"]))))
        draw_cell(axes, rows, cell, offset)

    monkeypatch.setattr(memory_picture, "_draw_cell", drawn)
    both = replace(SMALL, start=("chrono", "cell"), cells=("vanilla", "keras_gru", "gru"))
    memory.run(both, tmp_path)
    frame = pd.read_csv(tmp_path / "memory.csv")
    rows = frame[frame["problem"] == "adding"]
    assert sorted(zip(rows["cell"], rows["start"], strict=True)) == [
        ("gru", "cell"), ("gru", "chrono"), ("keras_gru", "any"), ("vanilla", "any"),
    ]  # fmt: skip
    assert len(counted) == len(frame)
    assert set(starts) == {("vanilla", "any"), ("keras_gru", "any"), ("gru", "chrono"), ("gru", "cell")}


def test_many_cells_are_shown_on_a_map_and_in_one_table(
    counted: list[tuple[str, str, int]], tmp_path: Path
) -> None:
    cells = ("lstm", "vanilla", "gru", "mgu", "min_gru")
    text = memory.run(replace(SMALL, cells=cells), tmp_path)
    assert text.startswith("Median sequences until solved:\n\n| cell | adding 10 | order 10 |")
    assert "| lstm (chrono) | 2,100 | 2,100 |" in text
    assert "| adding | 10 | lstm | chrono |" in text
    assert (tmp_path / "memory.png").stat().st_size > 1000


def test_solved_needs_two_thousand_right_ones_in_a_row() -> None:
    problem, fine, low = Adding(20), deque([False] * 2000, 2000), deque([0.0] * 2000, 2000)
    assert memory.is_solved(problem, low, fine)
    assert not memory.is_solved(problem, deque([0.0] * 1999), deque([False] * 1999))
    assert not memory.is_solved(problem, low, deque([False] * 1999 + [True], 2000))
    assert not memory.is_solved(problem, deque([0.02] * 2000, 2000), fine)


@pytest.mark.parametrize(
    ("cell", "letter", "sign"),
    [("lstm", "f", 1), ("gru", "z", 1), ("mgu", "f", -1), ("slstm", "f", 1), ("brc", "c", 1)],
)
def test_gates_start_open_for_up_to_so_many_steps(cell: str, letter: str, sign: int) -> None:
    """A gate of 1 - 1/n keeps for n steps; where an open gate writes, it is 1/n."""
    from zoo.factory import recurrent_factory

    layer = recurrent_factory(RecurrentOptions(cell=cell, units=50))()
    layer.build((None, None, 3))
    memory.open_gates(layer, 40, np.random.default_rng(0))
    layer_cell = layer.cells[0][0]
    bias = layer_cell.bias.numpy().reshape(-1, layer_cell.gates, 50)[0]
    by_letter = dict(zip(layer_cell.gate_order, bias, strict=True))
    kept_for = 1 / (1 - 1 / (1 + np.exp(-sign * by_letter[letter])))
    assert kept_for.min() > 2 - 1e-6
    assert 30 < kept_for.max() <= 40
    others = [values for name, values in by_letter.items() if name not in (letter, "i")]
    assert all((values == 0).all() for values in others)
    if cell == "lstm":
        assert np.array_equal(by_letter["i"], -by_letter["f"])


def test_a_cell_without_such_a_gate_stays_as_it_is() -> None:
    from zoo.factory import recurrent_factory

    layer = recurrent_factory(RecurrentOptions(cell="vanilla", units=5))()
    layer.build((None, None, 3))
    before = [weight.numpy() for weight in layer.weights]
    memory.open_gates(layer, 40, np.random.default_rng(0))
    assert all(np.array_equal(old, new.numpy()) for old, new in zip(before, layer.weights, strict=True))


def test_a_cell_learns_to_copy_a_symbol_over_one_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way, on what is nearly no problem: it is solved soon and long before the budget."""
    monkeypatch.setattr(memory, "RECENT", 500)
    monkeypatch.setattr(Copying, "answers", 1)
    trial: memory.Trial = {
        "problem": "copying", "length": 1, "cell": "gru", "start": "cell", "units": 20, "learning_rate": 0.02,
        "batch_size": 50, "clip": 1.0, "seed": 0,
    }  # fmt: skip
    row = memory.measure(trial, budget=10_000)
    assert row["solved"]
    assert 500 < row["sequences"] < 10_000
    assert row["wrong"] <= 20
    assert 0 <= row["tested_wrong"] < 150
    assert tuple(row) == memory.COLUMNS


def test_a_budget_that_is_used_up_is_a_failure() -> None:
    trial: memory.Trial = {
        "problem": "adding", "length": 10, "cell": "vanilla", "start": "cell", "units": 2, "learning_rate": 0.0,
        "batch_size": 500, "clip": 1.0, "seed": 0,
    }  # fmt: skip
    row = memory.measure(trial, budget=2100)
    assert (row["solved"], row["sequences"], row["tested_wrong"]) == (False, 2500, -1)
    assert row["wrong"] > 1000
