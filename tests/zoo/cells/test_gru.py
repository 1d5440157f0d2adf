from __future__ import annotations

import numpy as np
import pytest

from zoo.cells.gru import GRUCell


@pytest.mark.parametrize(("reset_after", "shape"), [(True, (2, 9)), (False, (9,))])
def test_the_convention_decides_how_many_biases_there_are(reset_after: bool, shape: tuple[int, ...]) -> None:
    cell = GRUCell(3, reset_after=reset_after)
    cell.build((None, 2))
    assert cell.bias is not None
    assert tuple(cell.bias.shape) == shape


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_conventions_part_where_the_state_meets_the_reset_gate(reset_after: bool) -> None:
    """One unit, so that every number can be followed: W = 0, z = 0.5, r = sigmoid(1)."""
    cell = GRUCell(1, reset_after=reset_after, activation="linear")
    cell.build((None, 1))
    assert cell.bias is not None
    cell.kernel.assign([[0.0, 0.0, 0.0]])
    cell.recurrent_kernel.assign([[0.0, 0.0, 3.0]])
    bias = [0.0, 1.0, 0.25]
    cell.bias.assign([bias, [0.0, 0.0, 10.0]] if reset_after else bias)
    output, _ = cell(np.zeros((1, 1), "float32"), [np.full((1, 1), 2.0, "float32")])
    r = 1 / (1 + np.exp(-1))
    candidate = 0.25 + r * (2 * 3 + 10) if reset_after else 0.25 + r * 2 * 3
    np.testing.assert_allclose(output, [[0.5 * 2 + 0.5 * candidate]], rtol=1e-6)


@pytest.mark.parametrize("reset_after", [True, False])
def test_memories_start_with_spans_up_to_the_length(reset_after: bool) -> None:
    """The update gate's bias is the logarithm of a number of steps; the others start as `bias_initializer` says."""
    units = 2000
    cell = GRUCell(units, reset_after=reset_after, chrono=50, bias_initializer="ones")
    cell.build((None, 2))
    assert cell.bias is not None
    bias = cell.bias.numpy()
    row, rest = (bias[0], bias[1]) if reset_after else (bias, np.ones(1))
    spans = 1 + np.exp(row[:units])
    assert spans.min() >= 2
    assert spans.max() <= 50
    assert spans.mean() == pytest.approx(26, rel=0.05)
    assert set(row[units:]) == set(rest) == {1.0}


def test_spans_of_memory_need_a_bias() -> None:
    with pytest.raises(ValueError, match="chrono sets biases"):
        GRUCell(3, chrono=10, use_bias=False)
