from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.channel_scaling import ChannelScaling

X = np.array([[[10, 5, 0], [np.nan, 5, 2], [14, np.nan, 4]]], np.float32)


def run(layer: ChannelScaling) -> np.ndarray:
    return keras.ops.convert_to_numpy(layer(keras.ops.convert_to_tensor(X)))


def test_channels_are_scaled_and_missing_values_are_the_mean() -> None:
    found = run(ChannelScaling([12, 5, 2], [2, 0, 2]))
    np.testing.assert_allclose(found, [[[-1, 0, -1], [0, 0, 0], [1, 0, 1]]])


def test_what_is_missing_is_said_beside() -> None:
    found = run(ChannelScaling([12, 5, 2], [2, 0, 2], missing=True))
    assert found.shape == (1, 3, 6)
    assert found[0, :, 3:].tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]


def test_colours_of_frames_are_scaled() -> None:
    frames = np.array([[[[[0, 128, 255]]]]], np.uint8)
    found = ChannelScaling([0, 128, 0], [1, 1, 255])(keras.ops.convert_to_tensor(frames))
    assert keras.ops.convert_to_numpy(found).ravel().tolist() == [0, 0, 1]


def test_it_can_be_made_again_and_knows_its_shape() -> None:
    layer = ChannelScaling([1.0], [2.0], missing=True)
    again = ChannelScaling.from_config(layer.get_config())
    assert (again.mean, again.deviation, again.missing) == ([1.0], [2.0], True)
    assert layer.compute_output_shape((None, None, 1)) == (None, None, 2)


def test_each_mean_has_a_deviation() -> None:
    with pytest.raises(ValueError, match="2 means and 1 deviations"):
        ChannelScaling([1, 2], [1])
