"""Runs over time and their gradients, against finite differences or another way to the same number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from tests.zoo.reference.running import NumericGradient, state_sizes, units_of
from zoo.reference import (
    BRC,
    CELLS,
    GRU,
    LRU,
    LSTM,
    MGU,
    QRNN,
    RGLRU,
    SLSTM,
    VARIANTS,
    Cell,
    Gradients,
    GRUVariant,
    IndRNN,
    LSTMVariant,
    MinGRU,
    MinLSTM,
    Tape,
    Vanilla,
    Zoneout,
    backward,
    forward,
    random_weights,
)  # fmt: skip

BATCH, TIME, FEATURES, UNITS = 4, 5, 3, 2

CASES: dict[str, Cell] = {
    "vanilla": Vanilla(),
    "vanilla relu": Vanilla("relu"),
    "vanilla linear": Vanilla("linear"),
    "lstm": LSTM(),
    "lstm relu": LSTM(activation="relu"),
    "lstm tanh gates": LSTM(recurrent_activation="tanh"),
    "lstm peephole": LSTMVariant(peephole=True),
    "lstm coupled": LSTMVariant(coupled=True),
    "lstm coupled peephole, no output activation": LSTMVariant(
        peephole=True, coupled=True, output_activation="linear"
    ),
    "lstm variant of nothing": LSTMVariant(),
    "lstm projection": LSTMVariant(projection=3),
    "lstm layer norm": LSTMVariant(layer_norm=True),
    "lstm all at once": LSTMVariant("linear", peephole=True, coupled=True, projection=3, layer_norm=True),
    "lstm zoneout": Zoneout(LSTMVariant(projection=3), [0.2, 0.3]),
    "gru reset before": GRU(reset_after=False),
    "gru reset after": GRU(reset_after=True),
    "gru reset before relu": GRU("relu", reset_after=False),
    "gru reset after tanh gates": GRU("sigmoid", "tanh", reset_after=True),
    "gru variant of nothing": GRUVariant(),
    "gru layer norm, reset before": GRUVariant(reset_after=False, layer_norm=True),
    "gru layer norm, reset after": GRUVariant(reset_after=True, layer_norm=True),
    "gru zoneout": Zoneout(GRU(), [0.2]),
    "ind_rnn": IndRNN(),
    "ind_rnn tanh": IndRNN("tanh"),
    "mgu": MGU(),
    "mgu relu": MGU("relu", "tanh"),
    "slstm": SLSTM(),
    "slstm exponential": SLSTM("exponential"),
    "brc": BRC(),
    "brc neuromodulated": BRC(neuromodulated=True),
    "min_gru": MinGRU(),
    "min_lstm": MinLSTM(),
    "rg_lru": RGLRU(),
    "lru": LRU(),
    "qrnn": QRNN(),
}
# Different lengths, one full row and one with no step at all; and a mask with holes.
PADDED = np.arange(TIME) < np.array([[5], [3], [1], [0]])
HOLES = np.array([[1, 0, 1, 1, 0], [0, 1, 1, 0, 1], [0, 0, 0, 1, 1], [1, 1, 0, 0, 1]], dtype=bool)
MASKS = {"no mask": None, "padding": PADDED, "holes": HOLES}


@dataclass
class Problem:
    """A run, and the gradients that come in from a loss that is linear in its outputs and final states."""

    cell: Cell
    weights: dict[str, Any]
    inputs: np.ndarray
    mask: np.ndarray | None
    initial_states: list[np.ndarray]
    reverse: bool
    d_outputs: np.ndarray
    d_final_states: list[np.ndarray]

    def forward(self) -> Tape:
        return forward(self.cell, self.weights, self.inputs, self.mask, self.initial_states, self.reverse)

    def backward(self, truncate: int | None = None) -> Gradients:
        return backward(self.cell, self.forward(), self.d_outputs, self.d_final_states, truncate)

    def loss(self) -> float:
        tape = self.forward()
        of_states = sum(
            np.sum(d * state) for d, state in zip(self.d_final_states, tape.final_states, strict=True)
        )
        return np.sum(self.d_outputs * tape.outputs) + of_states


def problem(
    case: str = "lstm",
    mask: np.ndarray | None = None,
    reverse: bool = False,
    use_bias: bool = True,
    seed: int = 11,
) -> Problem:
    rng = np.random.default_rng(seed)
    cell = CASES[case]
    return Problem(
        cell,
        random_weights(cell, FEATURES, units_of(cell, UNITS), rng, use_bias=use_bias),
        rng.normal(size=(BATCH, TIME, FEATURES)),
        mask,
        [rng.normal(size=(BATCH, size)) for size in state_sizes(cell, UNITS)],
        reverse,
        rng.normal(size=(BATCH, TIME, state_sizes(cell, UNITS)[0])),
        [rng.normal(size=(BATCH, size)) for size in state_sizes(cell, UNITS)],
    )


def assert_gradients(gradients: Gradients, p: Problem, numeric: Callable[[np.ndarray], np.ndarray]) -> None:
    """`gradients` against `numeric(array)` for the inputs, each weight and each initial state."""
    np.testing.assert_allclose(gradients.inputs, numeric(p.inputs), atol=1e-8)
    assert set(gradients.weights) == set(p.weights)
    for name, weight in p.weights.items():
        np.testing.assert_allclose(gradients.weights[name], numeric(weight), atol=1e-8, err_msg=name)
    for name, given, state in zip(
        p.cell.state_names, gradients.initial_states, p.initial_states, strict=True
    ):
        np.testing.assert_allclose(given, numeric(state), atol=1e-8, err_msg=f"initial {name}")


def assert_same_gradients(first: Gradients, second: Gradients, exactly: bool = False) -> None:
    tolerance: dict[str, Any] = {"rtol": 0, "atol": 0 if exactly else 1e-13}
    np.testing.assert_allclose(first.inputs, second.inputs, **tolerance)
    for name in first.weights:
        np.testing.assert_allclose(first.weights[name], second.weights[name], err_msg=name, **tolerance)
    for one, other in zip(first.initial_states, second.initial_states, strict=True):
        np.testing.assert_allclose(one, other, **tolerance)


# ---- gradients


def test_every_cell_is_in_the_table() -> None:
    assert {type(cell) for cell in CASES.values()} == {*CELLS.values(), *VARIANTS.values(), Zoneout}


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_finite_differences(
    case: str, mask: str, reverse: bool, numeric_gradient: NumericGradient
) -> None:
    p = problem(case, MASKS[mask], reverse)
    assert_gradients(p.backward(), p, lambda array: numeric_gradient(p.loss, array))


@pytest.mark.parametrize("case", ["vanilla", "lstm", "gru reset before", "gru reset after"])
def test_gradients_without_bias(case: str, numeric_gradient: NumericGradient) -> None:
    p = problem(case, PADDED, use_bias=False)
    assert "bias" not in p.weights
    assert_gradients(p.backward(), p, lambda array: numeric_gradient(p.loss, array))


def test_a_bias_of_none_is_no_bias() -> None:
    p = problem("gru reset after", PADDED, use_bias=False)
    none = replace(p, weights={**p.weights, "bias": None})
    np.testing.assert_array_equal(none.forward().outputs, p.forward().outputs)
    assert set(none.backward().weights) == {"kernel", "recurrent_kernel"}


@pytest.mark.parametrize("case", ["vanilla", "lstm", "gru reset before", "gru reset after"])
@pytest.mark.parametrize("truncate", [1, 2, 3, 4])
def test_truncated_gradients_are_those_of_runs_that_start_from_fixed_states(
    case: str, truncate: int, numeric_gradient: NumericGradient
) -> None:
    # Each chunk is run from the states that the whole run had there: numbers that no weight can change.
    p = problem(case, PADDED)
    mask = PADDED
    borders = [(start, min(start + truncate, TIME)) for start in range(0, TIME, truncate)]
    states_at = {
        start: forward(p.cell, p.weights, p.inputs[:, :start], mask[:, :start], p.initial_states).final_states
        for start, _ in borders
    }
    states_at[0] = tuple(p.initial_states)

    def chunk_loss() -> float:
        total = 0.0
        for start, end in borders:
            tape = forward(p.cell, p.weights, p.inputs[:, start:end], mask[:, start:end], states_at[start])
            total += np.sum(p.d_outputs[:, start:end] * tape.outputs)
            # The final state of a sequence is that of the chunk where it ends; without a step, the first.
            ends_here = (np.maximum(mask.sum(axis=1), 1) - 1) // truncate == start // truncate
            for d, state in zip(p.d_final_states, tape.final_states, strict=True):
                total += np.sum((d * state)[ends_here])
        return total

    assert_gradients(p.backward(truncate), p, lambda array: numeric_gradient(chunk_loss, array))


@pytest.mark.parametrize("case", ["vanilla", "lstm", "gru reset after"])
def test_truncation_beyond_the_length_changes_nothing(case: str) -> None:
    p = problem(case, PADDED)
    assert_same_gradients(p.backward(truncate=TIME), p.backward(), exactly=True)


def test_gradient_passes_through_at_most_so_many_steps() -> None:
    # Of four steps in chunks of two, a loss at the last one reaches the two of its chunk.
    p = problem("lstm")
    d_outputs = np.zeros_like(p.d_outputs)
    d_outputs[:, -1] = 1.0
    gradients = backward(p.cell, forward(p.cell, p.weights, p.inputs[:, 1:]), d_outputs[:, 1:], truncate=2)
    reached = np.abs(gradients.inputs).sum(axis=(0, 2)) > 0
    assert reached.tolist() == [False, False, True, True]


# ---- padding, masks, direction


def with_padding(p: Problem, columns: int) -> Problem:
    """The same problem with more columns of padding on the right, full of what must not matter."""
    mask = np.ones((BATCH, TIME), dtype=bool) if p.mask is None else p.mask
    return replace(
        p,
        inputs=np.concatenate([p.inputs, np.full((BATCH, columns, FEATURES), np.nan)], axis=1),
        mask=np.concatenate([mask, np.zeros((BATCH, columns), dtype=bool)], axis=1),
        d_outputs=np.concatenate([p.d_outputs, np.full((BATCH, columns, UNITS), np.nan)], axis=1),
    )


@pytest.mark.parametrize("truncate", [None, 2])
@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("case", ["vanilla relu", "lstm", "gru reset before", "gru reset after"])
def test_padding_changes_nothing(case: str, reverse: bool, truncate: int | None) -> None:
    p = problem(case, PADDED, reverse)
    padded = with_padding(p, 5)
    tape, padded_tape = p.forward(), padded.forward()
    np.testing.assert_array_equal(padded_tape.outputs[:, :TIME], tape.outputs)
    np.testing.assert_array_equal(padded_tape.outputs[:, TIME:], 0.0)
    np.testing.assert_array_equal(padded_tape.final_states, tape.final_states)
    gradients, padded_gradients = p.backward(truncate), padded.backward(truncate)
    np.testing.assert_array_equal(padded_gradients.inputs[:, TIME:], 0.0)
    assert_same_gradients(
        replace(padded_gradients, inputs=padded_gradients.inputs[:, :TIME]), gradients, exactly=True
    )


@pytest.mark.parametrize("reverse", [False, True], ids=["forward", "reverse"])
@pytest.mark.parametrize("case", ["vanilla", "lstm", "gru reset after"])
def test_masked_steps_are_as_if_they_were_not_there(case: str, reverse: bool) -> None:
    p = problem(case, HOLES, reverse)
    tape, gradients = p.forward(), p.backward(truncate=2)
    for row in range(BATCH):
        alone = replace(
            p,
            inputs=p.inputs[row : row + 1, HOLES[row]],
            mask=None,
            initial_states=[state[row : row + 1] for state in p.initial_states],
            d_outputs=p.d_outputs[row : row + 1, HOLES[row]],
            d_final_states=[d[row : row + 1] for d in p.d_final_states],
        )
        alone_tape, alone_gradients = alone.forward(), alone.backward(truncate=2)
        np.testing.assert_allclose(tape.outputs[row, HOLES[row]], alone_tape.outputs[0], atol=1e-14)
        np.testing.assert_array_equal(tape.outputs[row, ~HOLES[row]], 0.0)
        np.testing.assert_allclose(gradients.inputs[row, HOLES[row]], alone_gradients.inputs[0], atol=1e-14)
        for both, one in zip(tape.final_states, alone_tape.final_states, strict=True):
            np.testing.assert_allclose(both[row], one[0], atol=1e-14)
        for both, one in zip(gradients.initial_states, alone_gradients.initial_states, strict=True):
            np.testing.assert_allclose(both[row], one[0], atol=1e-14)


def test_a_row_without_any_step_gives_back_its_initial_state() -> None:
    p = problem("lstm", PADDED)
    tape, gradients = p.forward(), p.backward()
    for name in range(2):
        np.testing.assert_array_equal(tape.final_states[name][3], p.initial_states[name][3])
        np.testing.assert_array_equal(gradients.initial_states[name][3], p.d_final_states[name][3])


@pytest.mark.parametrize("truncate", [None, 2])
@pytest.mark.parametrize("case", ["vanilla", "lstm", "gru reset before", "gru reset after"])
def test_reverse_is_forward_over_the_sequence_turned_round(case: str, truncate: int | None) -> None:
    p = problem(case, reverse=True)
    turned = replace(p, inputs=p.inputs[:, ::-1], d_outputs=p.d_outputs[:, ::-1], reverse=False)
    np.testing.assert_array_equal(p.forward().outputs, turned.forward().outputs[:, ::-1])
    gradients, turned_gradients = p.backward(truncate), turned.backward(truncate)
    assert_same_gradients(
        gradients, replace(turned_gradients, inputs=turned_gradients.inputs[:, ::-1]), exactly=True
    )


@pytest.mark.parametrize("case", ["vanilla", "lstm", "gru reset before", "gru reset after"])
def test_a_run_in_two_parts_is_the_run_in_one(case: str) -> None:
    p = problem(case, PADDED)
    first = forward(p.cell, p.weights, p.inputs[:, :2], PADDED[:, :2], p.initial_states)
    second = forward(p.cell, p.weights, p.inputs[:, 2:], PADDED[:, 2:], first.final_states)
    np.testing.assert_array_equal(second.final_states, p.forward().final_states)


def test_no_time_at_all() -> None:
    p = problem("lstm")
    tape = forward(p.cell, p.weights, p.inputs[:, :0], initial_states=p.initial_states)
    gradients = backward(p.cell, tape, d_final_states=p.d_final_states)
    assert tape.outputs.shape == (BATCH, 0, UNITS)
    np.testing.assert_array_equal(tape.final_states, p.initial_states)
    np.testing.assert_array_equal(gradients.initial_states, p.d_final_states)


def test_what_is_left_out_is_zero() -> None:
    p = problem("lstm")
    zeros = [np.zeros((BATCH, UNITS))] * 2
    np.testing.assert_array_equal(
        forward(p.cell, p.weights, p.inputs).outputs,
        forward(p.cell, p.weights, p.inputs, initial_states=zeros).outputs,
    )
    tape = p.forward()
    assert_same_gradients(
        backward(p.cell, tape, d_outputs=p.d_outputs),
        backward(p.cell, tape, p.d_outputs, zeros),
        exactly=True,
    )
    assert_same_gradients(
        backward(p.cell, tape, d_final_states=p.d_final_states),
        backward(p.cell, tape, np.zeros_like(p.d_outputs), p.d_final_states),
        exactly=True,
    )


def test_float32_is_computed_in_float64() -> None:
    p = problem("gru reset after")
    weights = {name: weight.astype(np.float32) for name, weight in p.weights.items()}
    inputs = p.inputs.astype(np.float32)
    wide = {name: weight.astype(np.float64) for name, weight in weights.items()}
    tape, wide_tape = (
        forward(p.cell, *given) for given in ((weights, inputs), (wide, inputs.astype(np.float64)))
    )
    np.testing.assert_array_equal(tape.outputs, wide_tape.outputs)
    assert_same_gradients(
        backward(p.cell, tape, p.d_outputs), backward(p.cell, wide_tape, p.d_outputs), exactly=True
    )


# ---- what does not fit


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": np.zeros((2, 3))}, r"inputs have shape \(2, 3\), expected \(batch, time, features\)"),
        ({"mask": np.ones((BATCH, TIME + 1))}, r"mask has shape \(4, 6\), expected \(4, 5\)"),
        ({"initial_states": [np.zeros((BATCH, UNITS))]}, r"holds 1 arrays, expected one for each of h, c"),
        ({"initial_states": [np.zeros((1, UNITS))] * 2}, r"initial_states h has shape \(1, 2\)"),
        ({"d_outputs": np.zeros((BATCH, 1, UNITS))}, r"d_outputs has shape \(4, 1, 2\)"),
        ({"d_final_states": [np.zeros(UNITS)] * 2}, r"d_final_states h has shape \(2,\)"),
        ({"weights": {"kernel": np.zeros((3, 8))}}, r"recurrent_kernel is missing"),
    ],
)
def test_a_wrong_shape_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(problem("lstm"), **change).backward()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        # Either would broadcast and give wrong numbers without a word.
        ({"bias": np.zeros((3 * UNITS,))}, r"weight bias has shape \(6,\), expected \(2, 6\)"),
        ({"kernel": np.zeros((FEATURES, 1))}, r"weight kernel has shape \(3, 1\), expected \(3, 6\)"),
        (
            {"biass": np.zeros((2, 3 * UNITS))},
            r"weights hold bias, biass, kernel, recurrent_kernel; expected",
        ),
    ],
)
def test_wrong_weights_are_refused(change: dict[str, Any], message: str) -> None:
    p = problem("gru reset after")
    with pytest.raises(ValueError, match=message):
        replace(p, weights={**p.weights, **change}).forward()


def test_truncation_to_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match="truncate must be at least 1 or None, not 0"):
        problem().backward(truncate=0)
