"""The same cells give the same numbers under `KERAS_BACKEND=jax`: tests of this repository, run again in a
process of JAX.

Among them are the comparison with the reference in NumPy (outputs, states, every gradient), dropout and its
gradients, and training in a compiled loop.
"""

from __future__ import annotations

import importlib.util
import os

import pytest

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


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_the_same_numbers_on_jax(run_python):
    done = run_python(
        *("-m", "pytest", "-n", "0", "-rA", "-p", "no:cacheprovider"),
        # Keras' variables do not know NumPy's newest argument yet.
        *("-W", "ignore:__array__ implementation:DeprecationWarning"),
        *("-k", " or ".join(f"({part})" for part in AGAIN)),
        *("tests/zoo/test_parity.py", "tests/zoo/cells"),
        env={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    for names, at_least in AGAIN.items():
        wanted = [part for part in names.split(" and ") if not part.startswith("not ")]
        found = [line for line in passed if all(part in line for part in wanted)]
        assert len(found) >= at_least, names


def test_the_backend_is_the_one_asked_for():
    import keras

    assert keras.backend.backend() == os.environ["KERAS_BACKEND"]
