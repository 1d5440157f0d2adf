"""Sound to features: one definition for training and the exported model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from datasets.formats.signals import Sound

WINDOW = 0.025  # seconds that a frame hears
FLOOR = 1e-6  # added to the energy of a band, so that silence has a logarithm
#: Zero crossings of the low-pass filter of resampling on each side of its middle, and samples that are made at once.
CROSSINGS, AT_ONCE = 16, 4096
ROLLOFF = 0.95  # share of the smaller of both bandwidths that is kept


@dataclass(frozen=True)
class LogMel:
    """The logarithm of the energy in bands that are evenly spaced on the mel scale.

    A frame hears the `WINDOW` that ends with its step, and silence before the first sample: frames do not look ahead,
    and there is one for each whole step.

    Attributes:
        rate: samples a second.
        bands: how many; from 20 Hz up to half the rate.
        step: samples from one frame to the next.
    """

    rate: int
    bands: int
    step: int

    @property
    def window(self) -> int:
        """Samples that a frame hears, at least a step."""
        return max(self.step, round(WINDOW * self.rate))

    def frames(self, samples: tf.Tensor) -> tf.Tensor:
        """How many frames so many samples have: at least one."""
        return tf.maximum(samples // self.step, 1)

    def __call__(self, samples: tf.Tensor) -> tf.Tensor:
        """Samples `(batch, time)` float32 as `(batch, frames, bands)` float32, one frame at least."""
        short = tf.maximum(self.step - tf.shape(samples)[1], 0)
        return self.of_heard(tf.pad(samples, [[0, 0], [self.window - self.step, short]]))

    def inputs(self, samples: tf.Tensor, length: tf.Tensor, rate: tf.Tensor) -> dict[str, tf.Tensor]:
        """What a model reads of samples `(batch, time)` of any rate, of which `length` `(batch,)` are no padding:
        `vectors` `(batch, frames, bands)` and their `mask`.
        """
        vectors = self(resampled(samples, rate, self.rate))
        frames = self.frames(resampled_length(length, rate, self.rate))
        return {"vectors": vectors, "mask": tf.sequence_mask(frames, tf.shape(vectors)[1])}

    def states(self, batch_size: tf.Tensor) -> dict[str, tf.Tensor]:
        """What was heard before the first piece: silence."""
        return {"heard": tf.zeros([batch_size, self.window - self.step])}

    def of_piece(self, piece: tf.Tensor, states: dict[str, tf.Tensor]) -> tf.Tensor:
        """The frames of the next samples `(batch, time)`, a multiple of the step; the states become those behind."""
        heard = tf.concat([states["heard"], piece], axis=1)
        states["heard"] = heard[:, tf.shape(piece)[1] :]
        return self.of_heard(heard)

    def of_heard(self, samples: tf.Tensor) -> tf.Tensor:
        """The same of samples that begin with what the first frame hears before its step."""
        size = 1 << (self.window - 1).bit_length()
        spectrum = tf.signal.stft(samples, self.window, self.step, size)
        energy = tf.math.square(tf.abs(spectrum))
        weights = tf.signal.linear_to_mel_weight_matrix(
            self.bands, size // 2 + 1, self.rate, 20.0, self.rate / 2
        )
        return tf.math.log(energy @ weights + FLOOR)


def bands_of(features: LogMel) -> Callable[[np.ndarray, int], np.ndarray]:
    """A function from samples `(time,)` and their rate to bands, `(frames, bands)` float32."""

    @tf.function(
        autograph=False, input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32)]
    )
    def bands(samples: tf.Tensor, rate: tf.Tensor) -> tf.Tensor:
        return features(resampled(samples[None], rate, features.rate))[0]

    return lambda samples, rate: bands(tf.constant(samples), tf.constant(rate, tf.int32)).numpy()


def reader(features: LogMel) -> Callable[[Sound], np.ndarray]:
    """A function from a sound of any rate to its bands, `(frames, bands)` float32."""
    bands = bands_of(features)
    return lambda sound: bands(*sound.read())


def resampled(samples: tf.Tensor, rate: tf.Tensor, wanted: int) -> tf.Tensor:
    """Samples `(batch, time)` at `rate` a second, a scalar, as `(batch, ceil(time * wanted / rate))` at `wanted`.

    Each is a mean of those around it, weighted by a low-pass filter (a sinc under a Hann window, Smith's "Digital Audio
    Resampling"), so that what follows a sequence does not change it beyond the filter's width. Samples of the wanted
    rate do not change.
    """
    return tf.cond(tf.equal(rate, wanted), lambda: samples, lambda: _filtered(samples, rate, wanted))


def resampled_length(length: tf.Tensor, rate: tf.Tensor, wanted: int) -> tf.Tensor:
    """How many samples there are at the wanted rate."""
    count, rate = tf.cast(length, tf.int64), tf.cast(rate, tf.int64)
    return tf.cast((count * wanted + rate - 1) // rate, tf.int32)


def _filtered(samples: tf.Tensor, rate: tf.Tensor, wanted: int) -> tf.Tensor:
    ratio = tf.cast(rate, tf.float64) / wanted
    band = ROLLOFF * tf.minimum(tf.ones_like(ratio), 1 / ratio)
    reach = tf.cast(tf.math.ceil(CROSSINGS / band), tf.int32)
    padded = tf.pad(samples, [[0, 0], [reach, reach + 1]])
    count = resampled_length(tf.shape(samples)[1], rate, wanted)
    around = tf.range(-reach + 1, reach + 1)

    def block(first: tf.Tensor) -> tf.Tensor:
        place = tf.cast(first + tf.range(AT_ONCE), tf.float64) * ratio
        before = tf.cast(tf.floor(place), tf.int32)
        distance = tf.cast(before[:, None] + around, tf.float64) - place[:, None]
        window = tf.cos(distance * (3.141592653589793 / 2) / tf.cast(reach, tf.float64)) ** 2
        weights = tf.cast(band * _sinc(band * distance) * window, tf.float32)
        which = tf.clip_by_value(before[:, None] + around + reach, 0, tf.shape(padded)[1] - 1)
        return tf.einsum("bnk,nk->nb", tf.gather(padded, which, axis=1), weights)

    starts = tf.range(0, tf.maximum(count, 1), AT_ONCE)
    blocks = tf.map_fn(block, starts, fn_output_signature=tf.TensorSpec([AT_ONCE, None], tf.float32))
    joined = tf.reshape(blocks, [-1, tf.shape(samples)[0]])
    return tf.transpose(joined[:count])


def _sinc(x: tf.Tensor) -> tf.Tensor:
    """`sin(πx) / (πx)`, 1 at 0."""
    turned = 3.141592653589793 * x
    nonzero = tf.where(tf.equal(turned, 0), tf.ones_like(turned), turned)
    return tf.where(tf.equal(turned, 0), tf.ones_like(turned), tf.sin(nonzero) / nonzero)
