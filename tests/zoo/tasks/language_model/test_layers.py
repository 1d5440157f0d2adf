from __future__ import annotations

import keras
import numpy as np

from zoo.tasks.language_model.layers import ActivationPenalties


def test_large_outputs_and_changes_cost_in_training_alone() -> None:
    random = np.random.default_rng(0)
    nats, outputs = random.random((2, 4)), random.normal(size=(2, 4, 3))
    dropped = outputs * (random.random(outputs.shape) < 0.5)
    layer = ActivationPenalties(2.0, 0.5, dtype="float64")
    expected = nats + 2.0 * (dropped**2).mean(axis=-1)
    expected[:, 1:] += 0.5 * ((outputs[:, 1:] - outputs[:, :-1]) ** 2).mean(axis=-1)
    found = keras.ops.convert_to_numpy(layer(nats, outputs, dropped, training=True))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer(nats, outputs, dropped)), nats)


def test_penalties_can_be_made_again() -> None:
    config = ActivationPenalties(2.0, 0.5).get_config()
    assert ActivationPenalties.from_config(config).get_config() == config
    assert (config["activation"], config["temporal"]) == (2.0, 0.5)
