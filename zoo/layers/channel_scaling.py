"""Channels of a signal, or colours of its frames, on one scale, with what is missing said beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import keras
import numpy as np

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Inputs, Shape, Tensor, last_axis


@keras.saving.register_keras_serializable(package="zoo")
class ChannelScaling(keras.layers.Layer):
    """Subtract the mean of each channel and divide by its deviation; a missing value (NaN) becomes the mean.

    Args:
        mean, deviation: of each channel, from the training split; a deviation of 0 counts as 1.
        missing: add a channel behind each that is 1 where its value is missing, else 0.

    Call arguments:
        inputs: `(batch, time, …, channels)`, of any type.

    Returns:
        `(batch, time, …, channels)`; twice the channels with `missing`.

    Raises:
        ValueError: if there are not as many means as deviations.
    """

    def __init__(
        self,
        mean: Sequence[float],
        deviation: Sequence[float],
        missing: bool = False,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if len(mean) != len(deviation):
            raise ValueError(f"{len(mean)} means and {len(deviation)} deviations; each channel has both")
        super().__init__(autocast=False, **layer_arguments)  # large numbers are no numbers of 16 bits
        self.mean, self.deviation, self.missing = list(mean), list(deviation), missing
        self._scale = np.array([spread if spread > 0 else 1.0 for spread in deviation], np.float32)
        self.built = True

    def call(self, inputs: Inputs) -> Tensor:
        """See the class."""
        inputs = keras.ops.cast(inputs, "float32")
        absent = keras.ops.isnan(inputs)
        scaled = (inputs - np.array(self.mean, np.float32)) / self._scale
        scaled = keras.ops.cast(keras.ops.where(absent, 0.0, scaled), self.compute_dtype)
        if not self.missing:
            return scaled
        return keras.ops.concatenate([scaled, keras.ops.cast(absent, self.compute_dtype)], axis=-1)

    def compute_output_shape(self, inputs_shape: Shape) -> Shape:
        """See the class."""
        return (*inputs_shape[:-1], last_axis(inputs_shape) * (2 if self.missing else 1))

    def get_config(self) -> Config:
        """Every constructor argument."""
        config = super().get_config()
        config.pop("autocast", None)
        return {**config, "mean": self.mean, "deviation": self.deviation, "missing": self.missing}
