from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from datasets.errors import UserError
from experiments.probe import memory, order_gates
from experiments.probe.learner import Learner

OPTIONS = order_gates.Options(cells=("gru", "slstm", "min_gru"), length=10, units=3)


@pytest.fixture
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells as they start."""
    monkeypatch.setattr(memory, "learn", lambda *_: memory.Outcome(False, 2000, 0.5, 2000))


def test_what_is_seen_are_the_gates_at_marks_and_elsewhere(
    untrained: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With weights that let the gate see the marks alone, its means are those of its bias with and without."""
    train = memory.train

    def trained(trial: memory.Trial, budget: int) -> tuple[Learner, memory.Outcome, np.random.Generator]:
        learner, outcome, rng = train(trial, budget)
        cell = learner.layer.cells[0][0]
        kernel = np.zeros(cell.kernel.shape)
        kernel[order_gates.FIRST_MARK :, :3] = 2.0
        cell.kernel.assign(kernel)
        cell.bias.assign(np.zeros(cell.bias.shape))
        return learner, outcome, rng

    monkeypatch.setattr(memory, "train", trained)
    seen = order_gates.look(OPTIONS, "min_gru")
    assert list(seen.means) == ["update gate z (1 takes the candidate)"]
    assert seen.means["update gate z (1 takes the candidate)"] == pytest.approx((1 / (1 + np.exp(-2)), 0.5))
    gate = seen.record.values["update gate z (1 takes the candidate)"]
    assert gate.shape == (len(seen.tokens), 3)
    at_marks = np.array([token in "XY" for token in seen.tokens])
    assert at_marks.sum() == 2
    assert (gate[at_marks] > 0.8).all()
    assert np.allclose(gate[~at_marks], 0.5)
    assert (seen.tokens[0], seen.tokens[-1]) == ("E", "B")


def test_a_picture_a_table_and_a_report(untrained: None, tmp_path: Path) -> None:
    text = order_gates.run(OPTIONS, tmp_path)
    assert "| gru | not in 2,000 | update gate z (1 keeps) | 0." in text
    assert (tmp_path / "order_gates.png").stat().st_size > 1000
    frame = pd.read_csv(tmp_path / "order_gates.csv")
    assert list(dict.fromkeys(frame["cell"])) == list(OPTIONS.cells)
    assert frame[["at_marks", "elsewhere"]].notna().all(axis=None)


def test_a_cell_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match="no_such"):
        order_gates.check(order_gates.Options(cells=("no_such",)))
