from __future__ import annotations

import itertools
from collections import defaultdict

import keras
import numpy as np
import pytest
import tensorflow as tf

from zoo.tasks.speech.ctc import CTC, beam_search, fewest_steps, greedy, greedy_score, loss, steps_needed

STEPS, TOKENS = 5, 3
Text = tuple[int, ...]


def text_of(path: tuple[int, ...]) -> Text:
    """What a sequence of steps gives: repetitions are one, then blanks are nothing."""
    return tuple(token for token, _ in itertools.groupby(path) if token)


def probabilities(logits: np.ndarray) -> dict[Text, float]:
    """Of each text, the sum over all sequences of steps that give it; from logits `(steps, tokens)`."""
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True)).astype(np.float64)
    shares /= shares.sum(axis=-1, keepdims=True)
    found: dict[Text, float] = defaultdict(float)
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        found[text_of(path)] += float(np.prod([shares[n, token] for n, token in enumerate(path)]))
    return found


def logits_of(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 2, (rows, STEPS, TOKENS)).astype(np.float32)


def padded(texts: list[Text]) -> tf.Tensor:
    longest = max(map(len, texts))
    return tf.constant([[*text, *[0] * (longest - len(text))] for text in texts], tf.int32)


def masks(lengths: list[int], steps: int = STEPS) -> tf.Tensor:
    return tf.sequence_mask(lengths, steps)


def test_the_loss_is_that_of_all_alignments() -> None:
    """All texts of one to five tokens that fit, repetitions among them, in as many steps and in fewer."""
    logits, every = (
        logits_of(1)[0],
        [text for n in (1, 2, 3, 4, 5) for text in itertools.product((1, 2), repeat=n)],
    )
    for steps in (5, 3, 1):
        expected = probabilities(logits[:steps])
        texts = [text for text in every if text in expected]
        rows = np.tile(logits, (len(texts), 1, 1))
        found = loss(tf.constant(rows), masks([steps] * len(texts)), padded(texts)).numpy()
        np.testing.assert_allclose(found, [-np.log(expected[text]) for text in texts], rtol=1e-5)
        for text in set(every) - set(texts):
            assert steps_needed(np.array(text)) > steps
        assert np.array(fewest_steps(padded(texts))).tolist() == [
            steps_needed(np.array(text)) for text in texts
        ]
        assert all(steps_needed(np.array(text)) <= steps for text in texts)


def test_it_is_that_of_keras_and_so_is_its_gradient() -> None:
    lengths, texts = [5, 4, 3], [(1, 1, 2), (2,), (1, 2)]
    given = tf.constant(logits_of(3))
    labels = padded(texts)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(given)
        ours = loss(given, masks(lengths), labels)
        theirs = keras.ops.ctc_loss(labels, given, [len(text) for text in texts], lengths)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(ours, given), tape.gradient(theirs, given), atol=1e-5)


def test_padding_changes_nothing() -> None:
    given = logits_of(2)
    longer = np.pad(given, ((0, 0), (0, 7), (0, 0)), constant_values=50)
    labels = padded([(1, 2), (2, 2)])
    short = loss(tf.constant(given), masks([5, 4]), labels)
    long = loss(tf.constant(longer), masks([5, 4], 12), tf.pad(labels, [[0, 0], [0, 3]]))
    np.testing.assert_allclose(short, long, rtol=1e-6)
    for decode in (greedy_text, beam_text):
        assert decode(given, masks([5, 4])) == decode(longer, masks([5, 4], 12))


def test_rows_that_fill_a_batch_up_and_texts_that_do_not_fit_are_no_loss() -> None:
    given = tf.constant(logits_of(3))
    found = loss(given, masks([5, 0, 2]), padded([(1,), (), (1, 1, 1)])).numpy()
    assert found[0] > 0
    assert found[1:].tolist() == [0, 0]


def greedy_text(logits: np.ndarray, mask: tf.Tensor) -> list[Text]:
    ids, _ = greedy(tf.constant(logits), mask, tf.zeros([len(logits), 1], tf.int32))
    return [tuple(row[row > 0].tolist()) for row in ids.numpy()]


def beam_text(logits: np.ndarray, mask: tf.Tensor, width: int = 64) -> list[Text]:
    ids, _ = beam_search(tf.constant(logits), mask, width)
    return [tuple(row[row > 0].tolist()) for row in ids.numpy()]


def test_the_greedy_text_is_that_of_the_best_step_after_step() -> None:
    logits = logits_of(20)
    lengths = [1 + n % STEPS for n in range(20)]
    expected = [
        text_of(tuple(row[:length].argmax(axis=1))) for row, length in zip(logits, lengths, strict=True)
    ]
    assert greedy_text(logits, masks(lengths)) == expected
    best = tf.nn.softmax(logits[:1]).numpy().max(axis=-1)
    assert float(greedy_score(tf.constant(logits[:1]), masks([5]))[0]) == pytest.approx(
        np.log(best).sum(), rel=1e-5
    )


def test_the_greedy_text_goes_on_in_pieces() -> None:
    logits, last, written = logits_of(6), tf.zeros([6, 1], tf.int32), [()] * 6
    whole = greedy_text(logits, masks([STEPS] * 6))
    for start, end in ((0, 2), (2, 3), (3, 5)):
        piece = tf.constant(logits[:, start:end])
        ids, last = greedy(piece, tf.ones(piece.shape[:2], tf.bool), last)
        written = [
            (*so_far, *row[row > 0].tolist()) for so_far, row in zip(written, ids.numpy(), strict=True)
        ]
    assert written == whole


def test_the_beam_finds_the_most_probable_text() -> None:
    """Wide enough to follow every prefix, the search is exact; and it is another than that of the best steps."""
    logits = logits_of(30, seed=1) / 2
    lengths = [1 + n % STEPS for n in range(30)]
    every = [probabilities(row[:length]) for row, length in zip(logits, lengths, strict=True)]
    best = [max(found, key=found.__getitem__) for found in every]
    assert beam_text(logits, masks(lengths)) == best
    assert best != greedy_text(logits, masks(lengths))
    _, score = beam_search(tf.constant(logits), masks(lengths), 64)
    np.testing.assert_allclose(score, [np.log(max(found.values())) for found in every], rtol=1e-4)


def test_the_layer_gives_both_and_comes_back_from_its_configuration() -> None:
    layer = CTC.from_config(CTC(name="ctc").get_config())
    given, labels = tf.constant(logits_of(2)), padded([(1, 2), (2,)])
    found = layer(given, masks([5, 4]), labels)
    np.testing.assert_allclose(found["loss"], loss(given, masks([5, 4]), labels))
    assert found["tokens"].dtype == tf.int32
