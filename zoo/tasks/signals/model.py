"""The model: scaled channels → convolutions over time → recurrent layers → one vector → logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from datasets.formats.signals import FRAMES, SOUND
from zoo.layers.channel_scaling import ChannelScaling
from zoo.layers.frame_encoder import FrameEncoder
from zoo.layers.frame_features import FrameFeatures
from zoo.layers.own_scaling import OwnScaling
from zoo.layers.pooling import MaskedPooling
from zoo.layers.random_shift import RandomShift
from zoo.tasks.classification import logits_layer, sequence_vector
from zoo.tasks.convolutions import convolved
from zoo.tasks.signals.learned import Learned
from zoo.tasks.signals.options import Options
from zoo.tasks.sound import augmented, normalised, stretched, with_normalised_bands

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tensors import Inputs, Mask, Tensor


def build(
    learned: Learned, recurrent: RecurrentFactory, options: Options, network: FrameFeatures | None = None
) -> keras.Model:
    """A model of what `zoo.tasks.sequence_batches.SequenceBatches.load` gives.

    A cell that is to be blind to the order of its inputs gets no convolutions over time, which see it.

    Args:
        learned, recurrent, options: of the task.
        network: that made the vectors of the frames of moving pictures, where one did; the model holds it.

    Returns:
        From `vectors` `(batch, time, channels)`, NaN where a value is missing, or `frames` `(batch, time, *size, 3)`
        uint8, and their `mask` `(batch, time)` to logits `(batch, classes)`.
    """
    mask = keras.Input((None,), dtype="bool", name="mask")
    frames = learned.kind == FRAMES and network is None
    if frames:
        signal = keras.Input((None, *learned.size, 3), dtype="uint8", name="frames")
    else:
        signal = keras.Input((None, len(learned.mean)), dtype="float32", name="vectors")
    x = signal if network is None else network(signal)
    x = _scaled(x, mask, learned, recurrent)
    if learned.kind == SOUND:
        x = normalised(x, mask, learned.deviation, recurrent, options)
    steps = mask
    if not frames:
        x, steps = stretched(x, mask, recurrent, options)
    if options.input_noise:
        x = keras.layers.GaussianNoise(options.input_noise, seed=recurrent.seed, name="noise")(x)
    if learned.kind == SOUND:
        x = augmented(x, steps, recurrent, options)
        x = with_normalised_bands(x, steps, recurrent, options)
    if network is not None:
        x = keras.layers.Dense(options.filters, "relu", name="frame_vector")(x)
    if frames:
        if options.shift:
            x = RandomShift(options.shift, seed=recurrent.seed, name="shift")(x)
        x = FrameEncoder(options.filters, name="frame_encoder")(x)
        x, steps = stretched(x, mask, recurrent, options)
    logits = classified(x, steps, learned, recurrent, options)
    return keras.Model({signal.name: signal, "mask": mask}, logits, name="signals")


def _scaled(x: Inputs, mask: Mask, learned: Learned, recurrent: RecurrentFactory) -> Inputs:
    """On one scale, and beside it on that of each series, which a model knows that has read the whole of it."""
    scaled = ChannelScaling(learned.mean, learned.deviation, learned.missing, name="scaling")(x)
    own = learned.own_scales
    if own is None or not recurrent.reads_whole:
        return scaled
    beside = OwnScaling(own.channels, own.least, own.spread, own.level, name="own_scaling")(x, mask)
    return keras.layers.Concatenate(name="scaled")([scaled, beside])


def classified(
    x: Inputs, mask: Mask, learned: Learned, recurrent: RecurrentFactory, options: Options
) -> Tensor:
    """Logits `(batch, classes)` of sequences `(batch, time, features)`."""
    dropout = recurrent.options.dropout
    seen, its_mask = x, mask
    if learned.strides and not recurrent.order_agnostic:
        seen, its_mask = convolved(x, mask, learned.strides, recurrent, options)
    if options.beside and seen is not x:
        beside = MaskedPooling("mean", name="pooling_beside")(seen, mask=its_mask)
        vector = sequence_vector(x, mask, recurrent, options.pooling)
        vector = keras.layers.Concatenate(name="joined")([vector, beside])
    else:
        seen = keras.layers.Dropout(dropout, name="dropout_before")(seen)
        vector = sequence_vector(seen, its_mask, recurrent, options.pooling)
    vector = keras.layers.Dropout(dropout, name="dropout_behind")(vector)
    return logits_layer(len(learned.labels))(vector)
