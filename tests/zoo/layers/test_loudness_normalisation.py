from __future__ import annotations

import keras
import numpy as np

from zoo.layers.loudness_normalisation import LoudnessNormalisation
from zoo.tensors import Mask

DEVIATION = (2.0, 0.5, 0.0)
SCALE = np.array([2.0, 0.5, 1.0], np.float32)
LENGTHS = np.array([5, 3, 0])
MASK = np.arange(5) < LENGTHS[:, None]
ENERGIES = np.random.default_rng(0).normal(size=(3, 5, 3)).astype(np.float32)


def run(energies: np.ndarray, mask: Mask = MASK, padding: float = 0.0) -> np.ndarray:
    """What stays of log energies that are scaled and padded."""
    given = np.where(mask[..., None], energies / SCALE, np.float32(padding))
    layer = LoudnessNormalisation(DEVIATION)
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(given), mask))


def test_a_sound_loses_the_mean_of_all_its_energies() -> None:
    found = run(ENERGIES) * SCALE
    for n, length in enumerate(LENGTHS[:2]):
        expected = ENERGIES[n, :length] - ENERGIES[n, :length].mean()
        np.testing.assert_allclose(found[n, :length], expected, atol=1e-6)


def test_a_louder_sound_is_the_same() -> None:
    np.testing.assert_allclose(run(ENERGIES + 3.0)[MASK], run(ENERGIES)[MASK], atol=1e-5)


def test_padding_has_no_part_in_it() -> None:
    np.testing.assert_array_equal(run(ENERGIES, padding=np.nan)[MASK], run(ENERGIES, padding=7.0)[MASK])


def test_it_can_be_made_again() -> None:
    config = LoudnessNormalisation(DEVIATION).get_config()
    assert LoudnessNormalisation.from_config(config).get_config() == config
