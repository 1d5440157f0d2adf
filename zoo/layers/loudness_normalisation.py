"""Each sound as loud as every other, so that how near a microphone was says nothing; and each band beside itself."""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.layers.pooling import masked_mean
from zoo.tensors import Mask, Tensor, last_axis


@keras.saving.register_keras_serializable(package="zoo")
class LoudnessNormalisation(keras.layers.Layer):
    """Take from the log energies of a sound their mean over all its steps and bands.

    A factor on all samples adds one number to all log energies, and so changes nothing behind this layer.

    Args:
        deviation: by which each band was divided before, `(bands,)`; 0 stands for 1.

    Call arguments:
        inputs: `(batch, time, bands)`, log energies that were scaled.
        mask: `(batch, time)`, where there is a step.
    """

    def __init__(self, deviation: tuple[float, ...], **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.deviation = tuple(float(each) for each in deviation)
        self.built = True

    def call(self, inputs: Tensor, mask: Mask) -> Tensor:
        """See the class."""
        scale = np.array([each or 1.0 for each in self.deviation])
        mean = masked_mean(inputs, ops.cast(mask, "bool")[..., None])
        loudness = ops.mean(mean * ops.cast(scale, inputs.dtype), axis=-1)
        return inputs - loudness[:, None, None] * ops.cast(1 / scale, inputs.dtype)

    def compute_output_spec(self, inputs: Tensor, mask: Mask) -> Tensor:
        """As the inputs."""
        del mask
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "deviation": list(self.deviation)}


@keras.saving.register_keras_serializable(package="zoo")
class BandNormalisation(keras.layers.Layer):
    """Beside the log energies of a sound, each band of them less its own mean over the steps.

    A filter, such as a microphone or a room, adds to the log energies of each band a number, and changes nothing of
    what stands beside ("cepstral mean subtraction", Atal 1974, of spectra). But in a short sound the mean of a band is
    what was said as well, so the energies stay.

    Call arguments:
        inputs: `(batch, time, bands)`, log energies.
        mask: `(batch, time)`, where there is a step.

    Returns:
        `(batch, time, 2 * bands)`.
    """

    def __init__(self, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.built = True

    def call(self, inputs: Tensor, mask: Mask) -> Tensor:
        """See the class."""
        mean = masked_mean(inputs, ops.cast(mask, "bool")[..., None])
        return ops.concatenate([inputs, inputs - mean[:, None]], axis=-1)

    def compute_output_spec(self, inputs: Tensor, mask: Mask) -> Tensor:
        """Twice the bands."""
        del mask
        return keras.KerasTensor((*inputs.shape[:2], 2 * last_axis(inputs.shape)), dtype=inputs.dtype)
