from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.zoo.running import cell_class, randomise
from zoo import reference
from zoo.layers.engines import choose
from zoo.layers.recurrent import Recurrent

CELLS: list[tuple[str, dict[str, float]]] = [
    ("lstm", {"zoneout_h": 0.25, "zoneout_c": 0.5}),
    ("lstm", {"zoneout_c": 0.5}),
    ("gru", {"zoneout_h": 0.25}),
]


def step_of(
    name: str, rates: dict[str, float], training: bool
) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """States before a step, after it without zoneout, and with it; of many rows."""
    plain, zoned = cell_class(name)(5), cell_class(name)(5, seed=1, **rates)
    for cell in (plain, zoned):
        cell.build((None, 3))
        randomise(cell)
    draw = np.random.default_rng(1).normal
    x = draw(size=(2000, 3)).astype("float32")
    before = [draw(size=(2000, 5)).astype("float32") for _ in plain.state_size]
    _, after = plain(x, before)
    output, got = zoned(x, before, training=training)
    np.testing.assert_array_equal(output, got[0])
    return before, [np.asarray(state) for state in after], [np.asarray(state) for state in got]


def rates_of(name: str, rates: dict[str, float]) -> list[float]:
    return [rates.get(f"zoneout_{state}", 0.0) for state in ("hc" if name == "lstm" else "h")]


@pytest.mark.parametrize(("name", "rates"), CELLS)
def test_without_training_it_is_the_expectation(name: str, rates: dict[str, float]) -> None:
    before, after, got = step_of(name, rates, training=False)
    for rate, old, new, value in zip(rates_of(name, rates), before, after, got, strict=True):
        np.testing.assert_allclose(value, rate * old + (1 - rate) * new, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "rates"), CELLS)
def test_in_training_a_share_of_the_states_stays_as_it_was(name: str, rates: dict[str, float]) -> None:
    before, after, got = step_of(name, rates, training=True)
    for rate, old, new, value in zip(rates_of(name, rates), before, after, got, strict=True):
        stayed = value == old
        np.testing.assert_allclose(value[~stayed], new[~stayed], rtol=1e-4, atol=1e-5)
        assert stayed.mean() == pytest.approx(rate, abs=0.03)


@pytest.mark.parametrize(("name", "rates"), CELLS)
def test_in_training_it_is_the_reference_with_the_drawn_numbers(name: str, rates: dict[str, float]) -> None:
    """Outputs of four steps, and every gradient; the numbers that stay are drawn again from the same seed."""
    cell = cell_class(name)(5, seed=1, dtype="float64", **rates)
    cell.build((None, 3))
    randomise(cell)
    draw = np.random.default_rng(1).normal
    inputs, factors = draw(size=(4, 6, 3)), draw(size=(4, 6, 5))
    first = [draw(size=(6, 5)) for _ in cell.state_size]
    leaves = (tf.constant(inputs), [tf.constant(state) for state in first])
    with tf.GradientTape() as tape:
        tape.watch(leaves)
        states, outputs = leaves[1], []
        for x in tf.unstack(leaves[0]):
            output, states = cell(x, states, training=True)
            outputs.append(output)
        loss = tf.reduce_sum(tf.stack(outputs) * factors)
    d_inputs, d_first, d_weights = tape.gradient(loss, (*leaves, [v.value for v in cell.trainable_variables]))

    weights = {variable.name: variable.numpy() for variable in cell.trainable_variables}
    steps = [
        reference.Zoneout(reference.named(name), kept) for kept in drawn(rates_of(name, rates), 4, (6, 5))
    ]
    expected, taped = tuple(first), []
    for step, x, output in zip(steps, inputs, outputs, strict=True):
        expected, saved = step.step(weights, x, expected)
        taped.append(saved)
        np.testing.assert_allclose(output, expected[0], rtol=1e-10)
    d_states = tuple(np.zeros((6, 5)) for _ in first)
    totals = {key: np.zeros_like(value) for key, value in weights.items()}
    for step, saved, factor, d_x in list(zip(steps, taped, factors, d_inputs, strict=True))[::-1]:
        d_states = (d_states[0] + factor, *d_states[1:])
        expected_d_x, d_states, d_step = step.step_backward(weights, saved, d_states)
        np.testing.assert_allclose(d_x, expected_d_x, rtol=1e-9, atol=1e-12)
        totals = {key: totals[key] + d_step[key] for key in totals}
    for got, value in zip([*d_first, *d_weights], [*d_states, *totals.values()], strict=True):
        np.testing.assert_allclose(got, value, rtol=1e-9, atol=1e-12)


def drawn(rates: list[float], steps: int, shape: tuple[int, int]) -> list[list[np.ndarray | float]]:
    """For each step and state, where a number stays, in the order in which a cell of seed 1 draws it."""
    seeds = keras.random.SeedGenerator(1)
    return [
        [np.asarray(keras.random.uniform(shape, seed=seeds) < rate, float) if rate else 0.0 for rate in rates]
        for _ in range(steps)
    ]


def test_every_step_draws_anew_and_a_seed_draws_the_same() -> None:
    """With all weights zero but the candidate's bias, h is what stays or is set to the same value at each step."""
    inputs = np.zeros((50, 6, 1), "float32")

    def outputs() -> np.ndarray:
        layer = Recurrent(cell_class("gru")(4, zoneout_h=0.5, seed=3, reset_after=False))
        layer.build((None, None, 1))
        randomise(layer)
        return np.asarray(layer(inputs, training=True))

    first = outputs()
    np.testing.assert_array_equal(outputs(), first)
    stays = first[:, 1:] == first[:, :-1]
    assert stays.mean() == pytest.approx(0.5, abs=0.05)
    assert not (stays == stays[:, :1]).all()


@pytest.mark.parametrize(("name", "rates"), CELLS)
def test_no_compiled_loop_runs_it_and_says_why(name: str, rates: dict[str, float]) -> None:
    choice = choose(cell_class(name)(32, **rates))
    assert choice.engine == "loop"
    assert "not fused: its zoneout draws other numbers at each step" in choice.why
    assert choose(cell_class(name)(32)).engine == "fused"


@pytest.mark.parametrize(
    ("name", "options"),
    [("lstm", {"zoneout_c": 1.0}), ("lstm", {"zoneout_h": -0.1}), ("gru", {"zoneout_h": 2})],
)
def test_a_rate_out_of_range_is_refused(name: str, options: dict[str, Any]) -> None:
    (option,) = options
    with pytest.raises(ValueError, match=f"{option} must be at least 0 and below 1"):
        cell_class(name)(3, **options)


def test_a_model_with_it_trains_in_a_graph() -> None:
    inputs = keras.Input((None, 2))
    layer = Recurrent(cell_class("lstm")(4, zoneout_c=0.5, zoneout_h=0.1, seed=1), return_sequences=False)
    model = keras.Model(inputs, layer(inputs))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(np.ones((4, 5, 2)), np.ones((4, 4)), verbose=0)
    assert all((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))
