"""A vector for each frame of moving pictures."""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Shape, Tensor, last_axis


@keras.saving.register_keras_serializable(package="zoo")
class FrameEncoder(keras.layers.Layer):
    """Convolutions of 3 x 3 pixels with stride 2, each followed by a rectifier; of their features, where they are (the
    expected place under a softmax over all places, "spatial softmax", Levine et al. 2016), which moves with what is
    seen, their mean and their largest value, which do not; then one vector, scaled over its features.

    Places are taken from the convolution before the last, whose grid is finer.

    Args:
        units: size of a frame's vector.
        channels: features after each convolution, which halves height and width.

    Call arguments:
        frames: `(batch, time, height, width, colours)`, scaled to a mean of 0 and a deviation of 1.

    Returns:
        `(batch, time, units)`.

    Raises:
        ValueError: if `channels` is empty.
    """

    def __init__(
        self, units: int, channels: tuple[int, ...] = (16, 32, 32), **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        if not channels:
            raise ValueError("channels is empty; give the features after each halving, such as (16, 32)")
        super().__init__(**layer_arguments)
        self.units, self.channels = units, tuple(channels)
        self.supports_masking = True
        self.halvings = [self._convolution(size, n) for n, size in enumerate(self.channels)]
        self.vector = keras.layers.Dense(units, use_bias=False, dtype=self.dtype_policy, name="vector")
        self.scaling = keras.layers.LayerNormalization(dtype=self.dtype_policy, name="scaling")

    def _convolution(self, features: int, number: int) -> keras.layers.Conv2D:
        return keras.layers.Conv2D(
            features,
            3,
            strides=2,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name=f"halving_{number}",
        )

    def build(self, frames_shape: Shape) -> None:
        """Build every part."""
        features = last_axis(frames_shape)
        for convolution in self.halvings:
            convolution.build((None, None, None, features))
            features = convolution.filters
        last, finer = self.channels[-1], self.channels[-2:][0]
        self.size = 2 * finer + 2 * last
        self.vector.build((None, None, self.size))
        self.scaling.build((None, None, self.units))
        self.built = True

    def call(self, frames: Tensor) -> Tensor:
        """See the class."""
        batch, time = keras.ops.shape(frames)[:2]
        x = keras.ops.reshape(frames, (-1, *frames.shape[2:]))
        finer = x
        for convolution in self.halvings:
            finer, x = x, convolution(x)
        finer = x if len(self.halvings) == 1 else finer
        seen = [places(finer), keras.ops.mean(x, axis=(1, 2)), keras.ops.max(x, axis=(1, 2))]
        features = keras.ops.reshape(keras.ops.concatenate(seen, axis=-1), (batch, time, self.size))
        return keras.ops.relu(self.scaling(self.vector(features)))

    def compute_output_shape(self, frames_shape: Shape) -> Shape:
        """`(batch, time, units)`."""
        return (*frames_shape[:2], self.units)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "units": self.units, "channels": list(self.channels)}


def places(x: Tensor) -> Tensor:
    """The expected row and column of each feature, from -1 to 1, `(images, 2 * features)`.

    Args:
        x: `(images, rows, columns, features)`; how strong a feature is somewhere is its logit there.
    """
    _, rows, columns, _ = x.shape
    rows, columns, features = rows or 1, columns or 1, last_axis(x.shape)
    flat = keras.ops.reshape(x, (-1, rows * columns, features))
    weights = keras.ops.softmax(flat, axis=1)
    down, across = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    grid = np.stack([down.ravel(), across.ravel()], axis=1).astype(np.float32)
    expected = keras.ops.einsum("npf,pa->naf", weights, keras.ops.cast(grid, x.dtype))
    return keras.ops.reshape(expected, (-1, 2 * features))
