"""The search inside an exported model: from a memory and a starting vector to sentences; and how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from zoo.search import Found, Language, Step, beam_search, repeat, sample
from zoo.serving import Server
from zoo.subwords import BEGIN, END, PADDING, UNKNOWN
from zoo.writing.answers import AnswerOptions

LANGUAGE = Language(BEGIN, END, PADDING, forbidden=(UNKNOWN,))
#: Arguments of the signature `search` besides the input.
WIDTH, RESULTS, PENALTY = (
    tf.TensorSpec([], tf.int32, name="width"),
    tf.TensorSpec([], tf.int32, name="results"),
    tf.TensorSpec([], tf.float32, name="penalty"),
)
#: And of the signature `sample`.
SAMPLING = (
    tf.TensorSpec([], tf.float32, name="temperature"),
    tf.TensorSpec([], tf.int32, name="top_k"),
    tf.TensorSpec([], tf.float32, name="top_p"),
    tf.TensorSpec([], tf.int32, name="seed"),
)


@dataclass(frozen=True)
class Settings:
    """How a model searches where it is not told otherwise.

    Attributes:
        width: of the beam.
        penalty: strength of the length penalty.
        longest: most tokens of a sentence.
    """

    width: int
    penalty: float
    longest: int


def write(
    decoder: Any,
    start: Any,
    memory: Any,
    mask: Any,
    limits: tf.Tensor,
    width: Any,
    results: Any,
    penalty: Any,
) -> Found:
    """The best sentences, with the weights of attention as `extras`.

    Args:
        decoder: see `zoo.layers.decoder.Decoder`.
        start, memory, mask: see there.
        limits, width, results, penalty: see `zoo.search.beam_search`.
    """
    step = _steps(decoder, repeat(decoder.fixed(start, memory, mask), width))
    states = decoder.first_states(start)
    return beam_search(step, states, limits, LANGUAGE, width=width, results=results, penalty=penalty)


def draw(
    decoder: Any,
    start: Any,
    memory: Any,
    mask: Any,
    limits: tf.Tensor,
    temperature: Any,
    top_k: Any,
    top_p: Any,
    seed: Any,
) -> Found:
    """A sentence a row, drawn token by token; it depends on the seed and on its row alone.

    Args:
        decoder, start, memory, mask, limits: see `write`.
        temperature, top_k, top_p: see `zoo.search.sample`.
        seed: a whole number.
    """
    return sample(
        _steps(decoder, decoder.fixed(start, memory, mask)),
        decoder.first_states(start),
        limits,
        LANGUAGE,
        chance=lambda n: tf.random.stateless_uniform([], tf.stack([seed, n])),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
    )


def _steps(decoder: Any, fixed: Any) -> Step:
    def step(tokens: tf.Tensor, states: Any) -> tuple[tf.Tensor, Any, tf.Tensor]:
        logits, states, weights = decoder.step(tokens, states, fixed)
        return tf.cast(logits, decoder.variable_dtype), states, tf.cast(weights, tf.float32)

    return step


# ------------------------------------------------------------------------------------------ asking it


def asker(server: Server, options: AnswerOptions) -> Callable[[tf.Tensor], dict[str, np.ndarray]]:
    """From a batch of inputs to the answers of `search`, or, of `sample`, the draws side by side, `(batch, samples)`.

    Args:
        server: with `settings`, which hold where the options say nothing.
    """
    if options.sampling:
        facts = tf.constant(options.temperature), tf.constant(options.top_k), tf.constant(options.top_p)

        def drawn(given: tf.Tensor) -> dict[str, np.ndarray]:
            seeds = range(options.seed, options.seed + options.samples)
            found = [server.functions["sample"](given, *facts, tf.constant(seed)) for seed in seeds]
            return {name: np.stack([one[name].numpy() for one in found], axis=1) for name in found[0]}

        return drawn
    width, penalty = options.asked(server.settings.width, server.settings.penalty)

    def searched(given: tf.Tensor) -> dict[str, np.ndarray]:
        wanted = tf.constant(width), tf.constant(options.n_best), tf.constant(penalty, tf.float32)
        return {name: value.numpy() for name, value in server.functions["search"](given, *wanted).items()}

    return searched
