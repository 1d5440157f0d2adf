from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.frame_encoder import FrameEncoder, places

FRAMES = np.random.default_rng(0).normal(size=(2, 3, 12, 10, 3)).astype(np.float32)


def run(layer: FrameEncoder, frames: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(frames)))


def test_each_frame_has_a_vector_of_its_own() -> None:
    layer = FrameEncoder(7, (4, 5))
    found = run(layer, FRAMES)
    assert found.shape == (2, 3, 7)
    np.testing.assert_allclose(run(layer, FRAMES[:1, 1:2])[0, 0], found[0, 1], atol=1e-5)
    turned = run(layer, FRAMES[:, :, :, ::-1])
    assert not np.allclose(turned, found), "where something is in a frame counts"


def test_places_are_those_of_the_strongest() -> None:
    x = np.zeros((1, 3, 5, 2), np.float32)
    x[0, 0, 4, 0] = x[0, 2, 2, 1] = 50
    found = keras.ops.convert_to_numpy(places(keras.ops.convert_to_tensor(x)))
    np.testing.assert_allclose(found, [[-1, 1, 1, 0]], atol=1e-5)


def test_it_can_be_made_again() -> None:
    layer = FrameEncoder(7, (4, 5))
    again = FrameEncoder.from_config(layer.get_config())
    assert (again.units, again.channels) == (7, (4, 5))
    with pytest.raises(ValueError, match="channels is empty"):
        FrameEncoder(7, ())
    assert layer.compute_output_shape((None, None, 12, 10, 3)) == (None, None, 7)
