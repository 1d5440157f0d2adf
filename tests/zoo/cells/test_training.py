"""Training reaches every weight, in every precision and on every engine."""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
import pytest

from tests.zoo import parity
from tests.zoo.running import make_cell, randomise, runs
from zoo.layers.recurrent import Recurrent, RecurrentArguments

MASK = np.arange(5) < np.array([5, 3, 1, 4])[:, None]


def draw_inputs() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 5, 3)).astype("float32")


def make_model(
    cell: keras.layers.Layer, engine: str, /, **options: Unpack[RecurrentArguments]
) -> keras.Model:
    """Inputs and mask through the layer to one number."""
    inputs, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    options |= {"engine": engine, "return_sequences": False, "dtype": cell.dtype_policy}
    layer = Recurrent(cell, **options)
    outputs = keras.layers.Dense(1, dtype=cell.variable_dtype)(layer(inputs, mask=mask))
    model = keras.Model([inputs, mask], outputs)
    model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
    return model


@runs(parity.KINDS)
def test_one_step_changes_every_weight(kind: parity.Kind, engine: str) -> None:
    # `test_parity` has both directions on every engine; here the second would double the time to compile.
    model = make_model(make_cell(kind), engine, bidirectional=engine == "loop")
    before = model.get_weights()
    model.train_on_batch([draw_inputs(), MASK], np.ones((4, 1)))
    names = [weight.path for weight in model.weights]
    unchanged = [
        name for name, old, new in zip(names, before, model.get_weights(), strict=True) if (old == new).all()
    ]
    assert len(set(names)) == len(names)
    assert not unchanged


@pytest.mark.slow
@runs(parity.KINDS)
def test_mixed_precision(kind: parity.Kind, engine: str) -> None:
    """Weights in float32, the outputs of float32 up to the digits of bfloat16, and it trains."""
    model = make_model(make_cell(kind, dtype="mixed_bfloat16"), engine)
    mixed = next(layer for layer in model.layers if isinstance(layer, Recurrent))
    randomise(mixed)
    plain = Recurrent(make_cell(kind), engine="loop", return_sequences=False)
    plain.build((None, None, 3))
    plain.set_weights(mixed.get_weights())
    outputs = mixed(draw_inputs(), mask=MASK)
    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    outputs = keras.ops.cast(outputs, "float32")
    np.testing.assert_allclose(outputs, plain(draw_inputs(), mask=MASK), atol=0.05)
    assert {weight.dtype for weight in mixed.weights} == {"float32"}
    before = model.get_weights()
    assert np.isfinite(model.train_on_batch([draw_inputs(), MASK], np.ones((4, 1))))
    assert all((new != old).any() for new, old in zip(model.get_weights(), before, strict=True))
