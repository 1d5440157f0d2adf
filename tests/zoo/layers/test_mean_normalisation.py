from __future__ import annotations

import keras
import numpy as np

from zoo.layers.mean_normalisation import MeanNormalisation


def test_each_sequence_loses_its_own_mean_and_padding_has_no_part_in_it() -> None:
    random = np.random.default_rng(0)
    values, lengths = random.normal(size=(3, 5, 2)).astype(np.float32), np.array([5, 3, 0])
    mask = np.arange(5) < lengths[:, None]

    def run(padding: float) -> np.ndarray:
        given = np.where(mask[..., None], values, np.float32(padding))
        return keras.ops.convert_to_numpy(MeanNormalisation()(keras.ops.convert_to_tensor(given), mask))

    found = run(7.0)
    for n, length in enumerate(lengths[:2]):
        expected = values[n, :length] - values[n, :length].mean(axis=0)
        np.testing.assert_allclose(found[n, :length], expected, atol=1e-6)
    np.testing.assert_array_equal(found[mask], run(np.nan)[mask])


def test_what_is_constant_in_a_sequence_says_nothing() -> None:
    values = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32))
    mask = keras.ops.ones((2, 4), dtype="bool")
    layer = MeanNormalisation()
    np.testing.assert_allclose(layer(values, mask), layer(values + 3.0, mask), atol=1e-5)
