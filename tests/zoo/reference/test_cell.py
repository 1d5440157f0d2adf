"""One step of each cell against its equations, written out unit by unit with `math`."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from zoo.reference import BRC, GRU, LSTM, MGU, SLSTM, Cell, IndRNN, Vanilla, random_weights

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


@pytest.mark.parametrize("use_bias", [True, False])
def test_ind_rnn(use_bias: bool) -> None:
    weights, x, (h,), (new_h,) = one_step(IndRNN(), use_bias)
    W, u, b = weights["kernel"], weights["recurrent_kernel"], weights.get("bias", np.zeros(UNITS))
    expected = [max(product(x, W, j) + h[j] * u[j][0] + b[j], 0.0) for j in range(UNITS)]
    np.testing.assert_allclose(new_h, expected, rtol=1e-13)


@pytest.mark.parametrize("use_bias", [True, False])
def test_mgu(use_bias: bool) -> None:
    weights, x, (h,), (new_h,) = one_step(MGU(), use_bias)
    W, U, b = weights["kernel"], weights["recurrent_kernel"], weights.get("bias", np.zeros(2 * UNITS))
    f = [sigma(product(x, W, j) + product(h, U, j) + b[j]) for j in range(UNITS)]
    for j in range(UNITS):
        k = UNITS + j
        seen = product([f[i] * h[i] for i in range(UNITS)], U, k)
        candidate = math.tanh(product(x, W, k) + seen + b[k])
        assert new_h[j] == pytest.approx((1 - f[j]) * h[j] + f[j] * candidate, rel=1e-13)


@pytest.mark.parametrize("neuromodulated", [True, False])
def test_brc(neuromodulated: bool) -> None:
    weights, x, (h,), (new_h,) = one_step(BRC(neuromodulated))
    W, U, b = weights["kernel"], weights["recurrent_kernel"], weights["bias"]
    for j in range(UNITS):
        if neuromodulated:
            seen_a, seen_c = product(h, U, j), product(h, U, UNITS + j)
        else:
            seen_a, seen_c = h[j] * U[j][0], h[j] * U[j][1]
        a = 1 + math.tanh(product(x, W, j) + seen_a + b[j])
        c = sigma(product(x, W, UNITS + j) + seen_c + b[UNITS + j])
        candidate = math.tanh(product(x, W, 2 * UNITS + j) + a * h[j] + b[2 * UNITS + j])
        assert new_h[j] == pytest.approx(c * h[j] + (1 - c) * candidate, rel=1e-13)


@pytest.mark.parametrize(("forget_gate", "forget"), [("sigmoid", sigma), ("exponential", math.exp)])
def test_slstm_without_the_stabiliser(forget_gate: str, forget: Callable[[float], float]) -> None:
    """The published equations without m: memory and weights are those that are kept, times exp(m)."""
    weights, x, (h, c, n, m), (new_h, new_c, new_n, new_m) = one_step(SLSTM(forget_gate))
    W, U, b = weights["kernel"], weights["recurrent_kernel"], weights["bias"]
    assert (n > 0).tolist() == [False, True]
    for j in range(UNITS):
        a_i, a_f, a_z, a_o = (
            product(x, W, gate * UNITS + j) + product(h, U, gate * UNITS + j) + b[gate * UNITS + j]
            for gate in range(4)
        )
        kept = forget(a_f) * math.exp(m[j]) if n[j] > 0 else 0.0  # a unit that holds nothing starts anew
        memory = kept * c[j] + math.exp(a_i) * math.tanh(a_z)
        total = kept * n[j] + math.exp(a_i)
        assert new_c[j] * math.exp(new_m[j]) == pytest.approx(memory, rel=1e-12)
        assert new_n[j] * math.exp(new_m[j]) == pytest.approx(total, rel=1e-12)
        assert new_h[j] == pytest.approx(sigma(a_o) * memory / total, rel=1e-12)


def test_slstm_takes_pre_activations_of_which_the_exponential_is_no_number() -> None:
    """The largest of all wins, and nothing overflows."""
    cell = SLSTM("exponential")
    weights = {"kernel": np.array([[1.0, 0.0, 1.0, 0.0]]), "recurrent_kernel": np.zeros((1, 4))}
    states = tuple(np.zeros((1, 1)) for _ in cell.state_names)
    for x, expected in [(1000.0, 1.0), (-1000.0, 1.0), (-2000.0, 1.0), (2000.0, 1.0)]:
        states, _ = cell.step(weights, np.array([[x]]), states)
        assert abs(states[0].item()) == pytest.approx(0.5 * expected)
    assert states[0].item() > 0


def test_an_unknown_forget_gate_is_refused() -> None:
    with pytest.raises(ValueError, match="'exp' is unknown"):
        SLSTM("exp")


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


@pytest.mark.parametrize("cell_class", [Vanilla, LSTM, GRU, IndRNN, MGU])
def test_a_misspelt_activation_is_refused_when_the_cell_is_made(
    cell_class: type[Vanilla] | type[LSTM] | type[GRU] | type[IndRNN] | type[MGU],
) -> None:
    with pytest.raises(ValueError, match="'tahn' is unknown"):
        cell_class(activation="tahn")


@pytest.mark.parametrize("cell_class", [LSTM, GRU, MGU])
def test_a_misspelt_recurrent_activation_is_refused_when_the_cell_is_made(
    cell_class: type[LSTM] | type[GRU] | type[MGU],
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
