from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from experiments.probe.tracing import find_layer, gates_of, last_steps, norms_by_lag, state_names, traced
from tests.experiments.probe import own_cell
from zoo import reference
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.layers.recurrent import Recurrent

MASK = np.array([[True] * 5, [True, True, True, False, False]])


@pytest.fixture(autouse=True)
def _float64() -> Iterator[None]:
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_dtype_policy("float32")


def layer_of(cell: str, **arguments: Any) -> Recurrent:
    keras.utils.set_random_seed(1)
    engine = "auto" if cell.startswith(("mean", "keras")) else "loop"
    layer = recurrent_factory(RecurrentOptions(cell=cell, units=4, engine=engine))(**arguments)
    layer.build((None, None, 3))
    rng = np.random.default_rng(2)
    for weight in layer.trainable_weights:
        weight.assign(rng.normal(0, 0.6, weight.shape))
    return layer


def inputs_of() -> np.ndarray:
    return np.random.default_rng(3).normal(size=(2, 5, 3))


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru", "mean", "keras_lstm", "keras_gru"])
@pytest.mark.parametrize("sequences", [True, False])
def test_a_traced_layer_gives_what_it_gives(cell: str, sequences: bool) -> None:
    settings = {"layers": 2, "bidirectional": True, "return_sequences": sequences, "return_state": True}
    layer = layer_of(cell, **settings)
    expected = layer(inputs_of(), mask=MASK)
    with traced(layer) as traces:
        outputs = layer(inputs_of(), mask=MASK)
    assert len(traces) == 2
    assert [trace.reverse for trace in traces] == [False, True]
    for array, plain in zip(tf.nest.flatten(outputs), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(array, plain, atol=1e-6)


def test_the_engine_comes_back_whatever_happens() -> None:
    layer = layer_of("gru")
    engine = layer.engine_choice
    with pytest.raises(ZeroDivisionError), traced(layer):
        1 / (layer.engine_choice.engine != "traced")
    assert layer.engine_choice is engine


def norms_of(layer: Recurrent, inputs: np.ndarray, mask: np.ndarray) -> np.ndarray:
    with traced(layer) as traces, tf.GradientTape() as tape:
        outputs = layer(tf.constant(inputs), mask=mask)
        loss = tf.reduce_sum(tf.reshape(outputs, [2, -1]) ** 2)
    return norms_by_lag(tape, loss, traces[-1])


@pytest.mark.parametrize("cell", ["vanilla", "lstm", "gru"])
def test_gradients_by_states_are_those_of_the_reference(cell: str) -> None:
    """The state of a step is the initial state of a run over the rest."""
    layer = layer_of(cell, return_sequences=False)
    norms = norms_of(layer, inputs_of(), MASK)
    kind, layer_cell = reference.CELLS[cell](), layer.cells[0][0]
    weights = {name: getattr(layer_cell, name).numpy() for name in ("kernel", "recurrent_kernel", "bias")}
    for row, length in enumerate(MASK.sum(axis=1)):
        inputs = inputs_of()[row : row + 1, :length]
        last = reference.forward(kind, weights, inputs).final_states
        d_final = [2 * last[0], *[np.zeros_like(state) for state in last[1:]]]
        assert norms[row, 0] == pytest.approx(np.linalg.norm(d_final[0]))
        for lag in range(1, length):
            states = reference.forward(kind, weights, inputs[:, :-lag]).final_states
            rest = reference.forward(kind, weights, inputs[:, -lag:], initial_states=states)
            d_states = reference.backward(kind, rest, d_final_states=d_final).initial_states
            assert norms[row, lag] == pytest.approx(np.sqrt(sum(np.square(d).sum() for d in d_states)))
        assert np.isnan(norms[row, length:]).all()


def test_of_a_sequence_of_outputs_only_the_last_counts() -> None:
    """Squares of all outputs, of which all but the last are cut: the same as the last one's alone."""
    several, last = (layer_of("gru", return_sequences=sequences) for sequences in (True, False))
    np.testing.assert_allclose(norms_of(several, inputs_of(), MASK), norms_of(last, inputs_of(), MASK))


@pytest.mark.parametrize("way", ["forward", "backward"])
def test_padding_changes_no_norm(way: str) -> None:
    layer = layer_of("lstm", bidirectional=way == "backward", return_sequences=True)
    plain = norms_of(layer, inputs_of(), MASK)
    more = np.pad(inputs_of(), ((0, 0), (0, 3), (0, 0)), constant_values=7)
    padded = norms_of(layer, more, np.pad(MASK, ((0, 0), (0, 3))))
    np.testing.assert_allclose(padded[:, :5], plain)
    assert np.isnan(padded[:, 5:]).all()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gates_are_those_of_the_reference(cell: str) -> None:
    layer = layer_of(cell)
    with traced(layer) as traces:
        layer(inputs_of())
    kind, layer_cell = reference.CELLS[cell](), layer.cells[0][0]
    weights = {name: getattr(layer_cell, name).numpy() for name in ("kernel", "recurrent_kernel", "bias")}
    saved = reference.forward(kind, weights, inputs_of()).saved
    #: where `step` of the reference saves them
    places = {"lstm": {"i": 3, "f": 4, "g": 5, "o": 6}, "gru": {"z": 2, "r": 3, "h": 5}}[cell]
    gates = gates_of(traces[0])
    assert list(gates) == list(layer_cell.gate_names.values())
    for letter, place in places.items():
        expected = np.stack([saved[t][place] for t in range(5)], axis=1)
        np.testing.assert_allclose(gates[layer_cell.gate_names[letter]], expected)


def test_gates_and_states_of_a_cell_of_ones_own_have_its_names() -> None:
    layer = layer_of(own_cell.NAME)
    with traced(layer) as traces:
        layer(inputs_of())
    (trace,) = traces
    assert state_names(trace.cell) == ("memory",)
    gates = gates_of(trace)
    assert list(gates) == ["forgetting gate f", "candidate c"]
    f, candidate = gates.values()
    before, after = (
        np.stack([np.array(states[0]) for states in steps], axis=1)
        for steps in (trace.states_before, trace.states)
    )
    np.testing.assert_allclose(after, (1 - f) * before + f * candidate, atol=1e-12)


@pytest.mark.parametrize(
    ("cell", "names"), [("vanilla", ("h",)), ("keras_lstm", ("h", "c")), ("mean", ("mean", "count"))]
)
def test_cells_that_name_no_gates_have_states_alone(cell: str, names: tuple[str, ...]) -> None:
    layer = layer_of(cell)
    with traced(layer) as traces:
        layer(inputs_of())
    assert gates_of(traces[0]) == {}
    assert state_names(traces[0].cell) == names


def test_the_last_step_is_the_one_read_last() -> None:
    assert np.array(last_steps(MASK, 2, 5, reverse=False)).argmax(axis=1).tolist() == [4, 2]
    assert np.array(last_steps(MASK, 2, 5, reverse=True)).argmax(axis=1).tolist() == [0, 0]
    assert np.array(last_steps(np.zeros((1, 3), bool), 1, 3, reverse=False)).sum() == 0


def test_a_layer_is_found_by_name() -> None:
    first, second = (
        recurrent_factory(RecurrentOptions(cell="gru", units=2))(name=n) for n in ("reader", "recurrent")
    )
    inputs = keras.Input((None, 2))
    model = keras.Model(inputs, first(second(inputs)))
    assert find_layer(model, None) is second
    assert find_layer(model, "reader") is first
    with pytest.raises(UserError, match="--layer x: there are "):
        find_layer(model, "x")
    with pytest.raises(UserError, match="no recurrent layer"):
        find_layer(keras.Model(inputs, inputs), None)
