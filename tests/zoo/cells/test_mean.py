from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
import pytest

from tests.zoo.running import randomise
from zoo.cells.mean import MeanCell
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.layers.recurrent import Recurrent, RecurrentArguments

ENGINES = ["parallel", "loop"]
MASK = np.arange(6) < np.array([6, 3, 1, 4, 0])[:, None]


def layer_of(engine: str, /, **options: Unpack[RecurrentArguments]) -> Recurrent:
    layer = Recurrent(MeanCell(4), **(options | {"engine": engine}))
    layer.build((None, None, 3))
    randomise(layer)
    return layer


def draw_inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(5, 6, 3)).astype("float32")


@pytest.mark.parametrize("engine", ENGINES)
def test_the_output_is_the_mean_of_the_projected_inputs_so_far(engine: str) -> None:
    inputs, layer = draw_inputs(), layer_of(engine, return_state=True)
    kernel, bias = layer.get_weights()
    outputs, [[[mean, count]]] = layer(inputs, mask=MASK)
    for row, length in enumerate(MASK.sum(axis=1)):
        for t in range(6):
            expected = (inputs[row, : t + 1].mean(axis=0) @ kernel + bias) if t < length else np.zeros(4)
            np.testing.assert_allclose(outputs[row, t], expected, atol=1e-5)
        assert count[row] == length
        last = inputs[row, :length].mean(axis=0) @ kernel + bias if length else np.zeros(4)
        np.testing.assert_allclose(mean[row], last, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_the_last_output_is_blind_to_the_order_of_the_inputs(engine: str, bidirectional: bool) -> None:
    inputs, layer = draw_inputs(), layer_of(engine, bidirectional=bidirectional, return_sequences=False)
    shuffled = inputs.copy()
    for row, length in enumerate(MASK.sum(axis=1)):
        shuffled[row, :length] = inputs[row, np.random.default_rng(row).permutation(length)]
    assert (shuffled[0] != inputs[0]).any()
    got, expected = layer(shuffled, mask=MASK), layer(inputs, mask=MASK)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_another_cell_would_not_be_blind() -> None:
    """That the test above can fail."""
    from zoo.cells.vanilla import VanillaCell

    layer, inputs = Recurrent(VanillaCell(4), return_sequences=False), draw_inputs()
    assert np.abs(layer(inputs) - layer(inputs[:, ::-1])).max() > 1e-2


@pytest.mark.parametrize("engine", ENGINES)
def test_given_states_count_as_so_many_steps(engine: str) -> None:
    """The first two steps handed over as states, then the other four: the same as all six."""
    inputs, layer = draw_inputs(), layer_of(engine, return_state=True)
    outputs, states = layer(inputs)
    _, half = layer(inputs[:, :2])
    rest, end = layer(inputs[:, 2:], initial_state=half)
    np.testing.assert_allclose(rest, outputs[:, 2:], atol=1e-5)
    for got, expected in zip(keras.tree.flatten(end), keras.tree.flatten(states), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-5)


def test_parallel_is_chosen() -> None:
    assert Recurrent(MeanCell(4)).engine_choice.engine == "parallel"


def test_recurrent_dropout_has_no_meaning_here() -> None:
    with pytest.raises(ValueError, match="no recurrent product"):
        MeanCell(4, recurrent_dropout=0.5)


def test_a_layer_that_was_saved_under_the_former_name_loads() -> None:
    config = Recurrent(MeanCell(4)).get_config()
    config["cell"] |= {
        "module": "zoo.cells.none",
        "class_name": "NoneCell",
        "registered_name": "zoo>NoneCell",
    }
    again = Recurrent.from_config(config)
    assert isinstance(again.cell, MeanCell)
    # Keras finds the weights in a file by the names of classes.
    assert type(again.cells[0][0]).__name__ == "NoneCell"


def test_the_former_name_is_recorded_as_that_of_today() -> None:
    assert RecurrentOptions(cell="none").cell == "mean"
    assert recurrent_factory(RecurrentOptions(cell="none")).cell_class is MeanCell
