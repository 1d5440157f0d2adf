"""A small convolutional network that turns an image into a grid of features."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Images, Shape, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class ImageEncoder(keras.layers.Layer):
    """Convolutions of 3 x 3 pixels, the first ones with stride 2, each followed by a rectifier; then the position.

    Weights start as He et al. (2015) have it, so that the network trains without normalisation, and what it says of
    an image does not depend on the other images of the batch.

    Args:
        channels: features after each convolution with stride 2, which halves height and width.
        convolutions: further convolutions with stride 1 and as many features as the last one before, around each of
            which its input is added to its output.

    Call arguments:
        images: `(batch, height, width, 3)`, numbers from 0 to 255 of any type.

    Returns:
        `(batch, rows, columns, channels[-1] + 2)`: the last two features are where the part of the grid is, from -1
        (top, left) to 1 (bottom, right), for attention over the grid does not see the order of its parts.

    Raises:
        ValueError: if `channels` is empty.
    """

    def __init__(
        self,
        channels: tuple[int, ...] = (32, 64, 64),
        convolutions: int = 1,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if not channels:
            raise ValueError("channels is empty; give the features after each halving, such as (32, 64)")
        super().__init__(**layer_arguments)
        self.channels, self.convolutions = tuple(channels), convolutions
        self.halvings = [self._convolution(size, 2, f"halving_{n}") for n, size in enumerate(self.channels)]
        self.further = [self._convolution(self.channels[-1], 1, f"further_{n}") for n in range(convolutions)]

    def _convolution(self, features: int, stride: int, name: str) -> keras.layers.Conv2D:
        return keras.layers.Conv2D(
            features,
            3,
            strides=stride,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name=name,
        )

    def build(self, images_shape: Shape) -> None:
        """Build every convolution."""
        features = images_shape[-1]
        for convolution in [*self.halvings, *self.further]:
            convolution.build((None, None, None, features))
            features = convolution.filters
        self.built = True

    def call(self, images: Images) -> Tensor:
        """See the class."""
        x = keras.ops.cast(images, self.compute_dtype) / 127.5 - 1
        for convolution in self.halvings:
            x = convolution(x)
        for convolution in self.further:
            x = x + convolution(x)
        return with_positions(x)

    def compute_output_shape(self, images_shape: Shape) -> Shape:
        """`(batch, rows, columns, channels[-1] + 2)`."""
        sides = list(images_shape[1:3])
        for _ in self.channels:
            sides = [side if side is None else -(-side // 2) for side in sides]
        return (images_shape[0], *sides, self.channels[-1] + 2)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "channels": list(self.channels), "convolutions": self.convolutions}


def with_positions(x: Tensor) -> Tensor:
    """A grid `(batch, rows, columns, features)` with each part's row and column behind its features, from -1 to 1.

    Returns:
        `(batch, rows, columns, features + 2)`; 0 where there is only one row or column.
    """
    _, rows, columns, _ = keras.ops.shape(x)
    down = keras.ops.linspace(-1, 1, rows) if rows > 1 else keras.ops.zeros(1)
    across = keras.ops.linspace(-1, 1, columns) if columns > 1 else keras.ops.zeros(1)
    grid = keras.ops.stack(keras.ops.meshgrid(down, across, indexing="ij"), axis=-1)
    grid = keras.ops.zeros_like(x[..., :1]) + keras.ops.cast(grid, x.dtype)[None]
    return keras.ops.concatenate([x, grid], axis=-1)
