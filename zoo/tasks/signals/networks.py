"""Networks of keras.applications that read the frames of moving pictures; they are frozen."""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.signals import FRAMES
from zoo.data.images import resize
from zoo.keras_private import all_layers
from zoo.layers import applications, pretrained
from zoo.layers.frame_features import FrameFeatures
from zoo.tasks.signals.options import Options

AT_ONCE = 64  # frames that the network reads at once


def load(options: Options, kind: str) -> FrameFeatures | None:
    """The network that the options name, its weights loaded; None for the small one, which is trained along.

    Raises:
        UserError: signals that are no moving pictures; weights that cannot be had or belong to another network.
    """
    if options.encoder == applications.SMALL:
        return None
    if kind != FRAMES:
        raise UserError(
            f"--encoder {options.encoder} needs moving pictures, and these are {kind}; leave it out"
        )
    encoder = pretrained.load(options.encoder, options.encoder_weights, side_of(options), trainable=False)
    return FrameFeatures(encoder, name="frame_features")


def side_of(options: Options) -> int:
    """Height and width of the frames that the network reads."""
    return options.image_size or applications.SIDE


def copy(network: FrameFeatures) -> FrameFeatures:
    """A layer with variables of its own and the same numbers, for a further model."""
    return FrameFeatures(network.encoder.copy(with_weights=True), name=network.name)


def in_model(model: keras.Model) -> FrameFeatures:
    """The layer in a model, or in the first of several that are one."""
    return next(layer for layer in all_layers(model) if isinstance(layer, FrameFeatures))


def vectors_of(network: FrameFeatures, size: tuple[int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """A function from frames of any size, `(time, height, width, 3)` uint8, to their vectors, `(time, features)`."""

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)])
    def vectors(frames: tf.Tensor) -> tf.Tensor:
        return network.of_images(tf.ensure_shape(resize(frames, size), [None, *size, 3]))

    def of_all(frames: np.ndarray) -> np.ndarray:
        starts = range(0, len(frames), AT_ONCE)
        return np.concatenate([vectors(tf.constant(frames[n : n + AT_ONCE])).numpy() for n in starts])

    return of_all
