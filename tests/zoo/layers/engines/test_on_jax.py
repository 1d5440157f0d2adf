"""The compiled engines under `KERAS_BACKEND=jax`: tests of this repository, run again in a process of JAX.

Among them are outputs, states and every gradient beside the reference, with masks, both directions and initial states;
dropout; and layers drawn at random.
"""

from __future__ import annotations

import importlib.util
import os

import keras
import numpy as np
import pytest

from tests.conftest import RunPython
from tests.zoo.again import COMMON_AND_ALL, on_jax
from zoo.cells.gru import GRUCell
from zoo.layers.recurrent import Recurrent

#: Part of a test's name, and how many there are at least.
AGAIN = {
    "test_engine and fused and 2-both-bias and not relu": 4,
    "test_engine and hoisted and 2-both-bias and gru": 1,
    "test_engine and parallel and 2-both-bias": 7,
    "test_values_and_gradients": 4,
    "test_complex_values_and_gradients": 4,
    "test_nothing_gets_out_of_masked_steps": 1,
    "test_the_drawn_masks and fused and not relu": 4,
    "test_the_drawn_mask_acts and fused and not relu": 4,
    "test_the_last_output_is_that_of_the_last_word and fused and lstm": 1,
    "test_an_engine_gives_what_the_reference_gives": 1,
    "test_auto_takes_the_fused_engine": 1,
    "test_a_model_learns": 1,
}


@COMMON_AND_ALL
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_the_same_numbers_on_jax(everything: bool, run_python: RunPython) -> None:
    done, passed = on_jax(
        run_python,
        AGAIN,
        everything,
        "tests/zoo/test_parity.py",
        "tests/zoo/cells/test_dropout.py",
        "tests/zoo/layers",
        "tests/zoo/scan",
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    for name, at_least in AGAIN.items():
        assert passed[name] >= at_least, name


def test_auto_takes_the_fused_engine() -> None:
    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
    choice = Recurrent(GRUCell(16)).engine_choice
    assert choice.engine == "fused"
    assert choice.why.endswith("fused can run it")


@pytest.mark.slow
def test_a_model_learns() -> None:
    """In `fit`, with dropout and a mask: the loss falls, and the model predicts what it predicts step by step."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(32, 6, 3)).astype("float32")
    mask = np.arange(6) < random.integers(1, 7, (32, 1))
    targets = (inputs[..., 0] * mask).sum(axis=1, keepdims=True)
    data, flags = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    layer = Recurrent(GRUCell(16, dropout=0.1, seed=0), bidirectional=True, return_sequences=False)
    model = keras.Model([data, flags], keras.layers.Dense(1)(layer(data, mask=flags)))
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = model.fit([inputs, mask], targets, batch_size=16, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    again = Recurrent.from_config({**layer.get_config(), "engine": "loop"})
    again.build((None, None, 3))
    again.set_weights(layer.get_weights())
    expected = model.layers[-1](again(inputs, mask=mask))
    np.testing.assert_allclose(model.predict([inputs, mask], verbose=0), expected, atol=1e-5)
