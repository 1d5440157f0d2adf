from __future__ import annotations

from typing import Any

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


def test_coupled_gates_are_those_of_an_lstm_whose_input_gate_is_turned_round() -> None:
    """1 - sigmoid(a) = sigmoid(-a): with weights of the other sign the plain cell computes the same."""
    draw = np.random.default_rng(0).normal
    coupled, plain = LSTMCell(3, coupled=True), LSTMCell(3)
    for cell in (coupled, plain):
        cell.build((None, 2))
    for weight, whole in zip(coupled.weights, plain.weights, strict=True):
        weight.assign(draw(size=weight.shape))
        value = weight.numpy()
        whole.assign(np.concatenate([-value[..., :3], value], axis=-1))
    states = [draw(size=(4, 3)).astype("float32") for _ in range(2)]
    x = draw(size=(4, 2)).astype("float32")
    for got, expected in zip(coupled(x, states)[1], plain(x, states)[1], strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_peepholes_start_at_zero_so_that_the_cell_starts_as_the_plain_one() -> None:
    seeing = LSTMCell(3, peephole=True)
    seeing.build((None, 2))
    assert seeing.peephole_kernel.shape == (3, 3)
    np.testing.assert_array_equal(seeing.peephole_kernel.numpy(), 0)


@pytest.mark.slow
@pytest.mark.parametrize("coupled", [False, True])
def test_memories_start_with_spans_up_to_the_length(coupled: bool) -> None:
    """The forget gate's bias is the logarithm of a number of steps, the input gate's its opposite."""
    units, length = 2000, 50
    cell = LSTMCell(units, chrono=length, coupled=coupled, bias_initializer=keras.initializers.Constant(0.5))
    cell.build((None, 2))
    assert cell.bias is not None
    *writing, keeping, candidate, showing = np.split(cell.bias.numpy(), cell.gates)
    spans = 1 / (1 - 1 / (1 + np.exp(-keeping)))  # steps until a memory is forgotten
    assert spans.min() >= 2
    assert spans.max() <= length
    np.testing.assert_allclose([spans.mean(), spans.std()], [26, 48 / 12**0.5], rtol=0.05)
    np.testing.assert_array_equal([candidate, showing], 0.5)
    assert coupled or (writing[0] == -keeping).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chrono": 1}, "chrono must be at least 2 steps"),
        ({"chrono": 10, "use_bias": False}, "chrono sets biases"),
        ({"projection": 0}, "projection must be at least 1"),
    ],
)
def test_options_without_a_meaning_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LSTMCell(3, **options)


def test_a_configuration_of_before_has_no_variant_in_it() -> None:
    config = LSTMCell(3, activation="relu").get_config()
    for option in ("output_activation", "chrono", "peephole", "coupled", "projection"):
        del config[option]
    again = LSTMCell.from_config(config)
    assert again.output_activation is keras.activations.relu
    assert (again.gates, again.chrono, again.peephole, again.projection) == (4, None, False, None)
