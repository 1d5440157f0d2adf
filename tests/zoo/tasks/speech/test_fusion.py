from __future__ import annotations

import itertools
from collections import defaultdict
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from tests.zoo.tasks.speech.test_ctc import STEPS, Text, logits_of, masks, probabilities
from zoo.data.token_layers import Tokens as Known
from zoo.tasks.next_tokens import Expectation, NextTokens
from zoo.tasks.speech import ctc
from zoo.tasks.speech.fusion import FusedSearch, classes_of, refuse_misfit, unknown_tokens
from zoo.tasks.speech.tokens import Tokens

WRITTEN = Tokens(["a", "b"], "characters")
EVERY = 2**STEPS * 2  # prefixes of two tokens in so many steps are fewer


def trigrams(seed: int = 0) -> np.ndarray:
    """Logarithms of probabilities of three classes after each pair of the four that there are with the start."""
    random = np.random.default_rng(seed).normal(0, 1.5, (4, 4, 3)).astype(np.float32)
    return random - np.log(np.exp(random).sum(axis=-1, keepdims=True))


def language_model(
    vocabulary: tuple[str, ...] = ("b", "a"), kind: str = "characters", **of: Any
) -> NextTokens:
    """A language model whose states are the last two classes, 3 before the first."""
    table = tf.constant(trigrams())

    def expects(states: list[tf.Tensor]) -> Expectation:
        return states, tf.gather_nd(table, tf.concat(states, axis=1))

    def begin(batch: tf.Tensor) -> Expectation:
        return expects([tf.fill([batch, 1], 3), tf.fill([batch, 1], 3)])

    def advance(classes: tf.Tensor, states: list[tf.Tensor]) -> Expectation:
        return expects([states[1], classes[:, None]])

    tokens = Known(kind, of.get("lowercase", False), vocabulary)
    return NextTokens(tokens, of.get("backward", False), keras.Sequential(), begin, advance)


def said(text: Text) -> float:
    """The logarithm of a text's probability in the language model; `a` is its class 2, and `b` its class 1."""
    classes = [3, 3, *[{1: 2, 2: 1}[token] for token in text]]
    return float(sum(trigrams()[a, b, c] for a, b, c in zip(classes, classes[1:], classes[2:], strict=False)))


def search(
    logits: np.ndarray, weights: tuple[float, float], width: int, lengths: list[int] | None = None
) -> tuple[list[Text], np.ndarray, np.ndarray]:
    fused = FusedSearch(language_model(), WRITTEN, width)
    mask = masks(lengths or [logits.shape[1]] * len(logits), logits.shape[1])

    @tf.function
    def run() -> Any:
        beam = fused.read(
            fused.begin(tf.constant(len(logits))), tf.constant(logits), mask, tf.constant(weights)
        )
        return fused.best(beam, tf.constant(weights))

    ids, heard, language = (values.numpy() for values in run())
    return [tuple(row[row > 0].tolist()) for row in ids], heard, language


@pytest.mark.parametrize("weights", [(0.0, 0.0), (0.7, 0.9), (2.5, 1.5)])
def test_a_wide_beam_finds_the_best_of_all_texts(weights: tuple[float, float]) -> None:
    """Beside all texts of the steps, one by one, with the sums over their alignments."""
    logits = logits_of(6)
    found, heard, language = search(logits, weights, EVERY)
    for n, row in enumerate(logits):
        scores = {
            text: np.log(p) + weights[0] * said(text) + weights[1] * len(text)
            for text, p in probabilities(row).items()
        }
        best = max(scores, key=lambda text: scores[text])
        assert found[n] == best
        np.testing.assert_allclose(heard[n], np.log(probabilities(row)[best]), rtol=1e-4)
        np.testing.assert_allclose(language[n], said(best), rtol=1e-4, atol=1e-5)


def test_the_language_model_changes_texts() -> None:
    assert search(logits_of(6), (0.0, 0.0), EVERY)[0] != search(logits_of(6), (1.0, 0.0), EVERY)[0]


def followed(logits: np.ndarray, weights: tuple[float, float], width: int) -> Text:
    """The same search in plain Python: how probably steps give each prefix and end with the blank, or with a token."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True)).astype(np.float64)
    shares /= shares.sum(axis=-1, keepdims=True)
    beam: dict[Text, tuple[float, float]] = {(): (1.0, 0.0)}

    def score(text: Text) -> float:
        return float(np.log(sum(beam[text]))) + weights[0] * said(text) + weights[1] * len(text)

    for step in shares:
        found: dict[Text, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for text, (blank, token) in beam.items():
            found[text][0] += (blank + token) * step[0]
            if text:
                found[text][1] += token * step[text[-1]]
            for n in (1, 2):
                found[(*text, n)][1] += (blank if text[-1:] == (n,) else blank + token) * step[n]
        beam = {text: (blank, token) for text, (blank, token) in found.items() if blank + token > 0}
        beam = {text: beam[text] for text in sorted(beam, key=score)[-width:]}
    return max(beam, key=score)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_a_narrow_beam_follows_the_best_prefixes(width: int) -> None:
    """Where prefixes leave the beam and come back."""
    logits = np.random.default_rng(1).normal(0, 1, (30, 12, 3)).astype(np.float32)
    for weights in ((0.0, 0.0), (0.8, 0.7)):
        assert search(logits, weights, width)[0] == [followed(row, weights, width) for row in logits]


@pytest.mark.parametrize("width", [8, 100])
def test_without_weight_it_is_the_search_without_a_language_model(width: int) -> None:
    logits = np.random.default_rng(1).normal(0, 1, (40, 12, 3)).astype(np.float32)
    lengths = [1 + n % 12 for n in range(40)]
    ids, scores = ctc.beam_search(tf.constant(logits), masks(lengths, 12), width)
    found, heard, _ = search(logits, (0.0, 0.0), width, lengths)
    assert found == [tuple(row[row > 0].tolist()) for row in ids.numpy()]
    np.testing.assert_allclose(heard, scores, rtol=1e-3, atol=1e-4)


def test_padding_and_other_rows_change_nothing() -> None:
    logits, lengths = logits_of(3), [5, 3, 1]
    longer = np.pad(logits, ((0, 0), (0, 4), (0, 0)), constant_values=9)
    together = search(longer, (0.8, 0.5), 3, lengths)
    for n, length in enumerate(lengths):
        alone = search(logits[n : n + 1, :length], (0.8, 0.5), 3)
        assert alone[0][0] == together[0][n]
        np.testing.assert_allclose(alone[1][0], together[1][n], rtol=1e-5)


def test_pieces_give_what_the_whole_gives() -> None:
    fused, weights = FusedSearch(language_model(), WRITTEN, 4), tf.constant([0.8, 0.5])
    logits, mask = tf.constant(logits_of(6)), masks([STEPS] * 6)
    beam = fused.begin(tf.constant(6))
    for part in (slice(0, 2), slice(2, 3), slice(3, STEPS)):
        beam = fused.read(beam, logits[:, part], mask[:, part], weights)
    expected = fused.best(fused.read(fused.begin(tf.constant(6)), logits, mask, weights), weights)
    for found, right in zip(fused.best(beam, weights), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-5)


# ------------------------------------------------------------------------------------------ tokens


def test_words_may_have_the_blank_before_them_and_what_is_unknown_is_known_to_be() -> None:
    written = Tokens(["Yes", "no", "perhaps"], "words")
    first, later = classes_of(written, language_model(("no", " yes", " no"), "words", lowercase=True))
    assert (first.tolist(), later.tolist()) == ([2, 1, 0], [2, 3, 0])
    plain = language_model(("no", "yes"), "plain-words", lowercase=True)
    assert classes_of(written, plain)[0].tolist() == [2, 1, 0]
    assert unknown_tokens(written, plain) == ["perhaps"]
    assert unknown_tokens(written, language_model(("no", "yes"), "plain-words")) == ["Yes", "perhaps"]


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        ("jamo", language_model(), "no language model reads jamo; give --tokens characters"),
        (
            "words",
            language_model(),
            "reads characters, and here words are written; give .* --tokens characters here",
        ),
        ("characters", language_model(kind="words"), "with --tokens characters, or --tokens words here"),
        ("words", language_model(kind="subwords"), "with --tokens words or plain-words$"),
        ("characters", language_model(backward=True), "give one without --backward"),
        ("characters", language_model(("x", "y")), "knows none of the characters"),
    ],
)
def test_a_language_model_of_other_tokens_is_refused(kind: str, given: NextTokens, message: str) -> None:
    with pytest.raises(UserError, match=f"--language-model runs/lm: .*{message}"):
        refuse_misfit(given, Tokens(["a", "b"], kind), "runs/lm")


def test_texts_of_every_length_are_enumerated() -> None:
    """What the test above compares with holds all texts of up to five tokens that fit."""
    texts = set(probabilities(logits_of(1)[0]))
    every = {text for n in range(STEPS + 1) for text in itertools.product((1, 2), repeat=n)}
    assert texts == {text for text in every if ctc.steps_needed(np.array(text, int)) <= STEPS}
