"""The captioning model: an encoder of the image, and the decoder that writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import keras
import numpy as np
from keras import ops

from zoo.generation.decoder import make_decoder
from zoo.layers.decoder import TokenLoss
from zoo.layers.image_encoder import ImageEncoder
from zoo.layers.pretrained import PretrainedEncoder

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tasks.captioning.options import Options
    from zoo.tensors import Images, Tensor

#: Mean and variance of each feature.
Spread: TypeAlias = tuple[list[float], list[float]]
#: Numbers whose spread is less than this share of the usual one are not blown up to the same size.
LEAST_SPREAD = 0.05
AT_ONCE = 16_384


def build(
    shape: tuple[int, ...],
    spread: Spread | None,
    vocabulary: int,
    recurrent: RecurrentFactory,
    options: Options,
    pretrained: PretrainedEncoder | None = None,
) -> keras.Model:
    """From what `zoo.tasks.captioning.batches.CaptionBatches.load` gives to what `TokenLoss` gives, `(batch, steps)`.

    Args:
        shape: of an image: `(height, width, 3)` of pixels, `(features,)` or `(rows, columns, features)`.
        spread: None for pixels; mean and variance of each feature over the training images.
        vocabulary: how many different tokens there are.
        recurrent: makes recurrent layers.
        options: of the task.
        pretrained: reads the images instead of a small network; where it is frozen, `shape` and `spread` are those of
            what it makes of them, and the model is trained on that.
    """
    images = keras.Input(shape, dtype="uint8" if spread is None else "float32", name="images")
    row = keras.Input((), dtype="int32", name="image")
    caption = keras.Input((None,), dtype="int32", name="caption")
    encoder = _encoder(shape, spread, recurrent, options, pretrained)
    memory, start = (ops.take(of_images, row, axis=0) for of_images in encoder(images))
    scoring = options.attention if attends(shape, options) else "none"
    decoder = make_decoder(vocabulary, recurrent.options.units, recurrent, options, scoring)
    read = caption[:, :-1]
    logits = decoder(read, start) if scoring == "none" else decoder(read, start, memory)
    losses = TokenLoss(options.label_smoothing, name="token_loss")(logits, caption[:, 1:])
    return keras.Model({"images": images, "image": row, "caption": caption}, losses, name="captioning")


def attends(shape: tuple[int, ...], options: Options) -> bool:
    """Whether there are parts to attend to: one vector an image has none."""
    return len(shape) == 3 and options.attention != "none"


def _encoder(
    shape: tuple[int, ...],
    spread: Spread | None,
    recurrent: RecurrentFactory,
    options: Options,
    pretrained: PretrainedEncoder | None,
) -> keras.Model:
    """From images to a memory `(images, places, size)` and a starting vector `(images, units)`.

    Of the small network all parts of the grid are heard for the start, each in its place; of other features, which may
    be many, their mean and the largest of each. As a memory a vector is a single place.

    The start is added to what is remembered of each place, so that what is attended to tells of the whole image, too:
    the network then learns what is in the image before it learns where to look, and both sooner.
    """
    units, dropout = recurrent.options.units, recurrent.options.dropout
    images = keras.Input(shape, dtype="uint8" if spread is None else "float32", name="encoder_images")
    grid = images if pretrained is None else pretrained(images)
    if spread is None and pretrained is None:
        grid = ImageEncoder(options.channels, options.convolutions, name="image_encoder")(images)
        summary = keras.layers.Flatten(name="flat")(grid)
    else:
        if spread is not None:
            mean, variance = spread
            grid = keras.layers.Normalization(axis=-1, mean=mean, variance=variance, name="normalized")(grid)
        summary = grid
        if len(shape) == 3:
            summary = ops.concatenate([ops.mean(grid, axis=(1, 2)), ops.max(grid, axis=(1, 2))], axis=-1)
    parts = grid.shape[1] * grid.shape[2] if len(shape) == 3 else 1
    memory = ops.reshape(grid, (-1, parts, grid.shape[-1]))
    start = keras.layers.Dropout(dropout, name="summary_dropout")(summary)
    start = keras.layers.Dense(units, activation="tanh", name="start")(start)
    if attends(shape, options):
        # As large as the decoder's outputs, so that `dot` can compare them.
        memory = keras.layers.Dense(units, name="memory")(keras.layers.Dropout(dropout)(memory))
        memory = memory + start[:, None]
    return keras.Model(images, [memory, start], name="encoder")


def spread_of(features: np.ndarray) -> Spread:
    """Mean and variance of each feature over images and places; variances that are very small are raised."""
    flat = features.reshape(-1, features.shape[-1])
    chunks = [
        flat[n : n + AT_ONCE] for n in range(0, len(flat), AT_ONCE)
    ]  # views: features may fill the memory
    mean = sum(chunk.sum(axis=0, dtype=np.float64) for chunk in chunks) / len(flat)
    variance = sum(np.square(chunk - mean).sum(axis=0) for chunk in chunks) / len(flat)
    usual = float(variance.mean()) or 1.0
    return mean.tolist(), np.maximum(variance, LEAST_SPREAD**2 * usual).tolist()


def seen(encoder: keras.Model, images: Images) -> Tensor:
    """Images of bytes, or features, as an encoder takes them: of one that was trained on what a frozen network makes of
    images, that."""
    if images.dtype != "uint8" or encoder.inputs[0].dtype == "uint8":
        return images
    return encoder.get_layer("image_encoder")(images, training=False)


def grid_of(encoder: keras.Model) -> tuple[int, int]:
    """Rows and columns of the parts that an encoder of images or of grids tells apart."""
    network = next((layer for layer in encoder.layers if layer.name == "image_encoder"), None)
    shape = (encoder.inputs[0] if network is None else network.output).shape
    return int(shape[1]), int(shape[2])
