"""What the model reads of signals: an array over time of each, made in one pass, and what is learned of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import numpy as np
import tensorflow as tf

from datasets.base import Split
from datasets.errors import UserError
from datasets.formats.signals import FRAMES, NUMBERS, SOUND, Movie, Numbers, Signal, Sound
from zoo.data import log_mel
from zoo.data.channels import Channels, OwnScales
from zoo.data.images import resize
from zoo.layers.frame_features import FrameFeatures
from zoo.layers.pretrained import digest
from zoo.runtime.progress import progress_bar
from zoo.tasks.feature_cache import Features, features_of
from zoo.tasks.signals.learned import Learned
from zoo.tasks.signals.networks import side_of, vectors_of
from zoo.tasks.signals.options import Options
from zoo.tasks.sound import reading

#: The median sequence is shortened until it has at most so many steps.
MEDIAN_STEPS = 128
#: The longer side of frames, unless another is asked for.
LONGER_SIDE = 40
#: Frames from which the scale of colours is learned.
SCALED_BY = 1000
#: From a signal to its array; see `reader`.
Reader = Callable[[Any], np.ndarray]


def learn(
    train: Split, labels: tuple[str, ...], options: Options, network: FrameFeatures | None = None
) -> tuple[Learned, Features]:
    """What there is to learn of the training split, and what the model reads of it.

    Args:
        train, labels, options: of the task.
        network: reads the frames of moving pictures, where one does.

    Raises:
        UserError: the signals cannot be read, or not all alike.
    """
    first: Signal = next(iter(train))["signal"]
    learned = Learned(first.kind, labels, (), **_reading(first, options))
    if network is not None:
        side, weights = side_of(options), digest(network.encoder.network.get_weights())
        learned = replace(learned, size=(side, side), encoder=options.encoder, encoder_weights=weights)
    if isinstance(first, Numbers):
        learned = replace(learned, mean=(0.0,) * first.values.shape[1])
    features = sequences_of(train, learned, options.cache, network)
    sequences = features.sequences
    strides = strides_for(sequences.lengths, options.convolutions, options.stride)
    learned = replace(learned, strides=strides)
    scale = Channels.of(_some(sequences.values).reshape(-1, sequences.values.shape[-1]))
    learned = replace(learned, mean=scale.mean, deviation=scale.deviation, missing=scale.missing)
    if learned.kind == NUMBERS and options.normalise != "train":
        own = OwnScales.of(sequences, every=options.normalise == "series")
        learned = replace(learned, own_scales=own if own.channels else None)
    return learned, features


def _some(values: np.ndarray) -> np.ndarray:
    """All steps of numbers and bands; of frames some, evenly spaced, whose colours are as many as are needed."""
    every = -(-len(values) // SCALED_BY) if values.ndim > 2 else 1
    return values[::every]


def _reading(first: Signal, options: Options) -> dict[str, Any]:
    """How the signals are read, by the first one."""
    if first.kind == SOUND:
        return {**reading(cast("Sound", first), options)}
    if first.kind == FRAMES:
        height, width = cast("Movie", first).read(options.frames_per_second).shape[1:3]
        return {
            "size": _size(height, width, options.image_size),
            "frames_per_second": options.frames_per_second,
        }
    return {}


def _size(height: int, width: int, wanted: int) -> tuple[int, int]:
    """Height and width of the model's frames; `wanted` is that of a square, or 0."""
    if wanted:
        return wanted, wanted
    scale = min(1.0, LONGER_SIDE / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


# ------------------------------------------------------------------------------------------ reading


def sequences_of(
    split: Split, learned: Learned, cache: str | None, network: FrameFeatures | None = None
) -> Features:
    """The signals of a split as the model reads them; only these arrays are kept, in memory or in the folder `cache`.

    Raises:
        UserError: a signal of another kind or of other channels.
    """
    if learned.kind == NUMBERS:
        return features_of(None, lambda: (example["signal"] for example in split), reader(learned), {})
    title = f"reading {learned.kind}"
    return features_of(
        cache,
        lambda: (example["signal"] for example in progress_bar(split, title)),
        reader(learned, network),
        learned.reading(),
    )


def reader(learned: Learned, network: FrameFeatures | None = None) -> Reader:
    """A function from a signal to the array that the model reads: `(time, channels)` float32 of numbers, NaN where a
    value is missing, and of the bands of sound; `(time, *size, 3)` uint8 of moving pictures, or the vectors that a
    network makes of these, `(time, features)` float32. It refuses other kinds.
    """
    makers: dict[str, Callable[[Learned], Reader]] = {
        NUMBERS: _of_numbers,
        SOUND: _of_sound,
        FRAMES: partial(_of_frames, network=network),
    }
    read = makers[learned.kind](learned)

    def checked(signal: Signal) -> np.ndarray:
        check_kind(signal, learned.kind)
        return read(signal)

    return checked


def check_kind(signal: Signal, kind: str) -> None:
    """Raises UserError unless a signal is of the kind that the model reads."""
    if signal.kind != kind:
        raise UserError(f"{signal.name}: is of the kind {signal.kind}; the model reads {kind}")


def _of_numbers(learned: Learned) -> Reader:
    return partial(_values, channels=len(learned.mean))


def _values(signal: Numbers, channels: int) -> np.ndarray:
    values = signal.values
    if values.shape[1] != channels:
        raise UserError(f"{signal.name}: has {values.shape[1]} channels; the model reads {channels}")
    return values


def _of_sound(learned: Learned) -> Reader:
    return log_mel.reader(log_mel.LogMel(learned.rate, learned.bands, learned.step))


def _of_frames(learned: Learned, network: FrameFeatures | None) -> Reader:
    height, width = learned.size
    if network is not None:
        vectors = vectors_of(network, (height, width))
        return lambda movie: vectors(movie.read(learned.frames_per_second))

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, None, None, 3], tf.uint8)])
    def resized(frames: tf.Tensor) -> tf.Tensor:
        return resize(frames, (height, width))

    def read(movie: Movie) -> np.ndarray:
        frames = movie.read(learned.frames_per_second)
        return frames if frames.shape[1:3] == learned.size else resized(tf.constant(frames)).numpy()

    return read


# ------------------------------------------------------------------------------------------ learning


def strides_for(lengths: np.ndarray, convolutions: int, stride: int) -> tuple[int, ...]:
    """The stride of each convolution.

    Args:
        lengths: of the training sequences.
        convolutions: how many there are.
        stride: of the first, where it is asked for; 0 halves with as many convolutions as the median length needs.
    """
    if stride:
        return (stride, *[1] * convolutions)[:convolutions]
    halvings = 0
    while halvings < convolutions and np.median(lengths) / 2**halvings > MEDIAN_STEPS:
        halvings += 1
    return (2,) * halvings + (1,) * (convolutions - halvings)


def size_note(learned: Learned, features: Features) -> Sequence[str]:
    """What to tell of how series are scaled, and of the arrays that are kept of sound and moving pictures."""
    if learned.kind == NUMBERS:
        return _scale_note(learned)
    sequences = features.sequences
    shape = " x ".join(map(str, sequences.values.shape[1:]))
    made = f", made by {learned.encoder}, which is not trained" if learned.encoder else ""
    return (
        f"{learned.kind}: {len(sequences):,} training signals are {len(sequences.values):,} steps of {shape}{made}, "
        f"{features.size}",
    )


def _scale_note(learned: Learned) -> Sequence[str]:
    own = learned.own_scales
    if own is None:
        return ()
    return (
        f"the scales of series differ by a factor of {own.ratio:,.0f}: beside {len(own.channels):,} of "
        f"{len(learned.mean):,} channels stands what it is on the scale of its series, in models that read the whole "
        "of it (--normalise train leaves it out)",
    )
