"""Weights that travel. That the numbers mean the same on the other side is shown in
`tests/zoo/test_parity.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import pytest

from tests.zoo import parity
from tests.zoo.running import randomise
from zoo.cells.base import Cell
from zoo.cells.gru import GRUCell
from zoo.cells.keras_lstm import KerasLSTMCell
from zoo.cells.lstm import LSTMCell
from zoo.cells.mean import MeanCell
from zoo.cells.vanilla import VanillaCell
from zoo.interop import KerasLayers, from_keras, from_torch, to_keras, to_torch
from zoo.layers.recurrent import Recurrent
from zoo.tensors import Shape

RECORDED = [case for case in parity.TABLE if case.kind.torch and not case.kind.cell.startswith("keras_")]
CELLS = {"vanilla": VanillaCell, "lstm": LSTMCell, "gru": GRUCell}


def recorded_weights(case: parity.Case) -> dict[str, np.ndarray]:
    record = np.load(parity.fixture(case), allow_pickle=False)
    return {name.removeprefix("weights/"): record[name] for name in record if name.startswith("weights/")}


def layer_for(case: parity.Case) -> Recurrent:
    cell = CELLS[case.kind.cell](parity.UNITS, use_bias=case.use_bias, dtype="float64", **case.kind.options)
    return Recurrent(cell, layers=case.layers, bidirectional=case.bidirectional, dtype="float64")


def built(cell: Cell, features: int = 3) -> Cell:
    cell.build((None, features))
    cell.built = True
    randomise(cell)
    return cell


def state_dict_of(cell_class: type, **options: object) -> dict[str, np.ndarray]:
    return to_torch(built(cell_class(4, **options)))


@pytest.mark.parametrize("case", RECORDED, ids=[case.id for case in RECORDED])
def test_from_torch_and_back(case: parity.Case) -> None:
    recorded = recorded_weights(case)
    layer = layer_for(case)
    from_torch(layer, recorded)
    back = to_torch(layer)
    assert set(back) == set(recorded)
    for name, value in back.items():
        assert value.flags.c_contiguous  # torch.from_numpy takes no other
        if name.startswith("weight") or case.kind.torch == "GRU":
            np.testing.assert_array_equal(value, recorded[name])
        elif name.startswith("bias_ih"):
            np.testing.assert_array_equal(value, recorded[name] + recorded[name.replace("_ih", "_hh")])
        else:
            np.testing.assert_array_equal(value, 0)


def test_a_single_cell_counts_as_one_layer() -> None:
    case = next(
        case for case in RECORDED if case.id.startswith("gru") and case.layers == case.directions == 1
    )
    layer, cell = layer_for(case), GRUCell(parity.UNITS, use_bias=case.use_bias, dtype="float64")
    for target in (layer, cell):
        from_torch(target, recorded_weights(case))
    assert cell.built
    for ours, of_layer in zip(cell.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, of_layer)


def test_a_cell_says_the_order_of_its_own_gates() -> None:
    class BackToFront(LSTMCell):
        gate_order = "ogfi"

    cell = built(BackToFront(4))
    in_torch = np.split(to_torch(cell)["weight_ih_l0"], 4, axis=0)
    own = np.split(cell.kernel.numpy().T, 4, axis=0)
    np.testing.assert_array_equal(np.stack(in_torch), np.stack([own[3], own[2], own[1], own[0]]))
    again = BackToFront(4)
    from_torch(again, to_torch(cell))
    np.testing.assert_array_equal(again.kernel.numpy(), cell.kernel.numpy())


def test_a_built_in_cell_takes_part() -> None:
    ours, built_in = built(LSTMCell(4)), KerasLSTMCell(4)
    from_torch(built_in, to_torch(ours))
    for got, expected in zip(built_in.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_torch_is_not_needed() -> None:
    from_torch(LSTMCell(4), state_dict_of(LSTMCell))
    assert "torch" not in sys.modules


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize(
    ("name", "built_in", "options"),
    [
        ("vanilla", keras.layers.SimpleRNN, {}),
        ("lstm", keras.layers.LSTM, {}),
        ("gru", keras.layers.GRU, {"reset_after": True}),
        ("gru", keras.layers.GRU, {"reset_after": False}),
    ],
)
def test_to_keras_and_back(
    name: str,
    built_in: type[keras.layers.RNN],
    options: dict[str, Any],
    use_bias: bool,
    layers: int,
    bidirectional: bool,
) -> None:
    def ours() -> Recurrent:
        return Recurrent(
            CELLS[name](4, use_bias=use_bias, **options), layers=layers, bidirectional=bidirectional
        )

    def theirs() -> keras.layers.Layer:
        layer = built_in(4, use_bias=use_bias, return_sequences=True, **options)
        return keras.layers.Bidirectional(layer) if bidirectional else layer

    layer, stack = ours(), [theirs() for _ in range(layers)]
    layer.build((None, None, 3))
    randomise(layer)
    to_keras(layer, stack if layers > 1 else stack[0])
    again = ours()
    from_keras(again, stack if layers > 1 else stack[0])
    for got, expected in zip(again.get_weights(), layer.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)
    in_keras = [value for keras_layer in stack for value in keras_layer.get_weights()]
    for got, expected in zip(in_keras, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_single_cell_and_keras() -> None:
    cell, layer, again = built(GRUCell(4)), keras.layers.GRU(4), GRUCell(4)
    to_keras(cell, layer)
    from_keras(again, layer)
    for got, expected in zip(again.get_weights(), cell.get_weights(), strict=True):
        np.testing.assert_array_equal(got, expected)


# ---- what cannot be converted says why, and changes nothing


def without(state_dict: dict, name: str) -> dict:
    return {key: value for key, value in state_dict.items() if key != name}


LSTM_DICT_ERRORS = [
    (lambda good: without(good, "weight_hh_l0"), "has no weight_hh_l0"),
    (lambda good: without(without(good, "bias_ih_l0"), "bias_hh_l0"), "has no bias_hh_l0, bias_ih_l0"),
    (
        lambda good: good | {"weight_ih_l1": good["weight_ih_l0"]},
        "has weight_ih_l1, which this layer does not",
    ),
    (lambda good: good | {"weight_hr_l0": np.zeros((2, 4))}, "has weight_hr_l0, which this layer does not"),
    (
        lambda good: good | {"weight_ih_l0": np.zeros((16, 5))},
        r"at l0 torch's kernel has the shape \(5, 16\)",
    ),
    (
        lambda good: good | {"bias_hh_l0": np.zeros(12), "bias_ih_l0": np.zeros(12)},
        r"bias has the shape \(12,\)",
    ),
]


@pytest.mark.parametrize(("spoil", "message"), LSTM_DICT_ERRORS)
def test_a_state_dict_that_does_not_fit(
    spoil: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]], message: str
) -> None:
    cell = built(LSTMCell(4))
    before = cell.get_weights()
    with pytest.raises(ValueError, match=message):
        from_torch(cell, spoil(state_dict_of(LSTMCell)))
    for kept, weight in zip(cell.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, weight)


def test_an_error_in_the_last_layer_leaves_the_first_as_it_was() -> None:
    layer = Recurrent(VanillaCell(4), layers=2)
    layer.build((None, None, 3))
    before, good = layer.get_weights(), to_torch(layer)
    new = {name: value + 1 for name, value in good.items()} | {"weight_hh_l1": np.zeros((5, 4))}
    with pytest.raises(ValueError, match="at l1 torch's recurrent_kernel"):
        from_torch(layer, new)
    for kept, weight in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(kept, weight)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (GRUCell(4, reset_after=False), "reset_after=False"),
        (LSTMCell(4, activation="relu"), "torch.nn.LSTM has no other activation than tanh"),
        (GRUCell(4, recurrent_activation="hard_sigmoid"), "no other recurrent_activation than sigmoid"),
        (VanillaCell(4, activation="sigmoid"), "torch.nn.RNN has no other activation than tanh or relu"),
        (MeanCell(4), "MeanCell has no gate_order"),
    ],
)
def test_what_torch_does_not_have(cell: Cell, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_torch(built(cell))
    with pytest.raises(ValueError, match=message):
        from_torch(cell, state_dict_of(GRUCell))


def test_gates_that_torch_does_not_have() -> None:
    class TwoGates(VanillaCell):
        gates, gate_order = 2, "ab"

    with pytest.raises(ValueError, match="torch has no module with the gates ab of TwoGates"):
        to_torch(built(TwoGates(4)))


@pytest.mark.parametrize("convert", [to_torch, lambda cell: to_keras(cell, keras.layers.LSTM(4))])
def test_a_cell_without_weights_yet(convert: Callable[[Cell], object]) -> None:
    with pytest.raises(ValueError, match="has no weights yet"):
        convert(LSTMCell(4))


def test_keras_layers_without_weights_yet() -> None:
    with pytest.raises(ValueError, match="has no weights yet"):
        from_keras(LSTMCell(4), keras.layers.LSTM(4))


def test_a_cell_with_further_weights() -> None:
    class Peephole(LSTMCell):
        def build(self, input_shape: Shape) -> None:
            super().build(input_shape)
            self.peephole = self.add_weight(shape=(self.units,), name="peephole")

    with pytest.raises(ValueError, match="Peephole has other weights"):
        to_torch(built(Peephole(4)))


@pytest.mark.parametrize(
    ("cell", "keras_layers", "message"),
    [
        (LSTMCell(4), keras.layers.GRU(4), "LSTMCell and Keras' GRUCell are different cells"),
        (
            GRUCell(4),
            keras.layers.GRU(4, reset_after=False),
            "reset_after differs: True here, False in Keras",
        ),
        (LSTMCell(4), keras.layers.LSTM(4, use_bias=False), "use_bias differs"),
        (VanillaCell(4), keras.layers.SimpleRNN(4, activation="relu"), "activation differs: tanh here, relu"),
        (LSTMCell(4), keras.layers.LSTM(5), "kernel has the shape"),
        (LSTMCell(4), keras.layers.Dense(4), "Dense is not a recurrent layer"),
        (LSTMCell(4), [keras.layers.LSTM(4), keras.layers.LSTM(4)], r"\[1\] here, \[1, 1\] in Keras"),
        (LSTMCell(4), keras.layers.Bidirectional(keras.layers.LSTM(4)), r"\[1\] here, \[2\] in Keras"),
    ],
)
def test_keras_layers_that_do_not_fit(cell: Cell, keras_layers: KerasLayers, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_keras(built(cell), keras_layers)
    each = keras_layers if isinstance(keras_layers, Sequence) else [keras_layers]
    for keras_layer in each:
        if not keras_layer.built:
            keras_layer.build((None, None, 3))
    with pytest.raises(ValueError, match=message):
        from_keras(cell, keras_layers)
