from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.cells.lstm import LSTMCell
from zoo.keras_types import Initializer


@pytest.mark.parametrize("rest", ["zeros", keras.initializers.Constant(0.5)])
@pytest.mark.parametrize("unit_forget_bias", [True, False])
def test_the_forget_gate_is_open_at_first(unit_forget_bias: bool, rest: Initializer) -> None:
    cell = LSTMCell(3, unit_forget_bias=unit_forget_bias, bias_initializer=rest)
    cell.build((None, 2))
    assert cell.bias is not None
    value = 0.0 if rest == "zeros" else 0.5
    expected = np.full(12, value)
    if unit_forget_bias:
        expected[3:6] = 1.0  # gates stand in the order i, f, g, o
    np.testing.assert_array_equal(cell.bias.numpy(), expected)


def test_the_forget_gate_s_bias_is_the_one_that_remembers() -> None:
    """With that bias large and all else zero, the cell state stays as it is."""
    cell = LSTMCell(3)
    cell.build((None, 2))
    assert cell.bias is not None
    cell.kernel.assign(np.zeros((2, 12)))
    cell.recurrent_kernel.assign(np.zeros((3, 12)))
    cell.bias.assign(np.repeat([0.0, 100.0, 0.0, 0.0], 3))
    c = np.array([[0.3, -2.0, 5.0]], "float32")
    _, (_, after) = cell(keras.ops.ones((1, 2)), [keras.ops.zeros((1, 3)), keras.ops.convert_to_tensor(c)])
    np.testing.assert_allclose(after, c, rtol=1e-6)
