"""Compared with what comes out where every sequence of tags is written down."""

from __future__ import annotations

import itertools

import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from zoo.layers import crf
from zoo.tensors import Tensor

#: Scores of words `(batch, time, tags)`, of the start `(tags,)` and of transitions `(tags, tags)`.
Numbers = tuple[np.ndarray, np.ndarray, np.ndarray]
TAGS = 3
MASK = np.array([[1, 1, 1, 1, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 1, 1, 0], [1, 1, 1, 1, 1]], bool)


@pytest.fixture(scope="module")
def problem() -> Numbers:
    random = np.random.default_rng(3)
    scores = random.normal(size=(*MASK.shape, TAGS)).astype("float32")
    start = random.normal(size=TAGS).astype("float32")
    transitions = 2 * random.normal(size=(TAGS, TAGS)).astype("float32")
    return scores, start, transitions


def sequences(
    scores: np.ndarray, start: np.ndarray, transitions: np.ndarray, mask: np.ndarray
) -> dict[tuple[int, ...], float]:
    """Every sequence of tags of one sentence's words with its score."""
    words = scores[mask]
    scored = {}
    for tags in itertools.product(range(TAGS), repeat=len(words)):
        score = sum(words[n][tag] for n, tag in enumerate(tags)) + (start[tags[0]] if tags else 0)
        scored[tags] = score + sum(transitions[a, b] for a, b in itertools.pairwise(tags))
    return scored


def numpy(tensor: Tensor) -> np.ndarray:
    return keras.ops.convert_to_numpy(tensor)


def test_best_tags_are_those_of_the_best_sequence(problem: Numbers) -> None:
    scores, start, transitions = problem
    found = numpy(crf.best_tags(scores, MASK, start, transitions))
    for row, mask in enumerate(MASK):
        every = sequences(scores[row], start, transitions, mask)
        assert tuple(found[row][mask]) == max(every, key=lambda tags: every[tags])
    assert not found[~MASK].any()


def test_best_tags_are_not_the_best_of_each_word(problem: Numbers) -> None:
    scores, start, transitions = problem
    alone = scores.argmax(axis=-1)
    assert (numpy(crf.best_tags(scores, MASK, start, transitions)) != alone)[MASK].any()


def test_log_likelihood_is_that_of_the_sequence_among_all(problem: Numbers) -> None:
    scores, start, transitions = problem
    tags = np.random.default_rng(1).integers(0, TAGS, MASK.shape)
    # A gap in the middle joins the words on both sides only for the best sequence; sentences are padded on the right.
    rows = [0, 1, 2, 4]
    terms = numpy(
        crf.log_likelihoods(
            keras.ops.convert_to_tensor(scores),
            keras.ops.convert_to_tensor(tags, dtype="int32"),
            keras.ops.convert_to_tensor(MASK),
            keras.ops.convert_to_tensor(start),
            keras.ops.convert_to_tensor(transitions),
        )
    )
    for row in rows:
        every = sequences(scores[row], start, transitions, MASK[row])
        expected = every[tuple(tags[row][MASK[row]])] - logsumexp(list(every.values()))
        assert terms[row].sum() == pytest.approx(expected, abs=1e-4)
        assert not terms[row][~MASK[row]].any()


def test_probabilities_are_the_share_of_sequences_with_the_tag(problem: Numbers) -> None:
    scores, start, transitions = problem
    found = numpy(crf.probabilities(*map(keras.ops.convert_to_tensor, (scores, MASK, start, transitions))))
    for row, mask in enumerate(MASK):
        every = sequences(scores[row], start, transitions, mask)
        total = logsumexp(list(every.values()))
        for word, step in enumerate(np.flatnonzero(mask)):
            for tag in range(TAGS):
                share = sum(np.exp(s - total) for tags, s in every.items() if tags[word] == tag)
                assert found[row, step, tag] == pytest.approx(share, abs=1e-5)


def test_layer_gives_what_the_loss_needs_and_can_be_made_again(problem: Numbers) -> None:
    scores, _, _ = problem
    layer = crf.LinearChainCRF(TAGS)
    tags, start, transitions = layer(keras.ops.convert_to_tensor(scores), mask=MASK)
    assert (
        numpy(tags) == np.where(MASK, scores.argmax(axis=-1), 0)
    ).all()  # at first all transitions are alike
    assert start.shape == (TAGS,)
    assert transitions.shape == (TAGS, TAGS)
    assert crf.LinearChainCRF.from_config(layer.get_config()).tags == TAGS
