"""What every cell of the zoo promises: arguments, saving, initial weights, and that plain Keras layers run
it."""

from __future__ import annotations

import inspect
import json
from typing import Any

import keras
import numpy as np
import pytest

from tests.zoo.running import cell_class, randomise
from zoo.cells.base import Cell
from zoo.interop import to_keras

OWN = ["vanilla", "lstm", "gru", "mean", "ind_rnn", "mgu", "slstm", "brc"]
#: Those without a recurrent product, and those of them that are linear in their state.
ELEMENTWISE = ["mean", "min_gru", "min_lstm", "rg_lru", "lru", "qrnn"]
OWN += ELEMENTWISE[1:]
RECURRENT = ["vanilla", "lstm", "gru", "mgu", "slstm"]

#: Another value than the default for every constructor argument of any of the cells.
OTHER_VALUES = {
    "units": 5,
    "use_bias": False,
    "activation": "elu",
    "recurrent_activation": "hard_sigmoid",
    "reset_after": False,
    "unit_forget_bias": False,
    "output_activation": "linear",
    "chrono": 100,
    "peephole": True,
    "coupled": True,
    "projection": 3,
    "layer_norm": True,
    "zoneout_c": 0.2,
    "zoneout_h": 0.1,
    "length": 100,
    "forget_gate": "exponential",
    "neuromodulated": True,
    "window": 1,
    "least_radius": 0.5,
    "largest_radius": 0.75,
    "largest_angle": 1.0,
    "kernel_initializer": "he_normal",
    "recurrent_initializer": keras.initializers.RandomNormal(stddev=0.3, seed=1),
    "bias_initializer": "ones",
    "kernel_regularizer": "l2",
    "recurrent_regularizer": keras.regularizers.L1(0.1),
    "bias_regularizer": "l1",
    "dropout": 0.25,
    "recurrent_dropout": 0.5,
    "seed": 7,
    "name": "a_name",
    "dtype": "float64",
    "trainable": False,
}


def constructor_arguments(of: type) -> set[str]:
    """All that the constructors from the class up to Keras' own Layer take by name."""
    names = set()
    for ancestor in of.__mro__[: of.__mro__.index(keras.layers.Layer)]:
        if "__init__" in vars(ancestor):
            parameters = inspect.signature(vars(ancestor)["__init__"]).parameters.values()
            names |= {p.name for p in parameters if p.kind is not p.VAR_KEYWORD}
    return names - {"self"}


def other_arguments(name: str) -> dict:
    arguments = {"name", "dtype", "trainable"} | constructor_arguments(cell_class(name))
    return {argument: OTHER_VALUES[argument] for argument in arguments - unknown_to(name)}


def unknown_to(name: str) -> set[str]:
    """What a cell refuses: without a recurrent product, dropout in it; without a bias, spans of memory in the bias."""
    if name in ELEMENTWISE:
        return {"recurrent_dropout"}
    return {"use_bias"} if name in ("lstm", "gru") else set()


def make(cell: str, /, units: int = 4, **options: object) -> Cell:
    return cell_class(cell)(units, **options)


def built(cell: Cell, features: int = 3) -> Cell:
    cell.build((None, features))
    return cell


# ---- configuration


@pytest.mark.parametrize("name", OWN)
def test_every_argument_survives_the_configuration(name: str) -> None:
    arguments = other_arguments(name)
    cell = make(name, **{key: value for key, value in arguments.items() if key != "units"}, units=5)
    config = json.loads(json.dumps(cell.get_config()))  # what a file holds
    again = type(cell).from_config(config)
    assert set(config) >= set(arguments)
    default = make(name).get_config()
    for argument in arguments:
        assert config[argument] != default[argument], argument
        assert again.get_config()[argument] == config[argument], argument


@pytest.mark.parametrize("name", OWN)
def test_every_argument_is_an_attribute(name: str) -> None:
    cell = make(
        name, **{key: value for key, value in other_arguments(name).items() if key != "units"}, units=5
    )
    for argument in constructor_arguments(type(cell)):
        assert hasattr(cell, argument), argument
    plain = {"units", "use_bias", "dropout", "recurrent_dropout", "seed", "reset_after", "unit_forget_bias"}
    for argument in plain & set(other_arguments(name)):
        assert getattr(cell, argument) == OTHER_VALUES[argument], argument


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize(
    "wrong",
    [{"units": 0}, {"units": -3}, {"units": 2.5}, {"units": True}, {"units": "8"}, {"units": None}]
    + [{rate: value} for rate in ("dropout", "recurrent_dropout") for value in (-0.1, 1, 1.5)]
    + [{"kernel_initializer": "no_such"}, {"bias_regularizer": "no_such"}],
    ids=str,
)
def test_a_wrong_value_is_refused(name: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"must be|no_such"):
        make(name, **wrong)


@pytest.mark.parametrize("name", OWN)
def test_a_misspelt_argument_is_refused(name: str) -> None:
    with pytest.raises((TypeError, ValueError), match="recurent_dropout"):
        make(name, recurent_dropout=0.5)


@pytest.mark.parametrize("name", ["vanilla", "lstm", "gru", "ind_rnn", "mgu"])
def test_an_unknown_activation_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no_such"):
        make(name, activation="no_such")


# ---- weights


@pytest.mark.parametrize("name", OWN)
def test_gate_order_names_every_gate(name: str) -> None:
    cell = make(name)
    assert cell.gate_order is None or len(set(cell.gate_order)) == cell.gates
    assert (cell.gate_order is None) == (name in ("ind_rnn", "mean", "rg_lru", "lru", "qrnn"))
    assert built(cell).kernel.shape == (3, cell.gates * 4)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vanilla", {}),
        ("mean", {}),
        ("lstm", {}),
        ("gru", {}),
        ("gru", {"reset_after": False}),
        ("gru", {"layer_norm": True}),
        ("ind_rnn", {}),
        ("mgu", {}),
        ("slstm", {}),
        ("slstm", {"forget_gate": "exponential"}),
        ("brc", {}),
        ("brc", {"neuromodulated": True}),
        ("min_gru", {}),
        ("min_lstm", {}),
        ("rg_lru", {}),
        ("lru", {}),
        ("qrnn", {}),
        ("qrnn", {"window": 1}),
    ],
)
def test_the_gates_of_a_step_are_those_of_its_equation(name: str, options: dict[str, Any]) -> None:
    cell = built(make(name, **options))
    randomise(cell)
    draw = np.random.default_rng(1).normal
    projected = cell.project(keras.ops.convert_to_tensor(draw(size=(2, 3)).astype("float32")))
    states = [keras.ops.convert_to_tensor(draw(size=(2, size)).astype("float32")) for size in cell.state_size]
    mask = keras.ops.convert_to_tensor(np.array([[0, 1, 1, 0]] * 2, "float32"))
    assert len(cell.state_names) == len(states)
    if not cell.gate_names:
        with pytest.raises(NotImplementedError, match="no gates with a name"):
            cell.gate_values(projected, states)
        return
    _, after = cell.step(projected, states, mask)
    gates = cell.gate_values(projected, states, mask)
    assert list(gates) == list(cell.gate_names)
    if name in ("mgu", "brc"):
        kept = 1 - gates["f"] if name == "mgu" else gates["c"]
        expected = [kept * states[0] + (1 - kept) * gates["h"]]
    elif name == "min_gru":
        expected = [(1 - gates["z"]) * states[0] + gates["z"] * gates["h"]]
    elif name == "min_lstm":
        np.testing.assert_allclose(gates["f"] + gates["i"], np.ones((2, 4)), rtol=1e-6)
        expected = [gates["f"] * states[0] + gates["i"] * gates["h"]]
    elif name == "rg_lru":
        a = (1 / (1 + np.exp(-cell.decay.numpy()))) ** (8 * gates["r"])
        expected = [a * states[0] + np.sqrt(1 - a * a) * gates["i"] * gates["v"]]
    elif name == "qrnn":
        expected = [gates["f"] * states[0] + (1 - gates["f"]) * gates["z"], *after[1:]]
    elif name == "slstm":
        c = gates["f"] * states[1] + gates["i"] * gates["z"]
        n = gates["f"] * states[2] + gates["i"]
        expected = [gates["o"] * c / n, c, n, after[3]]
    elif name == "lstm":
        expected = [gates["o"] * np.tanh(after[1]), gates["f"] * states[1] + gates["i"] * gates["g"]]
    else:
        expected = [gates["z"] * states[0] + (1 - gates["z"]) * gates["h"]]
        reset = states[0] * mask * gates["r"] if not cell.reset_after else None
        if reset is not None:
            again = np.tanh(projected[:, 8:] + reset @ cell.recurrent_kernel[:, 8:])
            np.testing.assert_allclose(gates["h"], again, rtol=1e-5)
    for got, value in zip(after, expected, strict=True):
        np.testing.assert_allclose(got, value, rtol=1e-5)


@pytest.mark.parametrize("name", RECURRENT)
def test_the_recurrent_kernel_is_orthogonal_at_first(name: str) -> None:
    kernel = built(make(name, units=6)).recurrent_kernel.numpy()
    np.testing.assert_allclose(kernel @ kernel.T, np.eye(6), atol=1e-5)  # rows of (units, gates * units)


@pytest.mark.parametrize("name", OWN)
def test_initialisers_and_regularisers_reach_their_weights(name: str) -> None:
    options = {
        "kernel_initializer": keras.initializers.Constant(2.0),
        "bias_initializer": keras.initializers.Constant(4.0),
        "kernel_regularizer": keras.regularizers.L1(1.0),
        "bias_regularizer": keras.regularizers.L1(100.0),
    }
    expected = {"kernel": 2.0, "bias": 4.0}
    if name == "lru":
        expected["output_kernel"] = 2.0
    if name not in ELEMENTWISE:
        options["recurrent_initializer"] = keras.initializers.Constant(3.0)
        options["recurrent_regularizer"] = keras.regularizers.L1(10.0)
        expected["recurrent_kernel"] = 3.0
    if name in ("lstm", "slstm"):
        options["unit_forget_bias"] = False
    cell = built(make(name, **options))
    weights = [weight for weight in cell.weights if weight.name not in ("decay", "angle", "scale")]
    assert {weight.name for weight in weights} == set(expected)
    for weight in weights:
        np.testing.assert_array_equal(weight.numpy(), expected[weight.name])
    rates = {"kernel": 1, "output_kernel": 1, "recurrent_kernel": 10, "bias": 100}
    penalties = sorted(float(loss) for loss in cell.losses)
    sums = sorted(rates[weight.name] * float(weight.numpy().sum()) for weight in weights)
    np.testing.assert_allclose(penalties, sums, rtol=1e-5)


@pytest.mark.parametrize("name", OWN)
def test_without_a_bias_there_is_none(name: str) -> None:
    cell = built(make(name, use_bias=False))
    assert cell.bias is None
    assert all(weight.name != "bias" for weight in cell.weights)


@pytest.mark.parametrize(
    ("name", "built_in", "activations"),
    [
        ("vanilla", keras.layers.SimpleRNN, {"activation": "elu"}),
        ("lstm", keras.layers.LSTM, {"activation": "elu", "recurrent_activation": "hard_sigmoid"}),
        ("lstm", keras.layers.LSTM, {"activation": keras.activations.softsign}),
        ("gru", keras.layers.GRU, {"activation": "elu", "recurrent_activation": "hard_sigmoid"}),
        ("gru", keras.layers.GRU, {"activation": keras.activations.softsign, "reset_after": False}),
    ],
)
def test_the_activations_are_those_asked_for(
    name: str, built_in: type[keras.layers.RNN], activations: dict[str, Any]
) -> None:
    inputs = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    cell, keras_layer = built(make(name, **activations)), built_in(4, **activations)
    randomise(cell)
    to_keras(cell, keras_layer)
    np.testing.assert_allclose(keras.layers.RNN(cell)(inputs), keras_layer(inputs), atol=1e-5)
    other = built(make(name, reset_after=False) if not activations.get("reset_after", True) else make(name))
    other.set_weights(cell.get_weights())
    assert np.abs(keras.layers.RNN(other)(inputs) - keras_layer(inputs)).max() > 1e-2


# ---- one step, and plain Keras around it


@pytest.mark.parametrize("name", OWN)
def test_call_is_project_and_step_in_a_row(name: str) -> None:
    cell = built(make(name))
    randomise(cell)
    draw = np.random.default_rng(1).normal
    inputs = keras.ops.convert_to_tensor(draw(size=(2, 3)).astype("float32"))
    states = [keras.ops.convert_to_tensor(draw(size=(2, size)).astype("float32")) for size in cell.state_size]
    output, after = cell(inputs, states)
    again, again_after = cell.step(cell.project(inputs), states)
    for got, expected in zip([output, *after], [again, *again_after], strict=True):
        np.testing.assert_array_equal(got, expected)
    assert tuple(output.shape) == (2, cell.output_size)
    assert [tuple(state.shape) for state in after] == [(2, size) for size in cell.state_size]


@pytest.mark.parametrize("name", OWN)
def test_project_takes_all_steps_at_once(name: str) -> None:
    cell = built(make(name))
    randomise(cell)
    inputs = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
    whole = keras.ops.convert_to_numpy(cell.project(keras.ops.convert_to_tensor(inputs)))
    for t in range(5):
        step = keras.ops.convert_to_numpy(cell.project(keras.ops.convert_to_tensor(inputs[:, t])))
        np.testing.assert_allclose(whole[:, t], step, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", OWN)
def test_the_initial_state_is_zero(name: str) -> None:
    cell = make(name)
    states = cell.get_initial_state(batch_size=3)
    assert [tuple(state.shape) for state in states] == [(3, size) for size in cell.state_size]
    assert all(not np.asarray(state).any() for state in states)


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("bidirectional", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_plain_keras_layers_run_it(name: str, bidirectional: bool) -> None:
    layer = keras.layers.RNN(make(name, dropout=0.25), return_sequences=True)
    if bidirectional:
        layer = keras.layers.Bidirectional(layer)
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")
    before = model.get_weights()
    model.fit(x, np.ones((4, 5, 1)), epochs=1, verbose=0)
    assert all((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))


def test_a_subclass_has_to_write_its_step() -> None:
    from zoo.cells.base import Cell

    with pytest.raises(NotImplementedError, match="Unfinished has no step"):
        built(type("Unfinished", (Cell,), {})(2))(np.ones((1, 3), "float32"), [np.zeros((1, 2), "float32")])
