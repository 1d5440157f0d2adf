"""A text in chunks is the text as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets import plugins
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.keras_types import Config, LayerArguments
from zoo.layers.recurrent import Recurrent
from zoo.layers.stateful import Stateful
from zoo.tensors import Shape, States, StepInputs, StepOutputs

CELLS = plugins.names("zoo.cells", "CELL")
ROWS, STEPS, FEATURES = 4, 6, 3


@keras.saving.register_keras_serializable(package="test")
class TwoStates(keras.layers.Layer):
    """A cell with only a `call`: a slow and a fast mean of different sizes, the slow one with a learnt beginning."""

    def __init__(self, units: int, **arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**arguments)
        self.units = units
        self.state_size, self.output_size = [units, 2 * units], 2 * units

    def build(self, inputs_shape: Shape) -> None:
        self.kernel = self.add_weight(shape=(inputs_shape[-1], self.units), name="kernel")
        self.first = self.add_weight(shape=(self.units,), initializer="ones", name="first")

    def get_initial_state(self, batch_size: int | None = None) -> States:
        slow = keras.ops.broadcast_to(self.first, (batch_size, self.units))
        return [slow, keras.ops.zeros((batch_size, 2 * self.units))]

    def call(self, inputs: StepInputs, states: States) -> tuple[StepOutputs, States]:
        slow, fast = states
        new = keras.ops.tanh(keras.ops.matmul(inputs, self.kernel) + slow)
        fast = 0.5 * fast + keras.ops.concatenate([new, slow], axis=-1)
        return fast, [0.9 * slow + 0.1 * new, fast]

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}


def make(cell: str = "gru", engine: str = "auto") -> Stateful:
    if cell == "own":
        recurrent = Recurrent(TwoStates(3), layers=2, return_state=True)
    else:
        factory = recurrent_factory(
            RecurrentOptions(cell=cell, units=3, layers=2, dropout=0.0, engine=engine)
        )
        recurrent = factory(return_state=True)
    layer = Stateful(recurrent, ROWS)
    layer.build((ROWS, None, FEATURES))
    draw = np.random.default_rng(0)
    for variable in layer.trainable_variables:
        variable.assign(draw.normal(scale=0.5, size=variable.shape))
    return layer


def text(chunks: int = 3) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(ROWS, chunks * STEPS, FEATURES)).astype("float32")


def read(
    layer: Stateful, inputs: np.ndarray, continues: np.ndarray | None = None, training: bool = False
) -> np.ndarray:
    """The outputs, chunk after chunk; the first starts again unless `continues` says otherwise."""
    outputs = []
    for n in range(0, inputs.shape[1], STEPS):
        goes_on = np.full(ROWS, n > 0) if continues is None else continues
        outputs.append(
            np.asarray(layer(inputs[:, n : n + STEPS], goes_on.astype("int32"), training=training))
        )
    return np.concatenate(outputs, axis=1)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("cell", [*CELLS, "own"])
def test_chunks_one_after_the_other_are_the_whole(cell: str, training: bool) -> None:
    layer, inputs = make(cell), text()
    whole, _ = layer.recurrent(inputs)
    np.testing.assert_allclose(read(layer, inputs, training=training), whole, atol=1e-5)


@pytest.mark.parametrize("engine", ["loop", "fused", "hoisted"])
def test_every_engine_goes_on(engine: str) -> None:
    layer, inputs = make("lstm", engine=engine), text()
    step = tf.function(lambda chunk, continues: layer(chunk, continues, training=True))
    outputs = [step(inputs[:, n : n + STEPS], np.full(ROWS, n > 0, np.int32)) for n in (0, STEPS)]
    whole, _ = layer.recurrent(inputs[:, : 2 * STEPS])
    np.testing.assert_allclose(np.concatenate(outputs, axis=1), whole, atol=1e-5)


@pytest.mark.parametrize("cell", ["lstm", "own"])
def test_only_rows_that_do_not_go_on_start_again(cell: str) -> None:
    layer, inputs = make(cell), text(2)
    read(layer, inputs[:, :STEPS])
    outputs = read(layer, inputs[:, STEPS:], continues=np.array([1, 0, 1, 0]))
    whole, _ = layer.recurrent(inputs)
    again, _ = layer.recurrent(inputs[:, STEPS:])
    np.testing.assert_allclose(outputs[::2], whole[::2, STEPS:], atol=1e-5)
    np.testing.assert_allclose(outputs[1::2], again[1::2], atol=1e-5)
    assert np.abs(whole[1::2, STEPS:] - again[1::2]).max() > 1e-3


def test_evaluation_and_training_do_not_disturb_each_other() -> None:
    layer, inputs = make("lstm"), text(2)
    read(layer, inputs[:, :STEPS], training=True)
    read(layer, -inputs, training=False)
    outputs = read(layer, inputs[:, STEPS:], continues=np.ones(ROWS), training=True)
    whole, _ = layer.recurrent(inputs)
    np.testing.assert_allclose(outputs, whole[:, STEPS:], atol=1e-5)
    goes_on = read(layer, inputs[:, :STEPS], continues=np.ones(ROWS), training=False)
    expected, _ = layer.recurrent(np.concatenate([-inputs, inputs[:, :STEPS]], axis=1))
    np.testing.assert_allclose(goes_on, expected[:, -STEPS:], atol=1e-5)


def test_states_are_no_weights_to_train_and_are_saved(tmp_path: Path) -> None:
    layer = make("own")
    assert {tuple(v.shape) for v in layer.non_trainable_variables} == {(ROWS, 3), (ROWS, 6)}
    inputs, continues = keras.Input((None, FEATURES)), keras.Input((), dtype="int32")
    model = keras.Model([inputs, continues], layer(inputs, continues))
    read(layer, text()[:, :STEPS], training=True)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    chunk = text()[:, STEPS : 2 * STEPS]
    found = again([chunk, np.ones(ROWS, np.int32)], training=True)
    np.testing.assert_allclose(found, layer(chunk, np.ones(ROWS, np.int32), training=True), atol=1e-6)


def test_gradients_reach_the_initial_state_of_rows_that_start() -> None:
    layer = make("own")
    for continues, reached in (([0, 0, 0, 0], True), ([1, 1, 1, 1], False)):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(layer(text(1), np.array(continues, np.int32), training=True))
        first = layer.recurrent.cells[0][0].first
        gradient = tape.gradient(loss, first.value, unconnected_gradients="zero")
        assert bool(np.abs(gradient).max() > 0) is reached


def test_another_number_of_rows_is_told() -> None:
    with pytest.raises(ValueError, match="2 streams where there are 4"):
        make()(text(1)[:2], np.zeros(2, np.int32))
