from __future__ import annotations

import keras
import numpy as np
import pytest

from zoo.layers.image_encoder import ImageEncoder

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 12, 16, 3), np.uint8)


def test_each_halving_halves_and_the_shape_is_known_before_it_runs() -> None:
    layer = ImageEncoder((4, 6), 1)
    assert layer(IMAGES).shape == (3, 3, 4, 8)
    assert layer(keras.Input((12, 16, 3), dtype="uint8")).shape == (None, 3, 4, 8)
    assert ImageEncoder((4, 6, 5))(IMAGES[:, :5, :7]).shape == (3, 1, 1, 7)
    assert layer(IMAGES[:0]).shape == (0, 3, 4, 8)


def test_the_last_two_features_are_the_position() -> None:
    grid = np.asarray(ImageEncoder((4, 6))(IMAGES))
    for image in grid:
        np.testing.assert_allclose(image[..., -2], np.tile([[-1], [0], [1]], (1, 4)), atol=1e-6)
        np.testing.assert_allclose(image[..., -1], np.tile(np.linspace(-1, 1, 4), (3, 1)), atol=1e-6)
    alone = np.asarray(ImageEncoder((4, 4, 4, 4))(IMAGES))
    np.testing.assert_array_equal(alone[..., -2:], np.zeros((3, 1, 1, 2)))


def test_an_image_is_read_as_if_it_were_alone() -> None:
    layer = ImageEncoder((4, 6), 2)
    together = np.asarray(layer(IMAGES))
    for n in range(3):
        np.testing.assert_allclose(layer(IMAGES[n : n + 1])[0], together[n], rtol=1e-5, atol=1e-5)


def test_it_is_convolutions_and_rectifiers() -> None:
    """By hand, with kernels that look at the middle pixel alone."""
    layer = ImageEncoder((2,), 1)
    layer(IMAGES)
    first, second = np.zeros((3, 3, 3, 2), np.float32), np.zeros((3, 3, 2, 2), np.float32)
    first[1, 1], second[1, 1] = [[1, 0], [0, -1], [0, 0]], [[2, 0], [0, 0]]
    layer.set_weights([first, np.array([0, 0.5], "float32"), second, np.array([0, -1], "float32")])
    middle = IMAGES[:, 1::2, 1::2] / 127.5 - 1  # where stride 2 puts the middle of a kernel on even sides
    x = np.stack([middle[..., 0], 0.5 - middle[..., 1]], axis=-1).clip(0)
    right = x + np.stack([2 * x[..., 0], 0 * x[..., 0]], axis=-1)
    np.testing.assert_allclose(layer(IMAGES)[..., :2], right, atol=1e-5)


def test_other_precisions_and_the_configuration() -> None:
    layer = ImageEncoder((4, 6), 1, dtype="mixed_float16")
    assert layer(IMAGES).dtype == "float16"
    again = ImageEncoder.from_config(layer.get_config())
    again(IMAGES)
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(IMAGES), layer(IMAGES))
    with pytest.raises(ValueError, match="channels is empty"):
        ImageEncoder(())
