"""What an exported model of `--decoder attention` answers: samples in, text and score out, the search inside."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from zoo.generation.hypotheses import Hypotheses
from zoo.generation.serving import EncoderOutput, TensorFunction, best_sentences, signatures
from zoo.serving import Server
from zoo.tasks.speech.attention import DECODER, ENCODER
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.samples import SAMPLES, Arguments, wav_function


def functions(model: keras.Model, learned: Learned) -> dict[str, TensorFunction]:
    """See `zoo.generation.serving.signatures`: the inputs are those of `zoo.tasks.speech.samples`; what is written is a
    `text`. `search` also gives

        attention       (batch, results, places, steps) what share of attention each token gave to each step of the
                        sound; no steps without attention
    """

    def encode(samples: tf.Tensor, length: tf.Tensor, rate: tf.Tensor) -> EncoderOutput:
        read = learned.spectrum.inputs(samples, length, rate)
        return encoded(model, learned, read["vectors"], read["mask"])

    def extra_outputs(_encoded: EncoderOutput, hypotheses: Hypotheses) -> dict[str, tf.Tensor]:
        return {"attention": hypotheses.extras}

    search, decoder = learned.options.search, model.get_layer(DECODER)
    made = signatures(decoder, learned.tokens, search, SAMPLES, "text", encode, extra_outputs)
    outputs = {"text": tf.string, "score": tf.float32, "cut": tf.bool}
    return {**made, "wav": wav_function(made["serving_default"], outputs)}


def texts_function(model: keras.Model, learned: Learned) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """From spectra and their mask to the texts that the search finds."""
    decoder = model.get_layer(DECODER)

    def texts(vectors: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        read = encoded(model, learned, vectors, mask)
        return best_sentences(decoder, learned.tokens, learned.options.search, "text", read)["text"]

    return texts


def encoded(model: keras.Model, learned: Learned, vectors: tf.Tensor, mask: tf.Tensor) -> EncoderOutput:
    """What the decoder starts from. A model that repeats itself is cut soon: a text has as many tokens as
    `--max-tokens` says, and twice as many as there are steps and ten, at most.
    """
    memory, steps, start = model.get_layer(ENCODER)([vectors, mask], training=False)
    count = tf.reduce_sum(tf.cast(steps, tf.int32), axis=1)
    limits = tf.minimum(learned.options.max_tokens + 1, 2 * count + 10)
    return EncoderOutput(start, memory, steps, limits)


def attended(server: Server, arguments: Arguments) -> tuple[np.ndarray, list[str]]:
    """Of the best text of a sound what share of attention each token gave to each step `(tokens, steps)`, and these
    tokens, the end as `·`; a text that was cut has none.
    """
    search = server.configuration.options.search
    limits = tf.constant(search.width), tf.constant(1), tf.constant(search.penalty, tf.float32)
    found = server.functions["search"](*arguments, *limits)
    tokens = [token.decode() for token in found["tokens"].numpy()[0, 0]]
    written = [*itertools.takewhile(bool, tokens), *([] if found["cut"][0, 0] else ["·"])]
    return found["attention"].numpy()[0, 0, : len(written)], written
