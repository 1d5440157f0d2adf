"""One step of each cell against its equations, written out unit by unit with `math`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from zoo.reference import CELLS, GRU, LSTM, Cell, Vanilla, random_weights

FEATURES, UNITS = 3, 2


def sigma(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def product(vector: np.ndarray | list[float], matrix: np.ndarray, column: int) -> float:
    return sum(vector[row] * matrix[row][column] for row in range(len(vector)))


def one_step(
    cell: Cell, use_bias: bool = True
) -> tuple[dict[str, np.ndarray], np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Weights, one input and states of one example, and the states after a step."""
    rng = np.random.default_rng(5)
    weights = random_weights(cell, FEATURES, UNITS, rng, use_bias=use_bias)
    x = rng.normal(size=FEATURES)
    states = [rng.normal(size=UNITS) for _ in cell.state_names]
    new_states, _ = cell.step(weights, x[None], tuple(state[None] for state in states))
    return weights, x, states, [state[0] for state in new_states]


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize(
    ("name", "phi"), [("tanh", math.tanh), ("relu", lambda a: max(a, 0.0)), ("sigmoid", sigma)]
)
def test_vanilla(name: str, phi: Callable[[float], float], use_bias: bool) -> None:
    weights, x, (h,), (new_h,) = one_step(Vanilla(name), use_bias)
    W, U, b = weights["kernel"], weights["recurrent_kernel"], weights.get("bias", np.zeros(UNITS))
    expected = [phi(product(x, W, j) + product(h, U, j) + b[j]) for j in range(UNITS)]
    np.testing.assert_allclose(new_h, expected, rtol=1e-13)


@pytest.mark.parametrize("use_bias", [True, False])
def test_lstm(use_bias: bool) -> None:
    weights, x, (h, c), (new_h, new_c) = one_step(LSTM(), use_bias)
    W, U, b = weights["kernel"], weights["recurrent_kernel"], weights.get("bias", np.zeros(4 * UNITS))
    for j in range(UNITS):
        a_i, a_f, a_g, a_o = (
            product(x, W, gate * UNITS + j) + product(h, U, gate * UNITS + j) + b[gate * UNITS + j]
            for gate in range(4)
        )
        memory = sigma(a_f) * c[j] + sigma(a_i) * math.tanh(a_g)
        assert new_c[j] == pytest.approx(memory, rel=1e-13)
        assert new_h[j] == pytest.approx(sigma(a_o) * math.tanh(memory), rel=1e-13)


@pytest.mark.parametrize("use_bias", [True, False])
@pytest.mark.parametrize("reset_after", [True, False])
def test_gru(reset_after: bool, use_bias: bool) -> None:
    weights, x, (h,), (new_h,) = one_step(GRU(reset_after=reset_after), use_bias)
    W, U = weights["kernel"], weights["recurrent_kernel"]
    bias = weights.get("bias", np.zeros((2, 3 * UNITS)))
    b, b_recurrent = bias if bias.ndim == 2 else (bias, np.zeros(3 * UNITS))

    def gate(k: int) -> float:
        return sigma(product(x, W, k) + b[k] + product(h, U, k) + b_recurrent[k])

    z = [gate(j) for j in range(UNITS)]
    r = [gate(UNITS + j) for j in range(UNITS)]
    for j in range(UNITS):
        k = 2 * UNITS + j
        if reset_after:
            candidate = math.tanh(product(x, W, k) + b[k] + r[j] * (product(h, U, k) + b_recurrent[k]))
        else:
            candidate = math.tanh(
                product(x, W, k) + b[k] + product([r[i] * h[i] for i in range(UNITS)], U, k)
            )
        assert new_h[j] == pytest.approx(z[j] * h[j] + (1 - z[j]) * candidate, rel=1e-13)


@pytest.mark.parametrize("cell_class", [LSTM, GRU])
def test_gated_cells_use_each_activation_where_it_belongs(
    cell_class: type[LSTM] | type[GRU],
) -> None:
    # With linear gates of weight zero and bias one every gate is open, and what is left shows the activation.
    cell = cell_class(activation="relu", recurrent_activation="linear")
    gates = {"lstm": 4, "gru": 3}[cell_class.__name__.lower()]
    bias = np.ones(gates)
    if cell_class is GRU:
        bias = np.stack(
            [[0.0, 1.0, -3.0], np.zeros(3)]
        )  # z = 0: the new state is the candidate, relu(-3 + ...)
    weights = {"kernel": np.zeros((1, gates)), "recurrent_kernel": np.zeros((1, gates)), "bias": bias}
    states = tuple(np.full((1, 1), -4.0) for _ in cell.state_names)
    new_states, _ = cell.step(weights, np.ones((1, 1)), states)
    if cell_class is LSTM:
        assert new_states[1].item() == -3.0  # c' = 1·(-4) + 1·relu(1)
    assert new_states[0].item() == 0.0  # relu of a negative number; tanh would not give 0


@pytest.mark.parametrize("cell_class", list(CELLS.values()))
def test_a_misspelt_activation_is_refused_when_the_cell_is_made(
    cell_class: type[Vanilla] | type[LSTM] | type[GRU],
) -> None:
    with pytest.raises(ValueError, match="'tahn' is unknown"):
        cell_class(activation="tahn")


@pytest.mark.parametrize("cell_class", [LSTM, GRU])
def test_a_misspelt_recurrent_activation_is_refused_when_the_cell_is_made(
    cell_class: type[LSTM] | type[GRU],
) -> None:
    with pytest.raises(ValueError, match="'sigmiod' is unknown"):
        cell_class(recurrent_activation="sigmiod")


def test_random_weights_have_biases_that_are_not_zero() -> None:
    weights = random_weights(GRU(), FEATURES, UNITS, np.random.default_rng(0))
    assert {name: weight.shape for name, weight in weights.items()} == {
        "kernel": (3, 6),
        "recurrent_kernel": (2, 6),
        "bias": (2, 6),
    }
    assert all(np.count_nonzero(weight) == weight.size for weight in weights.values())


def test_random_weights_without_bias() -> None:
    weights = random_weights(LSTM(), FEATURES, UNITS, np.random.default_rng(0), use_bias=False)
    assert set(weights) == {"kernel", "recurrent_kernel"}
