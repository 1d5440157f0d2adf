"""A vector for each frame of moving pictures, by a ready-made network that is not trained."""

from __future__ import annotations

from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.layers.pretrained import PretrainedEncoder
from zoo.tensors import Images, Shape, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class FrameFeatures(keras.layers.Layer):
    """Of each feature of a frozen network its mean and its largest value over all places of a frame.

    They are the same in each epoch and are computed once: vectors pass through the layer as they are, and the model
    that was trained on them still holds the network that made them.

    Args:
        encoder: with the network, not trainable.

    Call arguments:
        frames: `(batch, time, height, width, 3)` uint8; or vectors `(batch, time, features)`, floats.

    Returns:
        `(batch, time, 2 * features)`; vectors unchanged.
    """

    def __init__(self, encoder: PretrainedEncoder, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**{**layer_arguments, "trainable": False})
        self.encoder = encoder
        self.supports_masking = True
        self.built = True

    def call(self, frames: Images | Tensor) -> Tensor:
        """See the class."""
        if keras.backend.standardize_dtype(frames.dtype) != "uint8":
            return frames
        shape = ops.shape(frames)
        vectors = self.of_images(ops.reshape(frames, (-1, *shape[2:])))
        return ops.reshape(vectors, (shape[0], shape[1], vectors.shape[-1]))

    def of_images(self, images: Images) -> Tensor:
        """Images `(images, height, width, 3)` uint8 as vectors `(images, 2 * features)`."""
        grid = self.encoder(images, training=False)[..., :-2]  # the last two say where a place is
        return ops.concatenate([ops.mean(grid, axis=(1, 2)), ops.max(grid, axis=(1, 2))], axis=-1)

    def compute_output_shape(self, frames_shape: Shape) -> Shape:
        """Of vectors, which are what a model is built on."""
        return frames_shape

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "encoder": keras.saving.serialize_keras_object(self.encoder)}

    @classmethod
    def from_config(cls, config: Config) -> FrameFeatures:
        """The layer of `get_config`, the weights of its network random."""
        return cls(**{**config, "encoder": keras.saving.deserialize_keras_object(config["encoder"])})
