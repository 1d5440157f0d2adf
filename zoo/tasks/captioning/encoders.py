"""Networks of keras.applications as encoders of captioning, and the features that frozen ones make once an image."""

from __future__ import annotations

from itertools import islice

import numpy as np
import tensorflow as tf

from datasets.base import Example
from datasets.errors import UserError
from zoo.data.images import Resizer
from zoo.layers import applications
from zoo.layers.pretrained import PretrainedEncoder, digest, load
from zoo.runtime.progress import progress_bar
from zoo.tasks.captioning.options import Options

AT_ONCE = 64


def make(options: Options, shape: tuple[int, ...], pixels: bool) -> PretrainedEncoder | None:
    """The encoder that the options ask for, its weights loaded; None for the small network.

    Args:
        options: of the task, checked by `zoo.layers.applications.check`.
        shape: `(side, side, 3)` of images.
        pixels: whether the data have images at all.

    Raises:
        UserError: data of features, weights that cannot be had or belong to another network.
    """
    if options.encoder == applications.SMALL:
        return None
    if not pixels:
        raise UserError(
            f"--encoder {options.encoder} needs images, and these are features; leave out one of them"
        )
    return load(options.encoder, options.encoder_weights, shape[0], options.encoder_trainable)


def features(encoder: PretrainedEncoder, examples: list[Example], side: int) -> np.ndarray:
    """What a frozen encoder makes of each image, `(images, rows, columns, features)` float32."""
    resize = Resizer((side, side))
    apply = tf.function(
        encoder, autograph=False, input_signature=[tf.TensorSpec([None, side, side, 3], tf.uint8)]
    )
    images = (resize(example["image"].read()) for example in examples)
    chunks = progress_bar(range(0, len(examples), AT_ONCE), "features of images")
    table = None
    for start in chunks:
        grid = apply(tf.constant(np.stack(list(islice(images, AT_ONCE))))).numpy()
        if table is None:
            table = np.empty((len(examples), *grid.shape[1:]), np.float32)
        table[start : start + len(grid)] = grid
    return np.zeros((0, *encoder.network.output_shape[1:]), np.float32) if table is None else table


def notes(name: str, encoder: PretrainedEncoder, images: np.ndarray) -> tuple[str, ...]:
    """What to tell of it, given what the model is trained on."""
    if encoder.trainable:
        return (f"encoder: {name}, trained along",)
    size = " x ".join(map(str, images.shape[1:]))
    return (
        f"encoder: {name}, frozen; its features are computed once: {size}, {images.nbytes / 1e6:,.0f} MB",
    )


def digest_of(encoder: PretrainedEncoder | None, options: Options) -> str | None:
    """The fingerprint of the weights that an encoder begins with; None where it has none that are to be had again."""
    if encoder is None or options.encoder_weights == applications.NONE:
        return None
    return digest(encoder.network.get_weights())
