from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from tests.zoo.running import cell_class, randomise
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
