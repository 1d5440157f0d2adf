from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.cells.ind_rnn import IndRNNCell
from zoo.layers.recurrent import Recurrent


@pytest.mark.parametrize(("length", "bound"), [(None, 1.0), (1, 2.0), (100, 2 ** (1 / 100))])
def test_the_recurrent_weights_start_below_the_bound_and_stay_there(length: int | None, bound: float) -> None:
    cell = IndRNNCell(1000, length=length)
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, Recurrent(cell, return_sequences=False, engine="loop")(inputs))
    kernel = model.layers[-1].cells[0][0].recurrent_kernel
    start = kernel.numpy()
    assert 0 <= start.min() < 0.01 * bound
    assert 0.99 * bound < start.max() <= bound
    optimizer = keras.optimizers.SGD(10.0)
    optimizer.build([kernel])
    optimizer.apply([np.where(np.arange(1000)[:, None] < 500, -1.0, 1.0)], [kernel])
    np.testing.assert_allclose(kernel.numpy(), np.repeat([bound, -bound], 500)[:, None], rtol=1e-6)


def test_a_state_at_most_doubles_over_the_length() -> None:
    cell = IndRNNCell(1, length=50, recurrent_initializer="ones", use_bias=False)
    cell.build((None, 1))
    cell.recurrent_kernel.assign(cell.recurrent_kernel.constraint(np.array([[7.0]])))
    states = [np.ones((1, 1), "float32")]
    for _ in range(50):
        _, states = cell(np.zeros((1, 1), "float32"), states)
    np.testing.assert_allclose(states[0], [[2.0]], rtol=1e-5)


def test_a_length_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="length must be at least 1 or None, not 0"):
        IndRNNCell(3, length=0)
