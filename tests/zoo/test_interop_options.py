"""Every option of Keras' recurrent layers is compared, or changes no number; they are found by inspection."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from zoo.cells.gru import GRUCell
from zoo.cells.lstm import LSTMCell
from zoo.cells.vanilla import VanillaCell
from zoo.interop import CELL_OPTIONS, LAYER_OPTIONS, KerasLayers, from_keras, gate_order, to_keras, to_torch
from zoo.layers.recurrent import Recurrent

BUILT_IN = (
    keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU, keras.layers.RNN, keras.layers.Bidirectional,
    keras.layers.SimpleRNNCell, keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.StackedRNNCells,
    keras.layers.Layer,
)  # fmt: skip

SIMPLE, LSTM, GRU = keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU

OVERWRITTEN = "what it sets is overwritten by the weights that are converted"
IN_TRAINING = "it changes the loss or the step of an optimiser, and no output"
HARMLESS = {
    **dict.fromkeys(("kernel_initializer", "recurrent_initializer", "bias_initializer"), OVERWRITTEN),
    **dict.fromkeys(("unit_forget_bias", "weights"), OVERWRITTEN),
    **dict.fromkeys(("kernel_regularizer", "recurrent_regularizer", "bias_regularizer"), IN_TRAINING),
    **dict.fromkeys(("kernel_constraint", "recurrent_constraint", "bias_constraint"), IN_TRAINING),
    **dict.fromkeys(("activity_regularizer", "trainable"), IN_TRAINING),
    "seed": "it draws other dropouts, of the same kind",
    "return_state": "it gives more, and nothing else",
    "unroll": "it is another way to the same numbers",
    "use_cudnn": "it is another way to the same numbers",
    "dtype": "the numbers are the same but for rounding",
    "autocast": "the numbers are the same but for rounding",
    "name": "it is no number",
    "units": "the shapes of the weights are compared",
    "cell": "cells are compared themselves",
    "layer": "layers are compared themselves",
    "backward_layer": "layers are compared themselves",
    "cells": "stacked cells have no gates of their own, and are refused",
}


def test_no_option_of_keras_slips_by() -> None:
    found = {name for layer in BUILT_IN for name in inspect.signature(layer.__init__).parameters}
    compared = {*CELL_OPTIONS, *LAYER_OPTIONS}
    assert found - {"self", "kwargs"} == compared | {*HARMLESS}
    assert not compared & {*HARMLESS}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output_activation": "linear"}, "no output_activation"),
        ({"coupled": True}, "fgo|different cells"),
        ({"peephole": True}, "other weights than kernel"),
        ({"layer_norm": True}, "other weights than kernel"),
        ({"zoneout_c": 0.1}, "has no zoneout"),
    ],
)
def test_variants_that_others_lack_are_refused(options: dict[str, Any], message: str) -> None:
    cell = LSTMCell(4, **options)
    cell.build((None, 3))
    with pytest.raises(ValueError, match=message):
        to_torch(cell)
    with pytest.raises(ValueError, match=message):
        to_keras(cell, LSTM(4, return_sequences=True))


def test_a_gru_with_layer_normalisation_is_refused() -> None:
    cell = GRUCell(4, layer_norm=True)
    cell.build((None, 3))
    with pytest.raises(ValueError, match="other weights than kernel"):
        to_torch(cell)
    with pytest.raises(ValueError, match="other weights than kernel"):
        to_keras(cell, GRU(4, return_sequences=True))


def test_a_projection_goes_to_torch_alone() -> None:
    cell = LSTMCell(4, projection=2)
    cell.build((None, 3))
    assert to_torch(cell)["weight_hr_l0"].shape == (2, 4)
    with pytest.raises(ValueError, match="has no projection"):
        to_keras(cell, LSTM(4, return_sequences=True))


# ---- each that is compared


def both(layer: keras.layers.Layer, **options: object) -> keras.layers.Layer:
    return keras.layers.Bidirectional(layer, **options)


def recurrent(cell: keras.layers.Layer, **options: object) -> Recurrent:
    return Recurrent(cell, engine="loop", **options)  # type: ignore[arg-type]


DIFFERENT: list[tuple[str, Recurrent, KerasLayers]] = [
    ("go_backwards", recurrent(GRUCell(4)), GRU(4, return_sequences=True, go_backwards=True)),
    (
        "go_backwards",
        recurrent(LSTMCell(4), bidirectional=True),
        both(
            LSTM(4, return_sequences=True, go_backwards=True),
            backward_layer=LSTM(4, return_sequences=True),
        ),
    ),
    ("stateful", recurrent(VanillaCell(4)), SIMPLE(4, return_sequences=True, stateful=True)),
    ("return_sequences", recurrent(GRUCell(4)), GRU(4)),
    ("return_sequences", recurrent(GRUCell(4), return_sequences=False), GRU(4, return_sequences=True)),
    ("return_sequences", recurrent(GRUCell(4), layers=2, return_sequences=False), [GRU(4), GRU(4)]),
    (
        "zero_output_for_mask",
        recurrent(GRUCell(4), return_sequences=False),
        keras.layers.RNN(keras.layers.GRUCell(4), zero_output_for_mask=True),
    ),
    *[
        (
            "merge_mode",
            recurrent(GRUCell(4), bidirectional=True),
            both(GRU(4, return_sequences=True), merge_mode=mode),
        )
        for mode in ("sum", "mul", "ave", None)
    ],
    ("use_bias", recurrent(LSTMCell(4)), LSTM(4, return_sequences=True, use_bias=False)),
    ("activation", recurrent(VanillaCell(4)), SIMPLE(4, return_sequences=True, activation="relu")),
    (
        "activation",
        recurrent(LSTMCell(4), bidirectional=True),
        both(
            LSTM(4, return_sequences=True),
            backward_layer=LSTM(4, return_sequences=True, go_backwards=True, activation="relu"),
        ),
    ),
    (
        "recurrent_activation",
        recurrent(GRUCell(4)),
        GRU(4, return_sequences=True, recurrent_activation="hard_sigmoid"),
    ),
    ("reset_after", recurrent(GRUCell(4)), GRU(4, return_sequences=True, reset_after=False)),
    ("dropout", recurrent(GRUCell(4)), GRU(4, return_sequences=True, dropout=0.5)),
    (
        "recurrent_dropout",
        recurrent(GRUCell(4, recurrent_dropout=0.25)),
        GRU(4, return_sequences=True, recurrent_dropout=0.5),
    ),
    (
        "different cells",
        recurrent(LSTMCell(4), bidirectional=True),
        both(
            LSTM(4, return_sequences=True),
            backward_layer=keras.layers.RNN(
                keras.layers.GRUCell(4), return_sequences=True, go_backwards=True
            ),
        ),
    ),
    (
        "StackedRNNCells has no gate_order",
        recurrent(GRUCell(4)),
        keras.layers.RNN(
            keras.layers.StackedRNNCells([keras.layers.GRUCell(4), keras.layers.GRUCell(4)]),
            return_sequences=True,
        ),
    ),
]


def test_each_option_that_is_compared_is_tried() -> None:
    assert {*CELL_OPTIONS, *LAYER_OPTIONS} <= {name for name, _, _ in DIFFERENT}


@pytest.mark.parametrize(("name", "layer", "keras_layers"), DIFFERENT)
def test_another_value_is_refused_by_name(name: str, layer: Recurrent, keras_layers: KerasLayers) -> None:
    each = keras_layers if isinstance(keras_layers, list) else [keras_layers]
    width = 3
    for one in each:
        one.build((2, None, width))  # type: ignore[union-attr]
        width = 4
    layer.build((None, None, 3))
    before = [value.copy() for value in layer.get_weights()]
    for convert in (from_keras, to_keras):
        with pytest.raises(ValueError, match=name if " " in name else f"^{name} differs: "):
            convert(layer, keras_layers)
    for now, value in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, value)


# ---- what is taken computes the same


@pytest.mark.parametrize("sequences", [True, False])
@pytest.mark.parametrize(
    ("cell", "built_in", "options"),
    [
        (VanillaCell, SIMPLE, {"activation": "relu"}),
        (LSTMCell, LSTM, {"unroll": True, "kernel_regularizer": "l2", "unit_forget_bias": False}),
        (GRUCell, GRU, {"return_state": True, "use_cudnn": False, "seed": 3, "bias_initializer": "ones"}),
    ],
)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_harmless_options_change_no_output(
    cell: Callable[..., keras.layers.Layer],
    built_in: Callable[..., keras.layers.RNN],
    options: dict[str, object],
    sequences: bool,
    bidirectional: bool,
) -> None:
    inputs = np.random.default_rng(0).normal(size=(3, 7, 5)).astype("float32")
    theirs: keras.layers.Layer = built_in(4, return_sequences=sequences, **options)
    theirs = both(theirs) if bidirectional else theirs
    expected = theirs(inputs)
    ours = recurrent(
        cell(4, **{name: value for name, value in options.items() if name == "activation"}),
        bidirectional=bidirectional,
        return_sequences=sequences,
    )
    from_keras(ours, theirs)
    expected = expected[0] if options.get("return_state") else expected
    np.testing.assert_allclose(ours(inputs), expected, atol=1e-6)


# ---- subclasses


class OtherStep(GRUCell):
    """A step of its own, and the gates of its ancestor."""

    def step(self, *arguments: object) -> object:  # type: ignore[override]
        output, states = super().step(*arguments)  # type: ignore[arg-type]
        return 2 * output, states


class SaidSo(OtherStep):
    """It says that its gates stand alike."""

    gate_order = "zrh"


class OtherCall(keras.layers.GRUCell):
    """A built-in cell with a call of its own."""

    def call(self, *arguments: object, **named: object) -> object:
        output, states = super().call(*arguments, **named)
        return 2 * output, states


class OtherLayer(keras.layers.GRU):
    """A built-in layer with a call of its own."""

    def call(self, *arguments: object, **named: object) -> object:
        return 2 * super().call(*arguments, **named)


def test_subclasses_that_compute_something_else_are_refused() -> None:
    with pytest.raises(
        ValueError, match="OtherStep has a step of its own and the gate_order of another cell"
    ):
        gate_order(OtherStep(4))
    assert gate_order(SaidSo(4)) == "zrh"
    with pytest.raises(ValueError, match="OtherCall has a call of its own"):
        gate_order(OtherCall(4))
    with pytest.raises(ValueError, match="OtherLayer is not a recurrent layer of Keras"):
        to_keras(GRUCell(4), OtherLayer(4))
