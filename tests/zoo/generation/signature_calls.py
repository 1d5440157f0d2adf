"""Calls of models that generate sentences, live or loaded, and what their answers are compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from tests.zoo.answers import differing
from zoo.data.subwords import BEGIN, PADDING
from zoo.data.vocabulary import UNKNOWN
from zoo.layers.decoder import Decoder

#: A function of a live model, or a signature of a loaded one.
Signature: TypeAlias = Callable[..., dict[str, tf.Tensor]]
Inputs: TypeAlias = list[str] | np.ndarray


def log_probability(
    decoder: Decoder, tokens: list[int], start: tf.Tensor, memory: tf.Tensor, mask: tf.Tensor | None = None
) -> float:
    """Of the tokens of one sentence, under teacher forcing, among the tokens that a search may generate."""
    read = tf.constant([[BEGIN, *tokens[:-1]]])
    logits = decoder(read, start, memory, mask, training=False).numpy()[0].astype(np.float64)
    logits[:, [PADDING, BEGIN, UNKNOWN]] = -np.inf
    shares = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return float(shares[np.arange(len(tokens)), tokens].sum())


def call_signature(function: Signature, inputs: Inputs, **arguments: float) -> dict[str, np.ndarray]:
    """What a function of the live model answers, or a signature of a loaded one, which takes all by name."""
    batch = tf.constant(inputs, tf.string) if isinstance(inputs, list) else tf.constant(inputs)
    options = {name: tf.constant(value) for name, value in arguments.items()}
    if hasattr(function, "structured_input_signature"):
        (name,) = function.structured_input_signature[1].keys() - options.keys()
        answer = function(**{name: batch}, **options)
    else:
        answer = function(batch, *options.values())
    return {name: value.numpy() for name, value in answer.items()}


def search(
    function: Signature, inputs: Inputs, width: int = 4, results: int = 3, penalty: float = 1.0
) -> dict[str, np.ndarray]:
    """What the function or signature `search` answers."""
    return call_signature(function, inputs, width=width, results=results, penalty=penalty)


def drawn(
    function: Signature, inputs: Inputs, seed: int = 0, temperature: float = 1.0
) -> dict[str, np.ndarray]:
    """What the function or signature `sample` answers."""
    return call_signature(function, inputs, temperature=temperature, top_k=0, top_p=1.0, seed=seed)


def check_draws(
    loaded: Mapping[str, Signature], live: Mapping[str, Signature], inputs: Inputs, sentence: str
) -> None:
    """Draws of four inputs follow from the seed and the row alone, loaded and live; the coldest are the greedy ones."""
    together = drawn(live["sample"], inputs)
    assert differing(drawn(loaded["sample"], inputs), together) == []
    for row in range(4):
        alone = drawn(live["sample"], inputs[row : row + 1])
        assert differing(alone, {name: value[row : row + 1] for name, value in together.items()}) == []
    assert any(differing(drawn(live["sample"], inputs, seed), together) for seed in range(1, 5))
    greedy = search(live["search"], inputs, width=1, results=1, penalty=0.0)
    likeliest = drawn(live["sample"], inputs, temperature=0.0)
    assert (likeliest[sentence] == greedy[sentence][:, 0]).all()
    np.testing.assert_allclose(likeliest["score"], greedy["log_probability"][:, 0], atol=1e-5)
