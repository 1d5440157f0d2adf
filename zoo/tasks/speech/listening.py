"""What every model of speech begins with: spectrum → convolutions that shorten time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from zoo.layers.channel_scaling import ChannelScaling
from zoo.tasks.convolutions import convolved
from zoo.tasks.sound import augmented, normalised, with_normalised_bands
from zoo.tasks.speech.learned import Learned

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tensors import Inputs, Mask


def listened(
    vectors: Inputs, mask: Mask, learned: Learned, recurrent: RecurrentFactory
) -> tuple[Inputs, Mask]:
    """What the recurrent layers read of `(batch, frames, bands)` and its mask: `(batch, steps, features)`, and the
    mask of the steps.
    """
    options = learned.options
    x = ChannelScaling(learned.mean, learned.deviation, name="scaling")(vectors)
    x = normalised(x, mask, learned.deviation, recurrent, options)
    if options.input_noise:
        x = keras.layers.GaussianNoise(options.input_noise, seed=recurrent.seed, name="noise")(x)
    x = augmented(x, mask, recurrent, options)
    x = with_normalised_bands(x, mask, recurrent, options)
    x, steps = convolved(x, mask, learned.strides, recurrent, options)
    return keras.layers.Dropout(recurrent.options.dropout, name="dropout_before")(x), steps
