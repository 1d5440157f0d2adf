from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.cells.slstm import SLSTMCell
from zoo.tensors import States, Tensor


def summing_cell(forget_gate: str) -> SLSTMCell:
    """One unit: the first feature is i~, the second z~; nothing is forgotten (exp) or all is shown (o = 1)."""
    cell = SLSTMCell(1, forget_gate=forget_gate)
    cell.build((None, 2))
    assert cell.bias is not None
    cell.kernel.assign([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]])
    cell.recurrent_kernel.assign(np.zeros((1, 4)))
    cell.bias.assign([0.0, 50.0 if forget_gate == "sigmoid" else 0.0, 0.0, 50.0])
    return cell


def last_output(cell: SLSTMCell, weights: list[float], values: list[float]) -> float:
    states: States = cell.get_initial_state(batch_size=1)
    output: Tensor = states[0]
    for weight, value in zip(weights, values, strict=True):
        output, states = cell(np.array([[weight, value]], "float32"), states)
    return np.asarray(output).item()


@pytest.mark.parametrize("forget_gate", ["sigmoid", "exponential"])
def test_the_memory_is_a_weighted_mean(forget_gate: str) -> None:
    weights, values = [0.0, 1.0, -1.0], [0.5, -0.3, 2.0]
    expected = np.average(np.tanh(values), weights=np.exp(weights))
    assert last_output(summing_cell(forget_gate), weights, values) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("weights", [[-500.0, -501.0], [500.0, 499.0]])
def test_weights_beyond_the_range_of_numbers_are_as_good_as_any(weights: list[float]) -> None:
    expected = np.average(np.tanh([0.5, -0.3]), weights=np.exp([0.0, -1.0]))
    assert last_output(summing_cell("sigmoid"), weights, [0.5, -0.3]) == pytest.approx(expected, rel=1e-5)


def test_a_later_input_can_outweigh_all_that_was_stored() -> None:
    cell = summing_cell("sigmoid")
    assert last_output(cell, [5.0, 5.0, 30.0], [2.0, 2.0, -1.0]) == pytest.approx(np.tanh(-1.0), rel=1e-5)


@pytest.mark.parametrize("unit_forget_bias", [True, False])
def test_the_forget_gate_is_open_at_first(unit_forget_bias: bool) -> None:
    cell = SLSTMCell(3, unit_forget_bias=unit_forget_bias, bias_initializer=keras.initializers.Constant(0.5))
    cell.build((None, 2))
    assert cell.bias is not None
    forget = 1.0 if unit_forget_bias else 0.5
    np.testing.assert_array_equal(cell.bias.numpy(), np.repeat([0.5, forget, 0.5, 0.5], 3))


def test_an_unknown_forget_gate_is_refused() -> None:
    with pytest.raises(ValueError, match="forget_gate must be one of sigmoid, exponential, not 'exp'"):
        SLSTMCell(3, forget_gate="exp")
