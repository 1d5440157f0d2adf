from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.random_shift import RandomShift

#: Each pixel says where it is.
ROWS, COLUMNS = np.meshgrid(np.arange(20), np.arange(10), indexing="ij")
FRAMES = np.broadcast_to(np.stack([ROWS, COLUMNS], axis=-1), (64, 3, 20, 10, 2)).astype(np.float32)


def run(layer: RandomShift, **arguments: object) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(FRAMES), **arguments))


def test_all_frames_of_a_movie_are_shifted_alike_and_within_the_fraction() -> None:
    found = run(RandomShift(0.2, seed=0), training=True)
    np.testing.assert_array_equal(found[:, 0], found[:, 2])
    down, across = found[:, 0, 10, 5, 0] - 10, found[:, 0, 10, 5, 1] - 5
    assert set(down) == set(range(-4, 5))
    assert set(across) == set(range(-2, 3))
    first = int(down[0])
    np.testing.assert_array_equal(found[0, 0, :, 0, 0], np.clip(np.arange(20) + first, 0, 19))


def test_outside_of_training_nothing_moves() -> None:
    np.testing.assert_array_equal(run(RandomShift(0.2)), FRAMES)
    np.testing.assert_array_equal(run(RandomShift(0.0), training=True), FRAMES)


def test_it_can_be_made_again_and_refuses_what_is_no_fraction() -> None:
    config = RandomShift(0.2, seed=1).get_config()
    assert RandomShift.from_config(config).get_config() == config
    with pytest.raises(ValueError, match="fraction must be"):
        RandomShift(1.0)
