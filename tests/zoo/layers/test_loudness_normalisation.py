from __future__ import annotations

import keras
import numpy as np

from zoo.layers.loudness_normalisation import BandNormalisation, LoudnessNormalisation
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


def bands(energies: np.ndarray, padding: float = 0.0) -> np.ndarray:
    """The energies, and what stands beside them."""
    given = np.where(MASK[..., None], energies, np.float32(padding))
    return keras.ops.convert_to_numpy(BandNormalisation()(keras.ops.convert_to_tensor(given), MASK))


def test_each_band_stands_beside_itself_less_its_mean() -> None:
    found = bands(ENERGIES)
    assert found.shape == (3, 5, 6)
    np.testing.assert_array_equal(found[MASK][:, :3], ENERGIES[MASK])
    for n, length in enumerate(LENGTHS[:2]):
        expected = ENERGIES[n, :length] - ENERGIES[n, :length].mean(axis=0)
        np.testing.assert_allclose(found[n, :length, 3:], expected, atol=1e-6)


def test_a_filter_changes_nothing_of_what_stands_beside() -> None:
    filtered = ENERGIES + np.array([1.0, -2.0, 3.0], np.float32)
    np.testing.assert_allclose(bands(filtered)[MASK][:, 3:], bands(ENERGIES)[MASK][:, 3:], atol=1e-5)


def test_padding_has_no_part_in_the_mean_of_a_band() -> None:
    np.testing.assert_array_equal(bands(ENERGIES, padding=np.nan)[MASK], bands(ENERGIES, padding=7.0)[MASK])


def test_the_bands_are_known_to_be_twice_as_many() -> None:
    energies, mask = keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    assert BandNormalisation()(energies, mask).shape == (None, None, 6)
