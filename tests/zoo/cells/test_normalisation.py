"""Layer normalisation in the LSTM, beside its equations in NumPy."""

from __future__ import annotations

import keras
import numpy as np

from tests.zoo.running import WIDEST, randomise
from zoo.cells.lstm import LSTMCell
from zoo.cells.normalisation import EPSILON, normalised


def layer_norm(values: np.ndarray) -> np.ndarray:
    deviation = np.sqrt(values.var(axis=-1, keepdims=True) + EPSILON)
    return (values - values.mean(axis=-1, keepdims=True)) / deviation


def sigma(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def test_a_step_is_that_of_the_equations() -> None:
    cell = LSTMCell(4, layer_norm=True, dtype=WIDEST)
    cell.build((None, 3))
    randomise(cell)
    weights = {variable.name: variable.numpy() for variable in cell.weights}
    draw = np.random.default_rng(1).normal
    x, h, c = draw(size=(5, 3)), draw(size=(5, 4)), draw(size=(5, 4))
    given = [keras.ops.convert_to_tensor(array, dtype=WIDEST) for array in (x, h, c)]
    a = layer_norm(x @ weights["kernel"]) * weights["kernel_scale"] + weights["bias"]
    a = a + layer_norm(h @ weights["recurrent_kernel"]) * weights["recurrent_scale"]
    i, f, g, o = np.split(a, 4, axis=-1)
    c = sigma(f) * c + sigma(i) * np.tanh(g)
    shown = layer_norm(c) * weights["memory_scale"] + weights["memory_shift"]
    output, after = cell(given[0], given[1:])
    np.testing.assert_allclose(output, sigma(o) * np.tanh(shown), rtol=1e-6)
    np.testing.assert_allclose(after[1], c, rtol=1e-6)


def test_equal_numbers_become_zeros() -> None:
    np.testing.assert_array_equal(normalised(keras.ops.full((2, 3), 7.0)), np.zeros((2, 3)))
