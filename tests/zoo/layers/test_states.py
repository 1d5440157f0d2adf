"""Whatever Keras' contract for cells allows runs everywhere; what it does not is told in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.zoo.layers.cells_of_all_kinds import KINDS, Bare, Matrix, Nested, OfUnits
from zoo.generation.hypotheses import SpecialTokens
from zoo.generation.search import beam_search
from zoo.layers.decoder import Decoder
from zoo.layers.recurrent import Recurrent
from zoo.layers.stateful import Stateful
from zoo.layers.states import check_cell
from zoo.tensors import Tensor

UNITS, FEATURES = 5, 3
INPUTS = np.random.default_rng(0).normal(size=(2, 6, FEATURES)).astype("float32")
MASK = np.array([[True] * 6, [True, True, True, False, False, False]])

every_kind = pytest.mark.parametrize("kind", KINDS)


def flat(nest: object) -> list[np.ndarray]:
    return [np.array(tensor) for tensor in keras.tree.flatten(nest)]


def assert_same(one: object, other: object) -> None:
    for a, b in zip(flat(one), flat(other), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@every_kind
def test_it_keeps_the_contract(kind: type[OfUnits]) -> None:
    check_cell(kind(UNITS), FEATURES)


@every_kind
@pytest.mark.parametrize("sequences", [True, False])
def test_layers_and_directions_give_what_they_announce_and_padding_changes_nothing(
    kind: type[OfUnits], sequences: bool
) -> None:
    layer = Recurrent(
        kind(UNITS), layers=2, bidirectional=True, return_sequences=sequences, return_state=True
    )
    outputs, states = layer(INPUTS, mask=MASK)
    announced = layer.compute_output_spec(keras.KerasTensor((2, 6, FEATURES)))
    shapes = [tuple(tensor.shape) for tensor in keras.tree.flatten(announced)]
    assert shapes == [value.shape for value in flat((outputs, states))]
    alone, its_states = layer(INPUTS[1:, :3])
    assert_same(outputs[1:, :3] if sequences else outputs[1:], alone)
    assert_same(keras.tree.map_structure(lambda state: state[1:], states), its_states)


@every_kind
def test_one_layer_is_that_of_keras(kind: type[OfUnits]) -> None:
    layer = Recurrent(kind(UNITS), engine="loop")
    outputs = layer(INPUTS)
    assert_same(outputs, keras.layers.RNN(layer.cells[0][0], return_sequences=True)(INPUTS))
    np.testing.assert_array_equal(Recurrent.from_config(layer.get_config())(INPUTS).shape, outputs.shape)


@every_kind
def test_texts_in_chunks_are_read_as_a_whole(kind: type[OfUnits]) -> None:
    whole = Recurrent(kind(UNITS), layers=2, return_state=True)
    layer = Stateful(whole, rows=2)
    goes_on = np.ones(2, "float32")
    chunks = [layer(INPUTS[:, n : n + 2], 0 * goes_on if n == 0 else goes_on) for n in range(0, 6, 2)]
    assert_same(np.concatenate(flat(chunks), axis=1), whole(INPUTS)[0])


TOKENS = np.array([[1, 4, 5], [1, 6, 4]])
START, MEMORY = INPUTS[:, 0], INPUTS


def decoder(kind: type[OfUnits], scoring: str) -> Decoder:
    lower = Recurrent(kind(UNITS), layers=2, return_state=True, name="lower")
    return Decoder(
        7, 4, lower, upper=Recurrent(kind(UNITS), return_state=True, name="upper"), scoring=scoring
    )


@every_kind
@pytest.mark.parametrize("scoring", ["none", "additive"])
def test_a_decoder_steps_as_it_reads(kind: type[OfUnits], scoring: str) -> None:
    made = decoder(kind, scoring)
    logits = made(TOKENS, START, MEMORY)
    states, fixed = made.first_states(ops.convert_to_tensor(START)), made.fixed(START, MEMORY, None)
    for n in range(3):
        one, states, _ = made.step(TOKENS[:, n], states, fixed)
        np.testing.assert_allclose(one, logits[:, n], atol=1e-5)


@every_kind
def test_a_search_picks_among_its_states(kind: type[OfUnits]) -> None:
    made = decoder(kind, "general")
    made(TOKENS, START, MEMORY)

    def step(last: Tensor, rows: Any) -> tuple[Tensor, object, tuple[()]]:
        states, fixed = rows
        logits, after, _ = made.step(last, states, fixed)
        return logits, (after, fixed), ()

    @tf.function
    def search(start: Tensor) -> Tensor:
        first = made.first_states(start), made.fixed(start, tf.constant(MEMORY), None)
        special = SpecialTokens(begin=1, end=2, forbidden=(3,))
        return beam_search(step, first, tf.constant([4, 4]), special, width=3).tokens

    assert search(tf.constant(START)).shape[0] == 2


def test_a_model_of_it_is_saved_and_learns(tmp_path: Path) -> None:
    for kind in KINDS:
        if kind is Nested:  # it must be registered under its name to be loaded, as any class
            assert "tests>Nested" in keras.saving.get_custom_objects()
        inputs = keras.Input((None, FEATURES))
        model = keras.Model(inputs, Recurrent(kind(UNITS), layers=2, bidirectional=True)(inputs))
        model.save(tmp_path / f"{kind.__name__}.keras")
        again = keras.models.load_model(tmp_path / f"{kind.__name__}.keras")
        assert_same(again(INPUTS), model(INPUTS))


# ---- what does not keep it


class Shrinks(Matrix):
    def call(self, x: Tensor, states: list[Tensor], training: bool = False) -> tuple[Tensor, list[Tensor]]:
        h, memory = states
        return h, [h, memory[..., :2]]


class LosesOne(Matrix):
    def call(self, x: Tensor, states: list[Tensor], training: bool = False) -> tuple[Tensor, list[Tensor]]:
        return states[0], [states[0]]


class SaysAnotherSize(Bare):
    @property
    def output_size(self) -> int:
        return self.units + 1


class GivesOutputsAlone(Bare):
    def call(self, x: Tensor, states: list[Tensor]) -> Tensor:  # type: ignore[override]
        return states[0]


class HasNoBatch(Bare):
    def get_initial_state(self, batch_size: int | None = None) -> Tensor:
        return ops.zeros((self.units,))


class TakesInputs(Bare):
    def get_initial_state(self, inputs: Tensor, batch_size: int, dtype: str) -> Tensor:
        return ops.zeros((batch_size, self.units), dtype)


class ForgetsUnits(Bare):
    def get_config(self) -> dict[str, object]:
        return keras.layers.Layer.get_config(self)


class CannotBuild(Bare):
    def build(self, shape: tuple[int | None, ...]) -> None:
        raise RuntimeError("not today")


class DecidesByAValue(Bare):
    def call(self, x: Tensor, states: list[Tensor]) -> tuple[Tensor, Tensor]:
        output, after = super().call(x, states)
        return (output, after) if ops.sum(output) < 1e9 else (after, after)


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (DecidesByAValue, r"cannot run it in a graph: (.|\n)*as a Python `bool`"),
        (Shrinks, "its states have the shapes .* before a step, and .* after it"),
        (LosesOne, "its states have the shapes .* before a step, and .* after it"),
        (SaysAnotherSize, r"its output_size is 6, and one step of 2 sequences gives the shape \(2, 5\)"),
        (GivesOutputsAlone, "its call gives no output and states|states have the shapes"),
        (HasNoBatch, r"gives states of the shapes \[\(5,\)\], not \(2, …\)"),
        (TakesInputs, r"its build or its get_initial_state\(batch_size=2\) fails"),
        (ForgetsUnits, r"from_config\(get_config\(\)\) makes no copy of it"),
        (CannotBuild, "fails: not today"),
    ],
)
def test_what_does_not_keep_it_is_told(kind: Callable[[int], keras.layers.Layer], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        check_cell(kind(UNITS), FEATURES)
