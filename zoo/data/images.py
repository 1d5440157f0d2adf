"""Image preprocessing: images of any size to the model's size. One definition for training and the exported model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

#: The side of the model's images where `--image-size` is 0 and the first images are larger.
LARGEST = 64


def resize(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Images `(batch, *size, 3)` uint8 out of images `(batch, height, width, 3)` uint8.

    Bilinear, over all pixels that fall on one where they become fewer; images of the right size stay as they are.
    """
    resized = tf.image.resize(images, size, antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def not_empty(images: tf.Tensor) -> tf.Tensor:
    """At least one pixel each: a batch of no images may come as an array without any."""
    height, width = (tf.cast(tf.shape(images)[axis] == 0, tf.int32) for axis in (1, 2))
    return tf.pad(images, [[0, 0], [0, height], [0, width], [0, 0]])


class Resizer:
    """Images one at a time, as arrays.

    Args:
        size: height and width that they get.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        signature = [tf.TensorSpec([None, None, 3], tf.uint8)]
        self._resize = tf.function(lambda image: resize(image[None], size)[0], input_signature=signature)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """`(*size, 3)` uint8 out of `(height, width, 3)` uint8."""
        return pixels if pixels.shape[:2] == self.size else self._resize(tf.constant(pixels)).numpy()

    def table(self, images: Iterable[Any], count: int) -> np.ndarray:
        """Read `count` images (see `datasets.formats.images.Image`) into one array `(count, *size, 3)` uint8."""
        table = np.empty((count, *self.size, 3), np.uint8)
        for row, image in enumerate(images):
            table[row] = self(image.read())
        return table


def size_of(pixels: np.ndarray, wanted: int) -> tuple[int, int]:
    """Height and width of the model's images: a square of the wanted side; 0 takes the size of these pixels,
    made smaller in proportion where it is larger than `LARGEST`."""
    if wanted:
        return wanted, wanted
    height, width = pixels.shape[:2]
    shrunk = min(1.0, LARGEST / max(height, width))
    return max(1, round(height * shrunk)), max(1, round(width * shrunk))
