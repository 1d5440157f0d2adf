from __future__ import annotations

import keras
import numpy as np

from tests.zoo.training.toy_training import FEATURES, rows, scaled, trainer
from zoo.training.averages import Averages, statistics


def test_each_average_moves_towards_its_variable_fast_at_first() -> None:
    variable = keras.Variable(np.zeros(2))
    averages = Averages([variable], 0.5)
    variable.assign([1.0, 2.0])
    expected = np.zeros(2)
    for steps, decay in ((1, 2 / 11), (2, 3 / 12), (8, 0.5), (1000, 0.5)):
        averages.update(keras.ops.convert_to_tensor(steps))
        expected = decay * expected + (1 - decay) * np.array([1.0, 2.0])
        ((which, average),) = averages.by_variable()
        assert which is variable
        np.testing.assert_allclose(keras.ops.convert_to_numpy(average), expected, rtol=1e-6)


def test_what_scales_a_batch_is_averaged_with_the_weights() -> None:
    one = trainer(scaled, average=0.9)
    kept = {variable.name: variable for variable in statistics(one.model)}
    assert set(kept) == {"moving_mean", "moving_variance"}
    averages = [variable.numpy() for variable in kept.values()]
    for n in range(1, 5):
        one.step(rows().load(np.arange(4) + n))
        decay = min(0.9, (1 + n) / (10 + n))
        averages = [
            decay * average + (1 - decay) * variable.numpy()
            for average, variable in zip(averages, kept.values(), strict=True)
        ]
    with one.averaged():
        for average, variable in zip(averages, kept.values(), strict=True):
            np.testing.assert_allclose(variable.numpy(), average, rtol=1e-5)
    assert not np.allclose(averages[0], kept["moving_mean"].numpy())


def test_a_layer_that_is_not_trained_keeps_its_own() -> None:
    x = keras.Input((FEATURES,))
    frozen = keras.layers.BatchNormalization(trainable=False)
    inside = keras.Sequential([keras.Input((FEATURES,)), keras.layers.BatchNormalization(name="trained")])
    model = keras.Model(x, inside(frozen(x)))
    assert [variable.path for variable in statistics(model)] == [
        variable.path for variable in inside.get_layer("trained").non_trainable_variables
    ]
