from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.spectrum_augmentation import SpectrumAugmentation

#: Each number says in which band it is, from 1 on; the second half of the sounds has 6 steps of 10.
BANDS = np.broadcast_to(np.arange(1, 21), (64, 10, 20)).astype(np.float32)
MASK = np.arange(10) < np.where(np.arange(64) < 32, 10, 6)[:, None]


def run(layer: SpectrumAugmentation, training: bool = True) -> np.ndarray:
    return keras.ops.convert_to_numpy(
        layer(keras.ops.convert_to_tensor(BANDS), keras.ops.convert_to_tensor(MASK), training=training)
    )


def test_bands_move_alike_in_all_steps_and_edges_repeat() -> None:
    found = run(SpectrumAugmentation(2, seed=0))
    np.testing.assert_array_equal(found[:, 0], found[:, 9])
    shifts = found[:, 0, 10] - 11
    assert set(shifts) == {-2, -1, 0, 1, 2}
    for each, shift in zip(found[:, 0], shifts, strict=True):
        np.testing.assert_array_equal(each, np.clip(np.arange(1, 21) + shift, 1, 20))


def test_masks_are_runs_within_their_share_and_inside_the_sound() -> None:
    of_bands, of_steps = (
        run(SpectrumAugmentation(0, *shares, seed=0)) for shares in ((0.25, 0.0), (0.0, 0.5))
    )
    for each in of_bands[:, 0] == 0:
        assert each.sum() <= 5
        assert np.abs(np.diff(each.astype(int))).sum() <= 2  # one run
    masked = of_steps[:, :, 0] == 0
    assert masked[:32].sum(axis=1).max() in (4, 5)
    assert masked[32:].sum(axis=1).max() in (2, 3)
    assert not masked[32:, 6:].any()
    assert (of_bands == 0).any()
    assert (of_bands[:, 3] == of_bands[:, 7]).all()


def test_outside_of_training_nothing_changes() -> None:
    np.testing.assert_array_equal(run(SpectrumAugmentation(2, 0.5, 0.5), False), BANDS)
    np.testing.assert_array_equal(run(SpectrumAugmentation()), BANDS)


def test_it_can_be_made_again_and_refuses_what_is_out_of_range() -> None:
    config = SpectrumAugmentation(2, 0.1, 0.2, seed=1).get_config()
    assert SpectrumAugmentation.from_config(config).get_config() == config
    for shift, bands, steps in ((-1, 0.0, 0.0), (0, 1.0, 0.0), (0, 0.0, -0.1)):
        with pytest.raises(ValueError, match="band_shift must be"):
            SpectrumAugmentation(shift, bands, steps)
