"""Each sequence less its own mean, so that what is constant in it, such as a microphone, says nothing."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import LayerArguments
from zoo.layers.pooling import masked_mean
from zoo.tensors import Mask, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class MeanNormalisation(keras.layers.Layer):
    """Subtract the mean over time of each channel of each sequence; of logarithms of spectra that is "cepstral mean
    normalisation" (Atal 1974), for a constant filter adds a constant to them.

    Call arguments:
        inputs: `(batch, time, channels)`.
        mask: `(batch, time)`, where there is a step.
    """

    def __init__(self, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.built = True

    def call(self, inputs: Tensor, mask: Mask) -> Tensor:
        """See the class."""
        return inputs - masked_mean(inputs, ops.cast(mask, "bool")[..., None])[:, None]

    def compute_output_spec(self, inputs: Tensor, mask: Mask) -> Tensor:
        """As the inputs."""
        del mask
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)
