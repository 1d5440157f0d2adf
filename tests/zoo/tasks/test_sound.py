"""What is done to spectra before a model reads them, by the options."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.config import RecurrentOptions
from zoo.factory import order_agnostic_factory, recurrent_factory
from zoo.tasks.sound import SoundOptions, normalised, with_normalised_bands

SPECTRA = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
MASK = np.arange(4) < np.array([[4], [2]])


def test_what_is_blind_to_order_hears_what_the_model_that_it_stands_beside_hears() -> None:
    spectra = keras.ops.convert_to_tensor(SPECTRA)
    for bidirectional in (True, False):
        beside = order_agnostic_factory(RecurrentOptions(bidirectional=bidirectional))
        heard = normalised(spectra, MASK, (1.0, 1.0, 1.0), beside, SoundOptions())
        assert np.array_equal(keras.ops.convert_to_numpy(heard), SPECTRA) != bidirectional


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_what_needs_the_whole_sound_is_left_out_where_cells_read_one_way(
    bidirectional: bool, wanted: bool
) -> None:
    recurrent = recurrent_factory(RecurrentOptions(bidirectional=bidirectional), 0)
    options = SoundOptions(loudness_normalisation=wanted, band_normalisation=wanted)
    spectra = keras.ops.convert_to_tensor(SPECTRA)
    level = keras.ops.convert_to_numpy(normalised(spectra, MASK, (1.0, 1.0, 1.0), recurrent, options))
    beside = keras.ops.convert_to_numpy(with_normalised_bands(spectra, MASK, recurrent, options))
    if not (bidirectional and wanted):
        np.testing.assert_array_equal(level, SPECTRA)
        np.testing.assert_array_equal(beside, SPECTRA)
        return
    np.testing.assert_allclose([level[n][MASK[n]].mean() for n in range(2)], 0, atol=1e-6)
    assert beside.shape == (2, 4, 6)
    for n in range(2):
        np.testing.assert_allclose(beside[n, :, 3:][MASK[n]].mean(axis=0), 0, atol=1e-6)
