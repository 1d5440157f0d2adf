"""Asking models that write sentences, live or loaded, and what their answers are compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tests.zoo.answers import differing
from zoo.data.subwords import BEGIN, PADDING
from zoo.data.vocabulary import UNKNOWN


def log_probability(decoder: Any, tokens: list[int], start: Any, memory: Any, mask: Any = None) -> float:
    """Of the tokens of one sentence, under teacher forcing, among the tokens that a search may say."""
    read = tf.constant([[BEGIN, *tokens[:-1]]])
    logits = decoder(read, start, memory, mask, training=False).numpy()[0].astype(np.float64)
    logits[:, [PADDING, BEGIN, UNKNOWN]] = -np.inf
    shares = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    return float(shares[np.arange(len(tokens)), tokens].sum())


def ask(function: Any, given: Any, **how: Any) -> dict[str, np.ndarray]:
    """What a function of the live model answers, or a signature of a loaded one; these take all by name."""
    given = tf.constant(given, tf.string) if isinstance(given, list) else tf.constant(given)
    options = {name: tf.constant(value) for name, value in how.items()}
    if hasattr(function, "structured_input_signature"):
        (name,) = function.structured_input_signature[1].keys() - options.keys()
        answer = function(**{name: given}, **options)
    else:
        answer = function(given, *options.values())
    return {name: value.numpy() for name, value in answer.items()}


def search(
    function: Any, given: Any, width: int = 4, results: int = 3, penalty: float = 1.0
) -> dict[str, np.ndarray]:
    """What the function or signature `search` answers."""
    return ask(function, given, width=width, results=results, penalty=penalty)


def drawn(function: Any, given: Any, seed: int = 0, temperature: float = 1.0) -> dict[str, np.ndarray]:
    """What the function or signature `sample` answers."""
    return ask(function, given, temperature=temperature, top_k=0, top_p=1.0, seed=seed)


def check_draws(loaded: Any, live: Any, given: Any, sentence: str) -> None:
    """Draws of four inputs follow from the seed and the row alone, loaded and live; the coldest are the greedy ones."""
    together = drawn(live["sample"], given)
    assert differing(drawn(loaded["sample"], given), together) == []
    for row in range(4):
        alone = drawn(live["sample"], given[row : row + 1])
        assert differing(alone, {name: value[row : row + 1] for name, value in together.items()}) == []
    assert any(differing(drawn(live["sample"], given, seed), together) for seed in range(1, 5))
    greedy = search(live["search"], given, width=1, results=1, penalty=0.0)
    likeliest = drawn(live["sample"], given, temperature=0.0)
    assert (likeliest[sentence] == greedy[sentence][:, 0]).all()
    np.testing.assert_allclose(likeliest["score"], greedy["log_probability"][:, 0], atol=1e-5)
