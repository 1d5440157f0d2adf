"""Several models as one."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.members import mean_of


def model(by_name: bool) -> keras.Model:
    numbers, factor = keras.Input((3,), name="numbers"), keras.Input((1,), name="factor")
    outputs = keras.layers.Dense(2, name="dense")(numbers * factor)
    return keras.Model({"numbers": numbers, "factor": factor}, {"answer": outputs} if by_name else outputs)


@pytest.mark.parametrize("by_name", [True, False])
def test_outputs_are_means_and_each_model_keeps_its_weights(by_name, tmp_path):
    models = [model(by_name) for _ in range(3)]
    inputs = {"numbers": np.ones((4, 3), np.float32), "factor": np.full((4, 1), 2, np.float32)}
    answers = [each(inputs) for each in models]
    expected = np.mean([each["answer"] if by_name else each for each in answers], axis=0)
    mean_of(models).save(tmp_path / "mean.keras")
    loaded = keras.models.load_model(tmp_path / "mean.keras")
    answer = loaded(inputs)
    np.testing.assert_allclose(answer["answer"] if by_name else answer, expected, rtol=1e-6)
    assert np.ptp([np.asarray(each["answer"] if by_name else each) for each in answers], axis=0).max() > 0.01
