"""Image preprocessing: images of any size to the model's size. One definition for training and the exported model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from datasets.formats.images import Image

#: The side of the model's images where `--image-size` is 0 and the first images are larger.
LARGEST = 64


def resize(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Images `(batch, *size, 3)` uint8 out of images `(batch, height, width, 3)` uint8.

    Bilinear; where an image becomes smaller, each pixel is a mean of all that it replaces. Images that have the size
    already do not change.
    """
    resized = tf.image.resize(images, size, antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def not_empty(images: tf.Tensor) -> tf.Tensor:
    """Images padded to at least one pixel, for a batch without images may have a height and width of 0."""
    height, width = (tf.cast(tf.shape(images)[axis] == 0, tf.int32) for axis in (1, 2))
    return tf.pad(images, [[0, 0], [0, height], [0, width], [0, 0]])


class Resizer:
    """Resizes images as NumPy arrays, one at a time.

    Args:
        size: height and width after it.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        signature = [tf.TensorSpec([None, None, 3], tf.uint8)]
        self._resize = tf.function(
            lambda image: resize(image[None], size)[0], autograph=False, input_signature=signature
        )

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """`(*size, 3)` uint8 out of `(height, width, 3)` uint8."""
        return pixels if pixels.shape[:2] == self.size else self._resize(tf.constant(pixels)).numpy()

    def table(self, images: Iterable[Image], count: int) -> np.ndarray:
        """Read `count` images into one array `(count, *size, 3)` uint8."""
        table = np.empty((count, *self.size, 3), np.uint8)
        for row, image in enumerate(images):
            table[row] = self(image.read())
        return table


def size_of(pixels: np.ndarray, wanted: int) -> tuple[int, int]:
    """Height and width of the model's images.

    Args:
        pixels: an image, `(height, width, 3)`.
        wanted: side of a square; 0 takes the size of `pixels`, made smaller in proportion where a side is longer than
            `LARGEST`.
    """
    if wanted:
        return wanted, wanted
    height, width = pixels.shape[:2]
    scale = min(1.0, LARGEST / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
