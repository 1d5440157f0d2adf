"""An image network of keras.applications with its preprocessing, as a layer that is frozen or trained along."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Unpack

import keras
import numpy as np

from zoo.keras_types import Config, LayerArguments
from zoo.layers import applications
from zoo.layers.image_encoder import with_positions
from zoo.tensors import Images, Shape, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class PretrainedEncoder(keras.layers.Layer):
    """Raw pixels to the last grid of features of a network that keras.applications made; then the position.

    A layer that is not trainable runs the network as for prediction, also in training: the statistics of its batch
    normalisations do not move, and nothing is dropped. What it says of an image is then the same in each epoch, so
    that it can be computed once: features pass through the layer as they are, and the model that was trained on them
    still holds the network that made them.

    Args:
        network: a Keras model from preprocessed images to a grid, without a classifier.
        preprocessing: the module of keras.applications whose `preprocess_input` the network needs.

    Call arguments:
        images: `(batch, height, width, 3)` uint8; or features of any shape, floats.

    Returns:
        Of images `(batch, rows, columns, features + 2)`, the last two as in `ImageEncoder`; features unchanged.
    """

    def __init__(
        self, network: keras.Model, preprocessing: str, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        super().__init__(**layer_arguments)
        self.network, self.preprocessing = network, preprocessing
        self.network.trainable = self.trainable

    def build(self, images_shape: Shape) -> None:
        """Nothing: the network comes with its weights."""
        del images_shape
        self.built = True

    def call(self, images: Images | Tensor, training: bool | None = None) -> Tensor:
        """See the class."""
        if keras.backend.standardize_dtype(images.dtype) != "uint8":
            return images
        preprocess = getattr(keras.applications, self.preprocessing).preprocess_input
        pixels = preprocess(keras.ops.cast(images, self.compute_dtype))
        return with_positions(self.network(pixels, training=bool(training) and self.trainable))

    def copy(self, with_weights: bool) -> PretrainedEncoder:
        """A layer with variables of its own: with the same numbers, or with new random ones."""
        copy = PretrainedEncoder.from_config(self.get_config())
        if with_weights:
            copy.network.set_weights(self.network.get_weights())
        return copy

    def get_config(self) -> Config:
        """Every constructor argument; the network as its layers, which differ with where its weights came from."""
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, "preprocessing": self.preprocessing}

    @classmethod
    def from_config(cls, config: Config) -> PretrainedEncoder:
        """The layer of `get_config`, its weights random."""
        return cls(**{**config, "network": keras.saving.deserialize_keras_object(config["network"])})


def load(encoder: str, weights: str, side: int, trainable: bool | None = None) -> PretrainedEncoder:
    """A network of keras.applications as a layer, its weights loaded.

    Args:
        encoder, weights, side: see `zoo.layers.applications.load`.
        trainable: whether it is trained along; None: where it begins with random weights.

    Raises:
        UserError: weights that cannot be had or belong to another network.
    """
    network = applications.load(encoder, weights, side)
    trained = applications.is_trained(weights, trainable)
    preprocessing = applications.APPLICATIONS[encoder][0]
    return PretrainedEncoder(network, preprocessing, trainable=trained, name="image_encoder")


def digest(weights: Iterable[np.ndarray]) -> str:
    """A fingerprint of a network's weights: a run that goes on must have features of the same ones."""
    fingerprint = hashlib.sha256()
    for array in weights:
        fingerprint.update(np.ascontiguousarray(array).tobytes())
    return fingerprint.hexdigest()
