"""What an exported model answers: numbers, samples, a WAV file or frames in; label, score and probabilities out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from datasets.formats.signals import FRAMES, NUMBERS, SOUND, Signal
from zoo.data.images import not_empty, resize
from zoo.data.log_mel import LogMel
from zoo.data.ragged import Ragged
from zoo.data.tokenizer import chunks
from zoo.runtime.figures import picture_path, save
from zoo.serving import Server
from zoo.tasks.base import Row
from zoo.tasks.classification import decided, label_rows, label_server, vector_server
from zoo.tasks.signals import streaming
from zoo.tasks.signals.features import check_kind, reader
from zoo.tasks.signals.learned import Learned
from zoo.tasks.signals.networks import in_model
from zoo.tasks.signals.picture import MOST_SHOWN, Course, draw, ends_of

AT_ONCE = 32
LENGTH = tf.TensorSpec([None], tf.int32, name="length")


def make(model: keras.Model, learned: Learned) -> Server:
    """The functions of a trained model. `serving_default` takes, filled up on the right,

        numbers     `vectors` (batch, time, channels) float32, NaN where a value is missing, and `length` (batch,)
        sound       `samples` (batch, time) float32 from -1 to 1, `length` (batch,), and the one `rate` of all
        pictures    `frames` (batch, time, height, width, 3) uint8 of any size, and `length` (batch,)

    and gives what `zoo.tasks.classification.label_server` says. Of sound, `wav` takes `contents` (batch,), the bytes of
    WAV files with samples of 16 bits. See `zoo.tasks.signals.streaming` for `init_state` and `step`.
    """
    makers = {NUMBERS: _number_server, SOUND: _sound_server, FRAMES: _frame_server}
    server = makers[learned.kind](model, learned, streaming.functions(model, learned))
    server.configuration = learned
    return server


def _number_server(model: keras.Model, learned: Learned, more: streaming.Functions) -> Server:
    return vector_server(model, learned.labels, len(learned.mean), more)


def _sound_server(model: keras.Model, learned: Learned, more: streaming.Functions) -> Server:
    features = LogMel(learned.rate, learned.bands, learned.step)

    signature = [
        tf.TensorSpec([None, None], tf.float32, name="samples"),
        LENGTH,
        tf.TensorSpec([], tf.int32, name="rate"),
    ]
    more = {"wav": _of_wav(model, learned, features.inputs), **more}
    return label_server(model, learned.labels, signature, features.inputs, more=more)


def _of_wav(
    model: keras.Model, learned: Learned, inputs_of: Callable[..., dict[str, tf.Tensor]]
) -> tf.types.experimental.PolymorphicFunction:
    """From the bytes of WAV files, one after the other, for each has a rate and a length of its own."""
    names = tf.constant(learned.labels)

    def logits_of(content: tf.Tensor) -> tf.Tensor:
        samples, rate = tf.audio.decode_wav(content)
        mixed = tf.reduce_mean(samples, axis=1)[None]
        return tf.cast(model(inputs_of(mixed, tf.shape(mixed)[1:], rate), training=False)[0], tf.float32)

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="contents")])
    def wav(contents: tf.Tensor) -> dict[str, tf.Tensor]:
        shape = tf.TensorSpec([len(learned.labels)], tf.float32)
        label, score, probabilities = decided(
            tf.map_fn(logits_of, contents, fn_output_signature=shape), names
        )
        return {"label": label, "score": score, "probabilities": probabilities}

    return wav


def _frame_server(model: keras.Model, learned: Learned, more: streaming.Functions) -> Server:
    height, width = learned.size
    network = in_model(model) if learned.encoder else None

    def inputs_of(frames: tf.Tensor, length: tf.Tensor) -> dict[str, tf.Tensor]:
        batch, time, *image = tf.unstack(tf.shape(frames))
        images = not_empty(tf.reshape(frames, [batch * time, *image]))
        resized = tf.reshape(resize(images, (height, width)), [batch, time, height, width, 3])
        mask = tf.sequence_mask(length, time)
        return {"mask": mask, **({"frames": resized} if network is None else {"vectors": network(resized)})}

    signature = [tf.TensorSpec([None, None, None, None, 3], tf.uint8, name="frames"), LENGTH]
    return label_server(model, learned.labels, signature, inputs_of, more=more)


# ------------------------------------------------------------------------------------------ answers


def answer(server: Server, signals: Iterable[Signal], picture: str | None = None) -> list[Row]:
    """A row for each signal: its name, label and score, and the probability of each class.

    Args:
        server: see `make`.
        signals: raw inputs.
        picture: a file for a picture of the first ones, see `zoo.tasks.signals.picture`.

    Raises:
        UserError: a signal cannot be read, or is not of the model's kind and channels.
    """
    learned: Learned = server.configuration
    arguments = {NUMBERS: _padded, SOUND: _samples, FRAMES: _frames}[learned.kind]
    at_once = AT_ONCE if learned.kind == NUMBERS and picture is None else 1
    rows: list[Row] = []
    courses: list[Course] = []
    for chunk in chunks(signals, at_once):
        for signal in chunk:
            check_kind(signal, learned.kind)
        names = [signal.name for signal in chunk]
        tensors = arguments(chunk, learned)
        rows += label_rows(server, "signal", names, tensors)
        if picture is not None and len(courses) < MOST_SHOWN:
            courses.append(_course(server, names[0], tensors))
    if picture is not None:
        save(draw(courses, learned.labels), picture_path("--picture", picture))
    return rows


def _course(server: Server, name: str, tensors: list[tf.Tensor]) -> Course:
    """The answers to the parts of one signal, given as arguments of `serving_default`."""
    values, length, *rest = tensors
    ends = ends_of(int(length[0]))
    answers = [server(values[:, :end], tf.constant([end], tf.int32), *rest) for end in ends]
    probabilities = np.concatenate([answer["probabilities"].numpy() for answer in answers])
    return Course(name, server.configuration.kind, values[0].numpy(), ends, probabilities)


def _padded(signals: list[Any], learned: Learned) -> list[tf.Tensor]:
    read = reader(learned)
    ragged = Ragged.of(read(signal) for signal in signals)
    values = ragged.pad(np.arange(len(ragged)), int(ragged.lengths.max()))
    return [tf.constant(values, tf.float32), tf.constant(ragged.lengths, tf.int32)]


def _samples(sounds: list[Any], _: Learned) -> list[tf.Tensor]:
    ((samples, rate),) = (sound.read() for sound in sounds)
    return [tf.constant(samples[None]), tf.constant([len(samples)]), tf.constant(rate, tf.int32)]


def _frames(movies: list[Any], learned: Learned) -> list[tf.Tensor]:
    (frames,) = (movie.read(learned.frames_per_second) for movie in movies)
    return [tf.constant(frames[None]), tf.constant([len(frames)])]
