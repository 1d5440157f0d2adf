"""The recurrent layer around its cells: layers, directions, dropout between layers, states, masks, saving,
own cells.

That it computes the right numbers is shown in `tests/zoo/test_parity.py`, that padding changes none of them
in `test_padding.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Unpack

import keras
import numpy as np
import pytest

from datasets import plugins
from tests.zoo import parity
from tests.zoo.running import make_cell, make_layer, randomise, results, runs
from zoo import reference
from zoo.cells.base import Cell
from zoo.cells.gru import GRUCell
from zoo.cells.lstm import LSTMCell
from zoo.cells.mean import MeanCell
from zoo.cells.vanilla import VanillaCell
from zoo.keras_types import Config, LayerArguments
from zoo.layers.recurrent import Recurrent, RecurrentArguments
from zoo.tensors import Shape, States, StepInputs, StepOutputs, Tensor

UNITS = 4


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def built(layer: Recurrent, features: int = 3) -> Recurrent:
    layer.build((None, None, features))
    randomise(layer)
    return layer


def assert_same(got: object, expected: object, tolerance: float = 1e-6) -> None:
    """The same tensors in the same nest."""
    for one, other in zip(keras.tree.flatten(got), keras.tree.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance)


# ---- states


@pytest.mark.parametrize(("cell", "each"), [(GRUCell, 1), (LSTMCell, 2), (MeanCell, 2)])
@pytest.mark.parametrize("return_sequences", [True, False])
def test_shapes_in_a_functional_model(cell: type[Cell], each: int, return_sequences: bool) -> None:
    layer = Recurrent(
        cell(UNITS), layers=2, bidirectional=True, return_state=True, return_sequences=return_sequences
    )
    inputs = keras.Input((None, 3))
    outputs, states = layer(inputs)
    assert outputs.shape == ((None, None, 2 * UNITS) if return_sequences else (None, 2 * UNITS))
    assert [[len(cell_states) for cell_states in row] for row in states] == [[each, each]] * 2
    model = keras.Model(inputs, [outputs, *keras.tree.flatten(states)])
    symbolic = [outputs, *keras.tree.flatten(states)]
    for value, spec in zip(model(draw(2, 5, 3)), symbolic, strict=True):
        assert tuple(value.shape) == tuple(
            {0: 2, 1: size or 5}.get(n, size) for n, size in enumerate(spec.shape)
        )
        assert keras.backend.standardize_dtype(value.dtype) == spec.dtype


def test_an_encoder_hands_its_states_to_a_decoder() -> None:
    """In a functional model: the states of one layer are the initial states of the next."""
    source, target = keras.Input((None, 3)), keras.Input((None, 3))
    encoder = Recurrent(LSTMCell(UNITS), layers=2, return_state=True, return_sequences=False)
    decoder = Recurrent(LSTMCell(UNITS), layers=2)
    _, states = encoder(source)
    model = keras.Model([source, target], decoder(target, initial_state=states))
    a, b = draw(2, 5, 3), draw(2, 4, 3, seed=1)
    expected = decoder(b, initial_state=encoder(a)[1])
    assert_same(model([a, b]), expected)
    assert np.abs(np.asarray(expected) - np.asarray(decoder(b))).max() > 1e-3


def test_states_for_another_number_of_layers_are_refused() -> None:
    two, one = built(Recurrent(GRUCell(UNITS), layers=2)), built(Recurrent(GRUCell(UNITS)))
    with pytest.raises(ValueError, match=r"shorter|longer"):
        two(draw(2, 5, 3), initial_state=one.get_initial_state(2))


def test_the_states_start_from_the_cell_s_own() -> None:
    class StartsAtOne(VanillaCell):
        def get_initial_state(self, batch_size: int | Tensor | None = None) -> States:
            return [keras.ops.ones((batch_size, self.units))]

    layer, inputs = built(Recurrent(StartsAtOne(UNITS))), draw(2, 5, 3)
    ones = [[[np.ones((2, UNITS), "float32")]]]
    assert_same(layer(inputs), layer(inputs, initial_state=ones))
    zeros = [[[np.zeros((2, UNITS), "float32")]]]
    assert np.abs(np.asarray(layer(inputs)) - np.asarray(layer(inputs, initial_state=zeros))).max() > 1e-2


# ---- masks


@runs([kind for kind in parity.KINDS if kind.reference and "activation" not in kind.options])
def test_a_mask_with_gaps(kind: parity.Kind, engine: str) -> None:
    """A gap hands the states on, in both directions, for outputs, states and gradients."""
    case = parity.Case(kind, 1, True, True, "ragged")
    layer, problem = make_layer(case, engine), parity.drawn_problem(case)
    randomise(layer)
    problem.mask = np.random.default_rng(3).random((parity.BATCH, parity.TIME)) < 0.5
    problem.mask[:2, 0] = [True, False]
    got = results(layer, problem)
    weights = [[{v.name: v.numpy() for v in cell.trainable_variables} for cell in row] for row in layer.cells]
    oracle = reference.named(kind.cell, **kind.options)
    tape = reference.forward_stack(oracle, weights, problem.inputs, problem.mask, problem.states)
    back = reference.backward_stack(oracle, tape, problem.outputs_factor, problem.states_factors)
    expected = {"outputs": tape.outputs, **parity.named_states("final", tape.final_states)}
    expected |= {"d inputs": back.inputs, **parity.named_states("d initial", back.initial_states)}
    parity.assert_equal({name: got[name] for name in expected}, expected, 1e-12)


@runs([kind for kind in parity.KINDS if kind.states == 1])
def test_the_last_output_after_a_gap_is_that_of_the_last_step(kind: parity.Kind, engine: str) -> None:
    mask = np.array([[True, False, True, False, False], [False, False, True, True, True]])
    layer = Recurrent(make_cell(kind), engine=engine, return_sequences=False)
    built(layer)
    kept = [draw(2, 5, 3)[row, mask[row]] for row in range(2)]
    outputs = layer(draw(2, 5, 3), mask=mask)
    for row, steps in enumerate(kept):
        assert_same(outputs[row], layer(steps[None])[0])


def test_a_mask_of_numbers_is_a_mask() -> None:
    layer, mask = built(Recurrent(GRUCell(UNITS))), np.arange(5) < np.array([[2], [5]])
    assert_same(layer(draw(2, 5, 3), mask=mask.astype("int32")), layer(draw(2, 5, 3), mask=mask))


def test_the_mask_of_an_embedding_goes_through() -> None:
    """`mask_zero` sets it; the layer uses it and hands it on where there are outputs of all steps."""
    tokens = np.array([[1, 2, 0, 0], [3, 1, 2, 1]])
    embedding = keras.layers.Embedding(4, 3, mask_zero=True)
    layer = Recurrent(GRUCell(UNITS))
    layer.build((None, None, 3))
    outputs = layer(embedding(tokens))
    assert_same(outputs, layer(embedding(tokens), mask=tokens > 0))
    assert not np.asarray(outputs)[0, 2:].any()
    np.testing.assert_array_equal(outputs._keras_mask, tokens > 0)
    assert layer.compute_mask(None, tokens) is tokens
    assert Recurrent(GRUCell(UNITS), return_sequences=False).compute_mask(None, tokens) is None


# ---- layers, directions, dropout between layers


def test_layers_are_layers_in_a_row() -> None:
    stacked = built(Recurrent(GRUCell(UNITS), layers=2, bidirectional=True))
    single = [Recurrent(GRUCell(UNITS), bidirectional=True) for _ in range(2)]
    for n, layer in enumerate(single):
        layer.build((None, None, 3 if n == 0 else 2 * UNITS))
        for cell, original in zip(layer.cells[0], stacked.cells[n], strict=True):
            cell.set_weights(original.get_weights())
    inputs, mask = draw(2, 5, 3), np.arange(5) < np.array([[2], [5]])
    assert_same(stacked(inputs, mask=mask), single[1](single[0](inputs, mask=mask), mask=mask))


def test_backward_is_forward_over_the_inputs_turned_round() -> None:
    both = built(Recurrent(GRUCell(UNITS), bidirectional=True))
    one = Recurrent(GRUCell(UNITS))
    one.build((None, None, 3))
    one.set_weights(both.cells[0][1].get_weights())
    inputs = draw(2, 5, 3)
    backward = np.asarray(both(inputs))[..., UNITS:]
    assert_same(backward, np.asarray(one(inputs[:, ::-1]))[:, ::-1])
    last = Recurrent.from_config({**both.get_config(), "return_sequences": False})
    last.build((None, None, 3))
    last.set_weights(both.get_weights())
    assert_same(np.asarray(last(inputs))[:, UNITS:], backward[:, 0])


def echo(layers: int, dropout: float, /, **options: Unpack[RecurrentArguments]) -> Recurrent:
    """Each layer gives back its inputs, so that the outputs show the dropout between them."""
    cell = VanillaCell(8, activation="linear", use_bias=False)
    options |= {"layers": layers, "dropout": dropout, "engine": "loop"}
    layer = Recurrent(cell, **options)
    layer.build((None, None, 8))
    layer.set_weights([np.eye(8), np.zeros((8, 8))] * layers)
    return layer


def test_dropout_acts_between_layers_only() -> None:
    ones = np.ones((50, 4, 8), "float32")
    two, three = (np.asarray(echo(layers, 0.5, seed=1)(ones, training=True)) for layers in (2, 3))
    assert set(np.unique(two)) == {0.0, 2.0}  # once: not before the first layer, not after the last
    assert set(np.unique(three)) == {0.0, 4.0}
    assert abs((two > 0).mean() - 0.5) < 0.05
    assert abs((three > 0).mean() - 0.25) < 0.05  # masks of their own
    assert_same(echo(3, 0.5)(ones), ones)
    again, other = (np.asarray(echo(2, 0.5, seed=seed)(ones, training=True)) for seed in (1, 2))
    assert_same(again, two)
    assert (other != two).any()


def test_variational_dropout_takes_the_same_numbers_at_all_steps() -> None:
    ones = np.ones((50, 4, 8), "float32")
    plain, variational = (
        np.asarray(echo(2, 0.5, seed=1, variational=flag)(ones, training=True)) for flag in (False, True)
    )
    assert (plain != plain[:, :1]).any()
    assert_same(variational, np.broadcast_to(variational[:, :1], variational.shape))
    assert set(np.unique(variational)) == {0.0, 2.0}
    assert len({row.tobytes() for row in variational}) > 40  # a mask for each sequence


def test_a_cell_with_the_same_seed_draws_other_masks_than_the_dropout_between_layers() -> None:
    layer = Recurrent(VanillaCell(8, dropout=0.5, seed=5), layers=3, bidirectional=True, dropout=0.5, seed=5)
    seeds = [cell.seed for row in layer.cells for cell in row] + [dropout.seed for dropout in layer.dropouts]
    assert len(set(seeds)) == len(seeds) == 8


def test_every_copy_has_weights_of_its_own() -> None:
    layer = Recurrent(VanillaCell(UNITS), layers=2, bidirectional=True)
    layer.build((None, None, 2 * UNITS))
    kernels = [cell.kernel.numpy().tobytes() for row in layer.cells for cell in row]
    assert len(set(kernels)) == 4
    assert len(layer.trainable_variables) == 12
    assert len({weight.path for weight in layer.weights}) == 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "layers must be at least 1"),
        ({"layers": 2, "dropout": 1.0}, "dropout must be at least 0 and below 1"),
        ({"layers": 2, "dropout": -0.1}, "dropout must be at least 0 and below 1"),
        ({"dropout": 0.5}, "dropout acts between layers"),
        ({"weight_dropout": 1.0}, "weight_dropout must be at least 0 and below 1"),
        ({"engine": "warp"}, "no engine is called 'warp'; there are auto"),
        ({"engine": "keras"}, "the keras engine cannot run GRUCell: it is not a built-in cell"),
        ({"engine": "parallel"}, "the parallel engine cannot run GRUCell"),
    ],
)
def test_a_wrong_value_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recurrent(GRUCell(UNITS), **options)


def test_the_choice_of_the_engine_says_why() -> None:
    assert Recurrent(GRUCell(UNITS), engine="loop").engine_choice.why == "asked for"
    choice = Recurrent(MeanCell(UNITS)).engine_choice
    assert choice.engine == "parallel"
    assert choice.why.startswith("not keras: it is not a built-in cell of Keras; parallel")


@pytest.mark.parametrize("method", ["step", "gate_values", "products"])
def test_a_step_of_its_own_is_not_run_with_the_backward_step_of_another(method: str) -> None:
    own = type("Own", (GRUCell,), {method: getattr(GRUCell, method)})
    with pytest.raises(ValueError, match="its step has no backward step of its own"):
        Recurrent(own(UNITS), engine="fused")
    with_backward = {"advance": GRUCell.advance, "step_backward": GRUCell.step_backward}
    Recurrent(type("Whole", (own,), with_backward)(UNITS), engine="fused")


# ---- saving


def test_the_configuration_survives() -> None:
    arguments: RecurrentArguments = {
        "layers": 3,
        "bidirectional": True,
        "dropout": 0.25,
        "variational": True,
        "weight_dropout": 0.5,
        "return_sequences": False,
        "return_state": True,
        "engine": "loop",
        "seed": 4,
    }
    layer = Recurrent(
        GRUCell(UNITS, reset_after=False, recurrent_dropout=0.1), **(arguments | {"name": "mine"})
    )
    config = json.loads(json.dumps(layer.get_config()))
    again = Recurrent.from_config(config)
    assert config == json.loads(json.dumps(layer.get_config()))  # left as it was
    assert again.get_config() == layer.get_config()
    default = Recurrent(GRUCell(UNITS))
    for name, value in arguments.items():
        assert getattr(again, name) == value != getattr(default, name)
    assert {cell.reset_after for row in again.cells for cell in row} == {False}


def test_a_model_with_masks_and_states_saves_and_loads(tmp_path: Path) -> None:
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    outputs, states = Recurrent(LSTMCell(UNITS), layers=2, bidirectional=True, return_state=True)(
        inputs, mask=mask
    )
    more = Recurrent(LSTMCell(UNITS), layers=2, bidirectional=True)(outputs, mask=mask, initial_state=states)
    model = keras.Model([inputs, mask], more)
    randomise(model)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    data = [draw(2, 5, 3), np.arange(5) < np.array([[2], [5]])]
    np.testing.assert_array_equal(again(data), model(data))


# ---- a cell of one's own


@keras.saving.register_keras_serializable(package="tests")
class Decay(keras.layers.Layer):
    """Only what `keras.layers.RNN` asks for: a running sum that fades, with one weight."""

    def __init__(self, units: int, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.units = self.state_size = self.output_size = units

    def build(self, input_shape: Shape) -> None:
        self.rate = self.add_weight(shape=(self.units,), initializer="ones", name="rate")
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def get_initial_state(self, batch_size: int | None = None) -> States:
        return [keras.ops.zeros((batch_size, self.units), dtype=self.compute_dtype)]

    def call(self, inputs: StepInputs, states: States) -> tuple[StepOutputs, States]:
        state = self.rate * states[0] + keras.ops.matmul(inputs, self.kernel)
        return state, [state]

    def get_config(self) -> Config:
        return {**super().get_config(), "units": self.units}


def test_a_cell_that_has_only_call(tmp_path: Path) -> None:
    layer = Recurrent(Decay(UNITS), layers=2, bidirectional=True, dropout=0.5, return_sequences=False)
    assert layer.engine_choice.engine == "loop"
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    model = keras.Model([inputs, mask], keras.layers.Dense(1)(layer(inputs, mask=mask)))
    model.compile("sgd", "mse", run_eagerly=True)
    before = model.get_weights()
    data = [draw(2, 5, 3), np.arange(5) < np.array([[2], [5]])]
    model.train_on_batch(data, np.ones((2, 1)))
    assert all((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(data), model(data))


def test_a_cell_that_has_only_call_is_run_right() -> None:
    layer, inputs = Recurrent(Decay(2)), draw(1, 4, 3)
    built(layer)
    rate, kernel = (weight.numpy() for weight in layer.cells[0][0].weights)
    state = np.zeros(2)
    for t, output in enumerate(np.asarray(layer(inputs))[0]):
        state = rate * state + inputs[0, t] @ kernel
        np.testing.assert_allclose(output, state, rtol=1e-5)


def test_the_cell_that_the_documentation_writes(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The example of docs/cells.md, as a module of one's own: the formula, dropout, training, saving."""
    page = (repository / "docs" / "cells.md").read_text(encoding="utf-8")
    (source,) = [block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "CELL = " in block]
    (tmp_path / "minimal.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    cell = plugins.load("zoo.cells", "minimal:MinimalGatedCell", "CELL", type)(
        2, dropout=0.2, recurrent_dropout=0.2, seed=0
    )
    layer, inputs = Recurrent(cell, bidirectional=True), draw(1, 3, 3)
    built(layer)
    kernel, recurrent, bias = (weight.numpy() for weight in layer.cells[0][0].weights)
    h = np.zeros(2)
    for t, output in enumerate(np.asarray(layer(inputs))[0, :, :2]):
        x = inputs[0, t] @ kernel + bias
        f = 1 / (1 + np.exp(-(x[:2] + h @ recurrent[:, :2])))
        h = (1 - f) * h + f * np.tanh(x[2:] + (f * h) @ recurrent[:, 2:])
        np.testing.assert_allclose(output, h, rtol=1e-5)
    model_inputs = keras.Input((None, 3))
    model = keras.Model(model_inputs, layer(model_inputs))
    model.compile("sgd", "mse", run_eagerly=True)
    before = model.get_weights()
    # Of so many sequences dropout leaves every weight something to learn from.
    model.train_on_batch(draw(20, 3, 3), np.ones((20, 3, 4)))
    assert all((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(inputs), model(inputs))
