from __future__ import annotations

import pytest

from datasets.errors import UserError
from experiments.compare import checking
from experiments.compare.grid import Grid, Run, runs


def planned(*cells: str) -> list[Run]:
    return runs(Grid(tasks=("sentiment",), cells=cells, seeds=(0,), keras_seeds=0))


def test_cells_without_arguments_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking.sys, "executable", "/nowhere")
    checking.check_cells(planned("gru", "lstm(units=3)"))


@pytest.mark.slow
def test_an_argument_that_the_cell_does_not_take_is_told_with_those_that_there_are() -> None:
    checking.check_cells(planned("gru", "gru(reset_after=false)"))
    with pytest.raises(UserError, match="gru has no such argument; did you mean reset_after"):
        checking.check_cells(planned("gru(reset_afterr=false)"))
