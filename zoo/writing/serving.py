"""The search inside an exported model: from a memory and a starting vector to sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from zoo.search import Found, Language, beam_search, repeat
from zoo.subwords import BEGIN, END, PADDING, UNKNOWN

LANGUAGE = Language(BEGIN, END, PADDING, forbidden=(UNKNOWN,))
#: Arguments of the signature `search` besides the input.
WIDTH, RESULTS, PENALTY = (
    tf.TensorSpec([], tf.int32, name="width"),
    tf.TensorSpec([], tf.int32, name="results"),
    tf.TensorSpec([], tf.float32, name="penalty"),
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
    fixed = repeat(decoder.fixed(start, memory, mask), width)

    def step(tokens: tf.Tensor, states: Any) -> tuple[tf.Tensor, Any, tf.Tensor]:
        logits, states, weights = decoder.step(tokens, states, fixed)
        return tf.cast(logits, decoder.variable_dtype), states, tf.cast(weights, tf.float32)

    states = decoder.first_states(start)
    return beam_search(step, states, limits, LANGUAGE, width=width, results=results, penalty=penalty)
