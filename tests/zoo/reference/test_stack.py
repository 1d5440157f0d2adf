from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.reference.running import NumericGradient
from zoo.reference import GRU, LSTM, Cell, Vanilla, backward_stack, forward_stack, random_weights

#: Of each layer and direction.
Weights = list[list[dict[str, np.ndarray]]]
States = list[list[tuple[np.ndarray, ...]]]
BATCH, TIME, FEATURES, UNITS = 3, 4, 2, 2
MASK = np.arange(TIME) < np.array([[4], [2], [0]])


def stacked(
    cell: Cell, layers: int, directions: int, seed: int = 3
) -> tuple[Weights, np.ndarray, States, np.ndarray, States]:
    """Weights, initial states and the incoming gradients of a stack."""
    rng = np.random.default_rng(seed)
    widths = [FEATURES] + [directions * UNITS] * (layers - 1)

    def states() -> States:
        return [
            [tuple(rng.normal(size=(BATCH, UNITS)) for _ in cell.state_names) for _ in range(directions)]
            for _ in range(layers)
        ]

    weights = [[random_weights(cell, width, UNITS, rng) for _ in range(directions)] for width in widths]
    d_outputs = rng.normal(size=(BATCH, TIME, directions * UNITS))
    return weights, rng.normal(size=(BATCH, TIME, FEATURES)), states(), d_outputs, states()


def flat(nested: States) -> list[np.ndarray]:
    return [array for layer in nested for direction in layer for array in direction]


@pytest.mark.parametrize("directions", [1, 2], ids=["one direction", "both directions"])
@pytest.mark.parametrize("cell", [Vanilla(), LSTM(), GRU(reset_after=False), GRU()], ids=repr)
def test_gradients_are_those_of_finite_differences(
    cell: Cell, directions: int, numeric_gradient: NumericGradient
) -> None:
    weights, inputs, initial_states, d_outputs, d_final_states = stacked(cell, 2, directions)

    def loss() -> float:
        tape = forward_stack(cell, weights, inputs, MASK, initial_states)
        of_states = sum(
            np.sum(d * state) for d, state in zip(flat(d_final_states), flat(tape.final_states), strict=True)
        )
        return np.sum(d_outputs * tape.outputs) + of_states

    tape = forward_stack(cell, weights, inputs, MASK, initial_states)
    gradients = backward_stack(cell, tape, d_outputs, d_final_states)
    np.testing.assert_allclose(gradients.inputs, numeric_gradient(loss, inputs), atol=1e-8)
    for given, state in zip(flat(gradients.initial_states), flat(initial_states), strict=True):
        np.testing.assert_allclose(given, numeric_gradient(loss, state), atol=1e-8)
    for layer, given_layer in zip(weights, gradients.weights, strict=True):
        for direction, given_direction in zip(layer, given_layer, strict=True):
            for name, weight in direction.items():
                numeric = numeric_gradient(loss, weight)
                np.testing.assert_allclose(given_direction[name], numeric, atol=1e-8, err_msg=name)


def test_the_second_direction_reads_from_the_end() -> None:
    cell = Vanilla()
    weights, inputs, *_ = stacked(cell, 1, 2)
    changed = inputs.copy()
    changed[:, -1] += 1.0
    before, after = (forward_stack(cell, weights, x).outputs for x in (inputs, changed))
    np.testing.assert_array_equal(before[:, 0, :UNITS], after[:, 0, :UNITS])
    assert np.all(before[:, 0, UNITS:] != after[:, 0, UNITS:])


def test_padding_changes_nothing() -> None:
    cell = LSTM()
    weights, inputs, initial_states, d_outputs, _ = stacked(cell, 2, 2)
    tape = forward_stack(cell, weights, inputs, MASK, initial_states)
    garbage = np.where(MASK[:, :, None], inputs, np.nan)
    garbage_tape = forward_stack(cell, weights, garbage, MASK, initial_states)
    np.testing.assert_array_equal(tape.outputs[~MASK], 0.0)
    np.testing.assert_array_equal(garbage_tape.outputs, tape.outputs)
    np.testing.assert_array_equal(
        backward_stack(cell, garbage_tape, d_outputs).inputs, backward_stack(cell, tape, d_outputs).inputs
    )


def test_truncation_reaches_every_layer() -> None:
    cell = LSTM()
    weights, inputs, initial_states, d_outputs, d_final_states = stacked(cell, 2, 1)
    tape = forward_stack(cell, weights, inputs, initial_states=initial_states)
    whole = backward_stack(cell, tape, d_outputs, d_final_states)
    cut = backward_stack(cell, tape, d_outputs, d_final_states, truncate=1)
    for layer in range(2):
        assert not np.allclose(whole.weights[layer][0]["kernel"], cut.weights[layer][0]["kernel"])


def test_three_directions_are_refused() -> None:
    weights, inputs, *_ = stacked(Vanilla(), 1, 3)
    with pytest.raises(ValueError, match="layer 0 has 3 directions, expected 1 or 2"):
        forward_stack(Vanilla(), weights, inputs)
