"""Layer normalisation in the LSTM and the GRU, beside their equations in NumPy."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.zoo.running import WIDEST, randomise
from zoo.cells.gru import GRUCell
from zoo.cells.lstm import LSTMCell
from zoo.cells.normalisation import EPSILON, normalised
from zoo.layers.engines import choose


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


@pytest.mark.parametrize("reset_after", [True, False])
def test_a_step_of_a_gru_is_that_of_the_equations(reset_after: bool) -> None:
    """Gates normalised together, the candidate by itself; bias and scale of each product are its own."""
    cell = GRUCell(4, layer_norm=True, reset_after=reset_after, dtype=WIDEST)
    cell.build((None, 3))
    randomise(cell)
    weights = {variable.name: variable.numpy() for variable in cell.weights}
    draw = np.random.default_rng(1).normal
    x, h = draw(size=(5, 3)), draw(size=(5, 4))
    W, U = weights["kernel"], weights["recurrent_kernel"]
    s, t = weights["kernel_scale"], weights["recurrent_scale"]
    b, c = weights["bias"] if reset_after else (weights["bias"], np.zeros(12))
    gates = layer_norm(x @ W[:, :8]) * s[:8] + b[:8] + layer_norm(h @ U[:, :8]) * t[:8] + c[:8]
    z, r = np.split(sigma(gates), 2, axis=-1)
    a = layer_norm(x @ W[:, 8:]) * s[8:] + b[8:]
    seen = h if reset_after else r * h
    product = layer_norm(seen @ U[:, 8:]) * t[8:] + c[8:]
    a = a + (r * product if reset_after else product)
    given = [keras.ops.convert_to_tensor(array, dtype=WIDEST) for array in (x, h)]
    output, _ = cell(given[0], given[1:])
    np.testing.assert_allclose(output, z * h + (1 - z) * np.tanh(a), rtol=1e-6)


@pytest.mark.parametrize("cell_class", [LSTMCell, GRUCell])
def test_it_runs_in_the_loops_that_derive_each_step(cell_class: type[LSTMCell] | type[GRUCell]) -> None:
    choice = choose(cell_class(32, layer_norm=True))
    assert choice.engine == "hoisted"
    assert "not fused: its layer normalisation has no backward step of its own" in choice.why
    assert choose(cell_class(32)).engine == "fused"


def test_a_gru_of_before_has_none() -> None:
    """So the weights of a stored layer are those that it was stored with."""
    config = GRUCell(3).get_config()
    del config["layer_norm"]
    cell = GRUCell.from_config(config)
    cell.build((None, 2))
    assert [weight.name for weight in cell.weights] == ["kernel", "recurrent_kernel", "bias"]


def test_equal_numbers_become_zeros() -> None:
    np.testing.assert_array_equal(normalised(keras.ops.full((2, 3), 7.0)), np.zeros((2, 3)))
