from __future__ import annotations

import pytest

from datasets.errors import UserError
from experiments.probe.probed_cells import check_cells, class_of, recurrent_options
from zoo.cells.lstm import LSTMCell


def test_a_cell_may_have_options_of_its_own() -> None:
    options = recurrent_options("lstm(peephole=true, chrono=50)", 8)
    assert (options.cell, options.cell_options, options.units) == ("lstm", ("peephole=true", "chrono=50"), 8)
    assert class_of("lstm(peephole=true)") is LSTMCell
    assert recurrent_options("gru", 8).cell_options == ()


@pytest.mark.parametrize("cell", ["no_such", "no_such(peephole=true)", "lstm(peephole"])
def test_one_that_is_not_there_is_refused(cell: str) -> None:
    check_cells(["lstm", "slstm(forget_gate=exponential)"])
    with pytest.raises(UserError, match=r"no_such|write NAME"):
        check_cells([cell])
