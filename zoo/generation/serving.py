"""The signatures of models that write sentences, with the search inside; and how they are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from zoo.data.subwords import BEGIN, END, PADDING, UNKNOWN, Pieces
from zoo.generation.answers import AnswerOptions
from zoo.generation.search import Found, Language, Step, beam_search, repeat, sample
from zoo.serving import Server

LANGUAGE = Language(BEGIN, END, PADDING, forbidden=(UNKNOWN,))
#: Arguments of the signature `search` besides the inputs.
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


class Begun(NamedTuple):
    """A batch that was read: what a decoder starts from.

    Attributes:
        start, memory, mask: see `zoo.layers.decoder.Decoder`.
        limits: `(batch,)` int32, the most tokens of each sentence.
        read: what was read, if it comes out with the answer.
    """

    start: tf.Tensor
    memory: tf.Tensor
    mask: tf.Tensor | None
    limits: tf.Tensor
    read: tf.Tensor | None = None


def signatures(
    decoder: Any,
    pieces: Pieces,
    settings: Settings,
    given: tf.TensorSpec,
    name: str,
    begin: Callable[[tf.Tensor], Begun],
    beside: Callable[[Begun, Found], dict[str, tf.Tensor]],
) -> dict[str, Any]:
    """The three functions of a model that writes sentences.

    `serving_default` takes a batch of inputs and gives

        NAME            (batch,) strings, the sentences
        score           (batch,) log probability divided by the length penalty
        cut             (batch,) whether the sentence was cut at the most tokens it may have

    `search` also takes `width`, `results` (at most `width`) and `penalty`, and gives these three as `(batch, results)`,
    the best first, what `beside` gives, and

        log_probability (batch, results)
        tokens          (batch, results, steps) strings, what was written; "" behind its end

    `sample` takes the inputs, `temperature`, `top_k`, `top_p` and `seed`, and gives what `serving_default` gives, the
    sentence drawn token by token, its log probability as `score`.

    Args:
        decoder: see `zoo.layers.decoder.Decoder`.
        pieces: of what it writes.
        settings: of `serving_default`.
        given: a batch of inputs.
        name: of the sentences.
        begin: reads a batch.
        beside: what else `search` gives.
    """

    def best(found: Found) -> dict[str, tf.Tensor]:
        return {
            name: pieces.sentences(found.tokens[:, 0]),
            "score": found.scores[:, 0],
            "cut": found.cut[:, 0],
        }

    @tf.function(input_signature=[given])
    def serving_default(batch: tf.Tensor) -> dict[str, tf.Tensor]:
        return best(_search(decoder, begin(batch), settings.width, 1, settings.penalty))

    @tf.function(input_signature=[given, WIDTH, RESULTS, PENALTY])
    def search(
        batch: tf.Tensor, width: tf.Tensor, results: tf.Tensor, penalty: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        begun = begin(batch)
        found = _search(decoder, begun, width, results, penalty)
        return {
            name: pieces.sentences(found.tokens),
            "score": found.scores,
            "cut": found.cut,
            "log_probability": found.log_probabilities,
            "tokens": tf.gather(pieces.texts, found.tokens),
            **beside(begun, found),
        }

    @tf.function(input_signature=[given, *SAMPLING])
    def drawn(batch: tf.Tensor, *how: tf.Tensor) -> dict[str, tf.Tensor]:
        return best(_draw(decoder, begin(batch), *how))

    return {"serving_default": serving_default, "search": search, "sample": drawn}


def _search(decoder: Any, begun: Begun, width: Any, results: Any, penalty: Any) -> Found:
    """The best sentences, with the weights of attention as `extras`; see `zoo.generation.search.beam_search`."""
    step = _steps(decoder, repeat(decoder.fixed(begun.start, begun.memory, begun.mask), width))
    states = decoder.first_states(begun.start)
    return beam_search(step, states, begun.limits, LANGUAGE, width=width, results=results, penalty=penalty)


def _draw(decoder: Any, begun: Begun, temperature: Any, top_k: Any, top_p: Any, seed: Any) -> Found:
    """A sentence a row, drawn token by token by `sample`; it depends on the seed and on its row alone."""
    return sample(
        _steps(decoder, decoder.fixed(begun.start, begun.memory, begun.mask)),
        decoder.first_states(begun.start),
        begun.limits,
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
