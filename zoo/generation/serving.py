"""The signatures of models that generate sentences, with the search inside; and the function that calls them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias, cast

import numpy as np
import tensorflow as tf

from zoo.data.subwords import BEGIN, END, PADDING
from zoo.data.vocabulary import UNKNOWN
from zoo.generation.answers import AnswerOptions
from zoo.generation.hypotheses import Count, Hypotheses, Nest, Number, SpecialTokens, Step
from zoo.generation.search import beam_search, repeat, sample
from zoo.serving import Server

if TYPE_CHECKING:
    from zoo.generation.options import SearchConfiguration
    from zoo.layers.decoder import Decoder
    from zoo.tensors import StackedStates

#: A `tf.function` of tensors that gives tensors by name.
TensorFunction: TypeAlias = Callable[..., dict[str, tf.Tensor]]
SPECIAL_TOKENS = SpecialTokens(BEGIN, END, PADDING, forbidden=(UNKNOWN,))
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


class EncoderOutput(NamedTuple):
    """What a decoder starts from: a batch of inputs, encoded.

    Attributes:
        start, memory, mask: see `zoo.layers.decoder.Decoder`.
        limits: `(batch,)` int32, the most tokens of each sentence.
        read: the tokens that were read, where `search` gives them too.
    """

    start: tf.Tensor
    memory: tf.Tensor
    mask: tf.Tensor | None
    limits: tf.Tensor
    read: tf.Tensor | None = None


class Writer(Protocol):
    """Makes sentences of token ids, of which those below `zoo.data.subwords.RESERVED` are nothing."""

    @property
    def texts(self) -> tf.Tensor:
        """The text of each id, `(size,)`."""

    def sentences(self, ids: tf.Tensor) -> tf.Tensor:
        """Sentences `(…)` of ids `(…, tokens)`."""


def signatures(
    decoder: Decoder,
    tokenizer: Writer,
    configuration: SearchConfiguration,
    inputs: Sequence[tf.TensorSpec],
    name: str,
    encode: Callable[..., EncoderOutput],
    extra_outputs: Callable[[EncoderOutput, Hypotheses], dict[str, tf.Tensor]],
) -> dict[str, TensorFunction]:
    """The three signatures of a model that generates sentences.

    `serving_default` takes a batch of inputs and gives

        NAME            (batch,) strings, the sentences
        score           (batch,) log probability divided by the length penalty
        cut             (batch,) whether the sentence was cut at the most tokens it may have

    `search` also takes `width`, `results` (at most `width`) and `penalty`, and gives these three as `(batch, results)`,
    the best first, what `extra_outputs` gives, and

        log_probability (batch, results)
        tokens          (batch, results, steps) strings, the tokens; "" after the end

    `sample` takes the inputs, `temperature`, `top_k`, `top_p` and `seed`, and gives what `serving_default` gives, the
    sentence drawn token by token, its log probability as `score`.

    Args:
        decoder: see `zoo.layers.decoder.Decoder`.
        tokenizer: of the sentences.
        configuration: of `serving_default`.
        inputs: name, shape and type of each tensor of a batch of inputs.
        name: under which the sentences are given.
        encode: reads these tensors.
        extra_outputs: what else `search` gives.
    """

    @tf.function(autograph=False, input_signature=inputs)
    def serving_default(*batch: tf.Tensor) -> dict[str, tf.Tensor]:
        return best_sentences(decoder, tokenizer, configuration, name, encode(*batch))

    @tf.function(autograph=False, input_signature=[*inputs, WIDTH, RESULTS, PENALTY])
    def search(*given: tf.Tensor) -> dict[str, tf.Tensor]:
        *batch, width, results, penalty = given
        encoded = encode(*batch)
        hypotheses = _search(decoder, encoded, width, results, penalty)
        return {
            name: tokenizer.sentences(hypotheses.tokens),
            "score": hypotheses.scores,
            "cut": hypotheses.cut,
            "log_probability": hypotheses.log_probabilities,
            "tokens": tf.gather(tokenizer.texts, hypotheses.tokens),
            **extra_outputs(encoded, hypotheses),
        }

    @tf.function(autograph=False, input_signature=[*inputs, *SAMPLING])
    def draw_samples(*given: tf.Tensor) -> dict[str, tf.Tensor]:
        hypotheses = _draw(decoder, encode(*given[: len(inputs)]), *given[len(inputs) :])
        return _first(hypotheses, tokenizer, name)

    return {"serving_default": serving_default, "search": search, "sample": draw_samples}


def best_sentences(
    decoder: Decoder,
    tokenizer: Writer,
    configuration: SearchConfiguration,
    name: str,
    encoded: EncoderOutput,
) -> dict[str, tf.Tensor]:
    """What `serving_default` gives for inputs that are encoded already; see `signatures`."""
    width, penalty = configuration.width, configuration.penalty
    return _first(_search(decoder, encoded, width, 1, penalty, weights=False), tokenizer, name)


def _first(hypotheses: Hypotheses, tokenizer: Writer, name: str) -> dict[str, tf.Tensor]:
    return {
        name: tokenizer.sentences(hypotheses.tokens[:, 0]),
        "score": hypotheses.scores[:, 0],
        "cut": hypotheses.cut[:, 0],
    }


def _search(
    decoder: Decoder,
    encoded: EncoderOutput,
    width: Count,
    results: Count,
    penalty: Number,
    weights: bool = True,
) -> Hypotheses:
    """The best sentences, see `zoo.generation.search.beam_search`; the weights of attention, if wanted, as `extras`."""
    fixed = repeat(decoder.fixed(encoded.start, encoded.memory, encoded.mask), width)
    step = _step_function(decoder, fixed, weights)
    states = decoder.first_states(encoded.start)
    return beam_search(
        step, states, encoded.limits, SPECIAL_TOKENS, width=width, results=results, penalty=penalty
    )


def _draw(
    decoder: Decoder,
    encoded: EncoderOutput,
    temperature: Number,
    top_k: Count,
    top_p: Number,
    seed: Count,
) -> Hypotheses:
    """A sentence for each row, drawn by `zoo.generation.search.sample`; it depends on the seed and its row alone."""
    return sample(
        _step_function(decoder, decoder.fixed(encoded.start, encoded.memory, encoded.mask), weights=False),
        decoder.first_states(encoded.start),
        encoded.limits,
        SPECIAL_TOKENS,
        chance=lambda n: tf.random.stateless_uniform([], tf.stack([seed, n])),
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
    )


def _step_function(decoder: Decoder, fixed: dict[str, tf.Tensor], weights: bool) -> Step:
    """The decoder's step as a search calls it.

    Args:
        decoder: makes the steps.
        fixed: what `Decoder.fixed` gives, with as many rows as the search has.
        weights: whether those of attention come out with each token, of all places or of none: they may be many.
    """

    def step(tokens: tf.Tensor, states: Nest) -> tuple[tf.Tensor, Nest, Nest]:
        # What is a nest of tensors to a search are the states of the decoder's cells.
        logits, states, attended = decoder.step(tokens, cast("list[StackedStates]", states), fixed)
        attended = tf.cast(attended if weights else attended[:, :0], tf.float32)
        return tf.cast(logits, decoder.variable_dtype), states, attended

    return step


# ------------------------------------------------------------------------------------------ generating


def generate_function(server: Server, options: AnswerOptions) -> Callable[[tf.Tensor], dict[str, np.ndarray]]:
    """A function from a batch of inputs to the arrays of `search`; or to those of `sample`, `(batch, samples)`.

    Args:
        server: what a task's `make` gives; its `configuration` holds where the options say nothing.
        options: of the search or of the draws.
    """
    if options.sampling:
        arguments = tf.constant(options.temperature), tf.constant(options.top_k), tf.constant(options.top_p)

        def generate_samples(inputs: tf.Tensor) -> dict[str, np.ndarray]:
            seeds = [(options.seed + n) % 2**31 for n in range(options.samples)]
            draws = [server.functions["sample"](inputs, *arguments, tf.constant(seed)) for seed in seeds]
            return {name: np.stack([draw[name].numpy() for draw in draws], axis=1) for name in draws[0]}

        return generate_samples
    width, penalty = options.width_and_penalty(server.configuration.width, server.configuration.penalty)

    def generate_best(inputs: tf.Tensor) -> dict[str, np.ndarray]:
        arguments = tf.constant(width), tf.constant(options.n_best), tf.constant(penalty, tf.float32)
        return {name: value.numpy() for name, value in server.functions["search"](inputs, *arguments).items()}

    return generate_best
