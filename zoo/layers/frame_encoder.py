"""A vector for each frame of moving pictures."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.layers.image_encoder import ImageEncoder
from zoo.tensors import Shape, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class FrameEncoder(keras.layers.Layer):
    """The small convolutional network of each frame, and one vector of all parts of its grid, each in its place.

    Args:
        units: size of a frame's vector.
        channels: features after each convolution that halves height and width.

    Call arguments:
        frames: `(batch, time, height, width, 3)`, numbers from 0 to 255 of any type.

    Returns:
        `(batch, time, units)`.
    """

    def __init__(
        self, units: int, channels: tuple[int, ...] = (16, 32, 32), **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        super().__init__(**layer_arguments)
        self.units, self.channels = units, tuple(channels)
        self.supports_masking = True
        self.images = ImageEncoder(self.channels, dtype=self.dtype_policy, name="images")
        self.vector = keras.layers.Dense(
            units, activation="relu", kernel_initializer="he_normal", dtype=self.dtype_policy, name="vector"
        )

    def build(self, frames_shape: Shape) -> None:
        """Build both parts."""
        one = (None, *frames_shape[2:])
        self.images.build(one)
        _, rows, columns, features = self.images.compute_output_shape(one)
        if rows is None or columns is None or features is None:
            raise ValueError("the height and the width of frames must be known")
        self.size = rows * columns * features
        self.vector.build((None, None, self.size))
        self.built = True

    def call(self, frames: Tensor) -> Tensor:
        """See the class."""
        batch, time = keras.ops.shape(frames)[:2]
        grids = self.images(keras.ops.reshape(frames, (-1, *frames.shape[2:])))
        return self.vector(keras.ops.reshape(grids, (batch, time, self.size)))

    def compute_output_shape(self, frames_shape: Shape) -> Shape:
        """`(batch, time, units)`."""
        return (*frames_shape[:2], self.units)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "units": self.units, "channels": list(self.channels)}
