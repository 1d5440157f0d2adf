"""Dropout inside a loop: which masks are drawn, and that exactly these act, at every step, where they
should."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Unpack
from unittest import mock

import keras
import numpy as np
import pytest

from tests.zoo import parity
from tests.zoo.parity import Kind
from tests.zoo.running import TOLERANCES, WIDEST, make_cell, randomise, results, runs, takes
from zoo import reference
from zoo.cells.base import Cell
from zoo.cells.mean import MeanCell
from zoo.cells.vanilla import VanillaCell
from zoo.keras_types import LayerArguments
from zoo.layers.engines import ENGINES
from zoo.layers.recurrent import Recurrent, RecurrentArguments
from zoo.tensors import Tensor

#: Without those that draw more in training than dropout.
OWN = [
    kind
    for kind in parity.KINDS
    if (kind.reference or not kind.product) and not any(name.startswith("zoneout") for name in kind.options)
]
ROWS, TIME, FEATURES, UNITS = 3, 5, 4, 4


def layer_of(cell: Cell, engine: str, /, **options: Unpack[RecurrentArguments]) -> Recurrent:
    options |= {"engine": engine, "dtype": cell.dtype_policy}
    layer = Recurrent(cell, **options)
    layer.build((None, None, FEATURES))
    randomise(layer)
    return layer


def draw_inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(ROWS, TIME, FEATURES)).astype("float32")


def array(tensor: Tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


# ---- exactly these masks act, on numbers and on gradients


@runs([kind for kind in OWN if kind.product], dropout=0.5, recurrent_dropout=0.5)
def test_the_drawn_masks_act_at_every_step(kind: Kind, engine: str) -> None:
    check_masks(kind, engine, 0.5, 0.5)


@runs(OWN[:1], dropout=0.5, recurrent_dropout=0.5)
@pytest.mark.parametrize("rates", [(0.5, 0.0), (0.0, 0.5)], ids=["inputs", "state"])
def test_one_mask_by_itself(kind: Kind, engine: str, rates: tuple[float, float]) -> None:
    check_masks(kind, engine, *rates)


def check_masks(kind: Kind, engine: str, dropout: float, recurrent_dropout: float) -> None:
    """For one row, a mask on the inputs is a mask on the reference's inputs; one on the state inside the
    recurrent product is one on the rows of the recurrent kernel. So the reference, which has no dropout,
    tells all."""
    cell = make_cell(kind, dropout=dropout, recurrent_dropout=recurrent_dropout, seed=3, dtype=WIDEST)
    layer = layer_of(cell, engine, return_state=True)
    problem = problem_of(kind, rows=1)
    with spied_masks() as (input_masks, state_masks):
        got = results(layer, problem, training=True)
    on_inputs = the_one_mask(input_masks, FEATURES)
    on_state = the_one_mask(state_masks, parity.output_size(kind))

    weights = {variable.name: variable.numpy() for variable in layer.trainable_variables}
    expected = expected_with(kind, weights, problem, on_inputs, on_state.T)
    parity.assert_equal(got, expected, TOLERANCES[WIDEST])
    assert set(np.unique(on_inputs)) == ({0.0, 2.0} if dropout else {1.0})
    assert set(np.unique(on_state)) == ({0.0, 2.0} if recurrent_dropout else {1.0})


def problem_of(kind: Kind, rows: int) -> parity.Problem:
    draw = np.random.default_rng(1).normal
    states, factors = ([[[draw(size=(rows, size)) for size in sizes_of(kind)]]] for _ in range(2))
    inputs, outputs_factor = draw(size=(rows, TIME, FEATURES)), draw(size=(rows, TIME, sizes_of(kind)[0]))
    return parity.Problem(inputs, None, states, outputs_factor, factors)


def sizes_of(kind: Kind) -> list[int]:
    """Of the states, the first of which is the output."""
    return [parity.output_size(kind), *[UNITS] * (kind.states - 1)]


def expected_with(
    kind: Kind,
    weights: dict[str, np.ndarray],
    problem: parity.Problem,
    on_inputs: np.ndarray | float,
    on_kernel: np.ndarray,
) -> dict[str, np.ndarray]:
    """What the reference gives with masks on the inputs and on the recurrent kernel."""
    masked = weights | {"recurrent_kernel": on_kernel * weights["recurrent_kernel"]}
    oracle = reference.named(kind.cell.removeprefix("keras_").removeprefix("simple_"), **kind.options)
    tape = reference.forward(oracle, masked, problem.inputs * on_inputs, None, problem.states[0][0])
    back = reference.backward(oracle, tape, problem.outputs_factor, problem.states_factors[0][0])
    expected = {
        "outputs": tape.outputs,
        **parity.named_states("final", [[tape.final_states]]),
        "d inputs": back.inputs * on_inputs,
        **parity.named_states("d initial", [[back.initial_states]]),
        **{f"d layer 0 direction 0 {name}": value for name, value in back.weights.items()},
    }
    expected["d layer 0 direction 0 recurrent_kernel"] = on_kernel * back.weights["recurrent_kernel"]
    return expected


# ---- DropConnect: one mask on the recurrent kernel for all rows and steps


@runs(
    [
        *(kind for kind in OWN if kind.product),
        *(kind for kind in parity.KINDS if kind.cell in ("keras_lstm", "keras_gru")),
    ]
)
def test_the_drawn_mask_acts_on_the_recurrent_kernel(kind: Kind, engine: str) -> None:
    """Numbers, states and every gradient are those of the reference with the masked kernel."""
    layer = layer_of(make_cell(kind, dtype=WIDEST), engine, weight_dropout=0.5, return_state=True, seed=3)
    problem = problem_of(kind, rows=9)  # some engines split the batch over the cores
    with spied_dropout() as masks:
        got = results(layer, problem, training=True)
    weights = {variable.name: variable.numpy() for variable in layer.trainable_variables}
    (mask,) = masks
    assert set(np.unique(mask)) == {0.0, 2.0}
    expected = expected_with(kind, weights, problem, 1.0, mask)
    parity.assert_equal(got, expected, TOLERANCES[WIDEST])


@contextmanager
def spied_dropout() -> Iterator[list[np.ndarray]]:
    """A list that fills with what `keras.random.dropout` gives."""
    masks: list[np.ndarray] = []
    original = keras.random.dropout

    def dropout(inputs: Tensor, rate: float, seed: keras.random.SeedGenerator) -> Tensor:
        mask = original(inputs, rate, seed=seed)
        masks.append(array(mask))
        return mask

    with mock.patch("keras.random.dropout", dropout):
        yield masks


@pytest.mark.parametrize("engine", ["loop", "fused"])
def test_another_mask_of_the_kernel_each_batch_and_none_outside_of_training(engine: str) -> None:
    def layer(seed: int) -> Recurrent:
        cell = VanillaCell(UNITS, dropout=0.5, recurrent_dropout=0.5, seed=1)
        return layer_of(cell, engine, weight_dropout=0.5, seed=seed)

    dropped, again, other = layer(1), layer(1), layer(2)
    first, second = (array(dropped(draw_inputs(), training=True)) for _ in range(2))
    assert (first != second).any()
    np.testing.assert_array_equal(array(again(draw_inputs(), training=True)), first)
    assert (array(other(draw_inputs(), training=True)) != first).any()
    plain = layer_of(VanillaCell(UNITS), engine)
    np.testing.assert_array_equal(array(dropped(draw_inputs())), array(plain(draw_inputs())))


def test_each_layer_and_direction_has_a_mask_of_its_own() -> None:
    layer = layer_of(VanillaCell(UNITS), "loop", weight_dropout=0.5, layers=2, bidirectional=True, seed=1)
    with spied_dropout() as masks:
        layer(draw_inputs(), training=True)
    assert len({mask.tobytes() for mask in masks}) == 4


def test_a_cell_without_a_recurrent_kernel_has_no_entries_of_it_to_drop() -> None:
    with pytest.raises(ValueError, match="weight_dropout: MeanCell has no recurrent_kernel"):
        Recurrent(MeanCell(UNITS), weight_dropout=0.5).build((None, None, 3))


def test_layers_that_were_saved_without_the_newer_dropouts_load() -> None:
    config = Recurrent(VanillaCell(UNITS)).get_config()
    del config["variational"], config["weight_dropout"]
    again, dropped = Recurrent.from_config(config), Recurrent(VanillaCell(UNITS), weight_dropout=0.5)
    assert (again.variational, again.weight_dropout) == (False, 0.0)
    assert len(again.variables) == len(dropped.variables) - 1  # no state that a checkpoint of before lacks


@contextmanager
def spied_masks() -> Iterator[tuple[list[np.ndarray], list[np.ndarray]]]:
    """Two lists that fill with the masks on inputs and on states that cells hand out."""
    on_inputs: list[np.ndarray] = []
    on_states: list[np.ndarray] = []

    def spy(name: str, masks: list[np.ndarray]) -> AbstractContextManager[object]:
        original = getattr(VanillaCell, name)

        def get(cell: Cell, step_input: Tensor) -> Tensor | None:
            mask = original(cell, step_input)
            if mask is not None:
                masks.append(array(mask))
            return mask

        return mock.patch(f"zoo.cells.base.Cell.{name}", get)

    with spy("get_dropout_mask", on_inputs), spy("get_recurrent_dropout_mask", on_states):
        yield on_inputs, on_states


def the_one_mask(masks: list[np.ndarray], size: int) -> np.ndarray:
    """The mask that was handed out every time; ones where there was none."""
    for given in masks:
        np.testing.assert_array_equal(given, masks[0])
    return masks[0] if masks else np.ones((1, size))


# ---- which masks are drawn: an echo shows them, a cell that gives back its inputs


class EchoArguments(LayerArguments, total=False):
    recurrent_dropout: float
    seed: int | None


def echo(
    engine: str, dropout: float = 0.5, units: int = UNITS, **options: Unpack[EchoArguments]
) -> Recurrent:
    """Outputs equal the inputs, as the cell sees them."""
    cell = VanillaCell(units, activation="linear", use_bias=False, dropout=dropout, **options)
    layer = Recurrent(cell, engine=engine)
    layer.build((None, None, units))
    layer.set_weights([np.eye(units), np.zeros((units, units))])
    return layer


def echo_engines() -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "engine",
        [
            name
            for name in ENGINES
            if takes(name, VanillaCell(2, activation="linear", use_bias=False, dropout=0.5))
        ],
    )


def ones(rows: int = ROWS, units: int = UNITS) -> np.ndarray:
    return np.ones((rows, TIME, units), "float32")


@echo_engines()
def test_the_same_inputs_are_dropped_at_each_step(engine: str) -> None:
    masks = array(echo(engine, seed=1)(ones(rows=8), training=True))
    assert set(np.unique(masks)) == {0.0, 2.0}
    np.testing.assert_array_equal(masks, np.broadcast_to(masks[:, :1], masks.shape))


@echo_engines()
def test_rows_and_sequences_have_masks_of_their_own(engine: str) -> None:
    layer = echo(engine, seed=1, units=16)
    first, second = (array(layer(ones(units=16), training=True))[:, 0] for _ in range(2))
    assert (first[0] != first[1]).any()
    assert (first != second).any()


@echo_engines()
@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_the_expected_value_is_kept(engine: str, rate: float) -> None:
    masks = array(echo(engine, dropout=rate, seed=1, units=50)(ones(rows=200, units=50), training=True))[:, 0]
    kept = masks > 0
    np.testing.assert_allclose(masks[kept], 1 / (1 - rate), rtol=1e-6)
    deviation = np.sqrt(rate * (1 - rate) / masks.size)
    assert abs(kept.mean() - (1 - rate)) < 4 * deviation


@echo_engines()
def test_the_seed_decides(engine: str) -> None:
    masks = [array(echo(engine, seed=seed, units=16)(ones(units=16), training=True)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()


@echo_engines()
def test_masks_inside_a_compiled_loop(engine: str) -> None:
    """In a function that is traced once, each call still draws again, and one mask holds for the whole
    sequence."""
    inputs = keras.Input((None, 16))
    model = keras.Model(inputs, AlwaysTraining(echo(engine, seed=1, units=16))(inputs))
    first, second = (model.predict(ones(units=16), verbose=0) for _ in range(2))
    assert (first != second).any()
    for masks in (first, second):
        assert set(np.unique(masks)) == {0.0, 2.0}
        np.testing.assert_array_equal(masks, np.broadcast_to(masks[:, :1], masks.shape))


class AlwaysTraining(keras.layers.Layer):
    def __init__(self, layer: Recurrent) -> None:
        super().__init__()
        self.layer = layer

    def call(self, inputs: Tensor) -> Tensor:
        return self.layer(inputs, training=True)


def test_layers_and_directions_have_masks_of_their_own() -> None:
    layer = Recurrent(VanillaCell(16, dropout=0.5, seed=1), layers=2, bidirectional=True)
    layer.build((None, None, 32))
    cells = [cell for row in layer.cells for cell in row]
    masks = [array(cell.get_dropout_mask(keras.ops.ones((4, 32)))) for cell in cells]
    for cell in cells:
        cell.reset_masks()
    assert len({mask.tobytes() for mask in masks}) == 4


# ---- where dropout does not act


@runs(OWN, dropout=0.5)
def test_none_at_inference(kind: Kind, engine: str) -> None:
    options = {} if not kind.product else {"recurrent_dropout": 0.5}
    dropped, plain = (layer_of(make_cell(kind, **more), engine) for more in ({"dropout": 0.5, **options}, {}))
    plain.set_weights(dropped.get_weights())
    expected = array(plain(draw_inputs()))
    for training in (False, None):
        np.testing.assert_array_equal(array(dropped(draw_inputs(), training=training)), expected)
    assert np.abs(array(dropped(draw_inputs(), training=True)) - expected).max() > 1e-2


@runs([kind for kind in OWN if kind.product], recurrent_dropout=0.5)
def test_the_state_that_is_carried_on_is_whole(kind: Kind, engine: str) -> None:
    """Without a recurrent product there is nothing to drop: c of the LSTM and z * h of the GRU stay."""
    dropped, plain = (layer_of(make_cell(kind, **more), engine) for more in ({"recurrent_dropout": 0.9}, {}))
    weights = [
        value * ("recurrent" not in v.name)
        for v, value in zip(plain.weights, plain.get_weights(), strict=True)
    ]
    dropped.set_weights(weights)
    plain.set_weights(weights)
    states = [[[np.full((ROWS, size), 0.7, "float32") for size in sizes_of(kind)]]]
    got, expected = (layer(draw_inputs(), initial_state=states, training=True) for layer in (dropped, plain))
    np.testing.assert_allclose(array(got), array(expected), atol=1e-6)


@runs(OWN, dropout=0.5)
def test_masks_do_not_outlive_their_sequence(kind: Kind, engine: str) -> None:
    """A mask that stayed would be of the wrong shape, or of a dead graph, in the next batch."""
    layer = layer_of(make_cell(kind, dropout=0.5), engine)
    layer(draw_inputs(), training=True)
    assert array(layer(draw_inputs()[:2], training=True)).shape == (2, TIME, parity.output_size(kind))
