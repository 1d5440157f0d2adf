"""The same cells give the same numbers under `KERAS_BACKEND=jax`: tests of this repository, run again in a
process of JAX.

Among them are the comparison with the reference in NumPy (outputs, states, every gradient), dropout and its
gradients, and training in a compiled loop.
"""

from __future__ import annotations

import importlib.util
import os

import pytest

from tests.conftest import RunPython
from tests.zoo.again import COMMON_AND_ALL, on_jax

#: Part of a test's name, and how many there are at least.
AGAIN = {
    "test_reference and 2-both-bias and not relu": 4,  # two layers, both directions, padding
    "test_the_drawn_masks and not relu": 4,
    "test_the_same_inputs_are_dropped": 1,
    "test_masks_inside_a_compiled_loop": 1,
    "test_plain_keras_layers_run_it and True-lstm": 1,  # training
    "test_the_last_output_is_blind and True": 2,
    "test_the_backend_is_the_one_asked_for": 1,
}


@COMMON_AND_ALL
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_the_same_numbers_on_jax(everything: bool, run_python: RunPython) -> None:
    done, passed = on_jax(run_python, AGAIN, everything, "tests/zoo/test_parity.py", "tests/zoo/cells")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    for name, at_least in AGAIN.items():
        assert passed[name] >= at_least, name


def test_the_backend_is_the_one_asked_for() -> None:
    import keras

    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
