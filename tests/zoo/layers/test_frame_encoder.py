from __future__ import annotations

import keras
import numpy as np

from zoo.layers.frame_encoder import FrameEncoder

FRAMES = np.random.default_rng(0).integers(0, 256, (2, 3, 12, 10, 3), np.uint8)


def run(layer: FrameEncoder, frames: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(frames)))


def test_each_frame_has_a_vector_of_its_own() -> None:
    layer = FrameEncoder(7, (4, 5))
    found = run(layer, FRAMES)
    assert found.shape == (2, 3, 7)
    np.testing.assert_allclose(run(layer, FRAMES[:1, 1:2])[0, 0], found[0, 1], atol=1e-5)
    turned = run(layer, FRAMES[:, :, :, ::-1])
    assert not np.allclose(turned, found), "where something is in a frame counts"


def test_it_can_be_made_again() -> None:
    layer = FrameEncoder(7, (4, 5))
    again = FrameEncoder.from_config(layer.get_config())
    assert (again.units, again.channels) == (7, (4, 5))
    assert layer.compute_output_shape((None, None, 12, 10, 3)) == (None, None, 7)
