"""The searches against all sequences of tiny models, enumerated."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
import tensorflow as tf

from zoo.generation.hypotheses import Hypotheses, Nest, SpecialTokens, Step
from zoo.generation.search import beam_search, greedy, length_penalty, repeat, sample

BEGIN, END = 1, 2
SPECIAL_TOKENS = SpecialTokens(BEGIN, END)
VOCABULARY = 5  # padding, begin, end, and two words


def tables(rows: int, seed: int = 0, sharpness: float = 2.0) -> np.ndarray:
    """For each row of a batch the logits of a token after two others, `(rows, V, V, V)`."""
    return sharpness * np.random.default_rng(seed).normal(size=(rows, *[VOCABULARY] * 3))


def model(table: np.ndarray) -> tuple[Step, Nest]:
    """A model that remembers the last two tokens and which row it is; its extras are the input token of each step."""
    logits_of = tf.constant(table)

    def step(tokens: tf.Tensor, states: Nest) -> tuple[tf.Tensor, Nest, Nest]:
        assert isinstance(states, dict)
        logits = tf.gather_nd(
            logits_of, tf.stack([states["deep"][0][:, 0], states["last"][:, 0], tokens], axis=1)
        )
        return logits, {"deep": states["deep"], "last": tokens[:, None]}, {"input": tokens[:, None]}

    return step, {"deep": [tf.range(len(table))[:, None]], "last": tf.fill([len(table), 1], BEGIN)}


def limits(*of_rows: int) -> tf.Tensor:
    return tf.constant(of_rows, tf.int32)


def all_sequences(
    table: np.ndarray, limit: int, penalty: float
) -> list[tuple[float, float, tuple[int, ...], bool]]:
    """Every sequence of one row: its score, its log probability, its words, whether it is cut; the best first."""
    words = range(3, VOCABULARY)
    allowed = [END, *words]
    found = []
    for length in range(limit + 1):
        for sequence in itertools.product(words, repeat=length):
            endings = [((), True)] if length == limit else [((END,), False)]
            for ending, cut in endings:
                before, last, log_p = BEGIN, BEGIN, 0.0
                for token in (*sequence, *ending):
                    logits = table[before, last]
                    log_p += logits[token] - np.log(np.exp(logits[allowed]).sum())
                    before, last = last, token
                score = log_p / ((5 + length + len(ending)) / 6) ** penalty
                found.append((score, log_p, sequence, cut))
    return sorted(found, reverse=True)


def words_of(found: Hypotheses, row: int, result: int = 0) -> tuple[int, ...]:
    return tuple(found.tokens.numpy()[row, result, : found.lengths.numpy()[row, result]])


def inputs_of(found: Hypotheses) -> tf.Tensor:
    """The input token of each step, which the model gives as extras."""
    assert isinstance(found.extras, dict)
    return found.extras["input"]


def arrays(found: Hypotheses, row: int) -> dict[str, Any]:
    """The hypotheses of a row, without the padding of the steps."""
    lengths = found.lengths.numpy()[row]
    return {
        "words": [words_of(found, row, n) for n in range(len(lengths))],
        "scores": found.scores.numpy()[row],
        "cut": found.cut.numpy()[row],
        "inputs": [inputs_of(found).numpy()[row, n, :length, 0] for n, length in enumerate(lengths)],
    }


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    np.testing.assert_allclose(found["scores"], expected["scores"], rtol=1e-12)
    assert found["words"] == expected["words"]
    assert (found["cut"] == expected["cut"]).all()
    assert all((one == other).all() for one, other in zip(found["inputs"], expected["inputs"], strict=True))


# ------------------------------------------------------------------------------------------ beam


@pytest.mark.parametrize("penalty", [0.0, 1.0, 3.0])
def test_a_wide_beam_finds_the_best_of_all_sequences(penalty: float) -> None:
    table, limit = tables(6), 4
    found = beam_search(
        *model(table), limits(*[limit] * 6), SPECIAL_TOKENS, width=60, results=7, penalty=penalty
    )
    for row in range(6):
        expected = all_sequences(table[row], limit, penalty)[:7]
        assert [words_of(found, row, n) for n in range(7)] == [sequence for _, _, sequence, _ in expected]
        np.testing.assert_allclose(found.scores[row], [score for score, *_ in expected])
        np.testing.assert_allclose(found.log_probabilities[row], [log_p for _, log_p, *_ in expected])
        assert found.cut.numpy()[row].tolist() == [cut for *_, cut in expected]
    assert found.cut.numpy().any()
    assert not found.cut.numpy().all()


def by_hand(table: np.ndarray, limit: int, width: int, penalty: float) -> list[tuple[float, tuple[int, ...]]]:
    """The same beam for one row in plain Python, run to its end."""
    beam: list[tuple[float, tuple[int, ...], bool]] = [(0.0, (), False)]
    for _ in range(limit):
        candidates: list[tuple[float, tuple[int, ...], bool]] = []
        for log_p, tokens, done in beam:
            if done:
                candidates.append((log_p, tokens, True))
                continue
            history = (BEGIN, BEGIN, *tokens)
            logits = table[history[-2], history[-1]]
            allowed = [END, *range(3, VOCABULARY)]
            total = np.log(np.exp(logits[allowed]).sum())
            candidates += [(log_p + logits[t] - total, (*tokens, t), t == END) for t in allowed]
        beam = sorted(candidates, key=lambda c: -c[0] / ((5 + len(c[1])) / 6) ** penalty)[:width]
    return [
        (log_p / ((5 + len(tokens)) / 6) ** penalty, tuple(t for t in tokens if t != END))
        for log_p, tokens, _ in beam
    ]


@pytest.mark.parametrize("width", [1, 2, 3])
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_narrow_beam_is_the_one_in_plain_python_though_it_stops_early(width: int, penalty: float) -> None:
    table = tables(20, seed=1)
    found = beam_search(
        *model(table), limits(*[9] * 20), SPECIAL_TOKENS, width=width, results=1, penalty=penalty
    )
    for row in range(20):
        score, words = by_hand(table[row], 9, width, penalty)[0]
        assert words_of(found, row) == words
        np.testing.assert_allclose(found.scores[row, 0], score)


@pytest.mark.parametrize("penalty", [0.0, 2.0])
def test_a_beam_of_one_equals_greedy(penalty: float) -> None:
    table = tables(30, seed=2)
    beam = beam_search(*model(table), limits(*[8] * 30), SPECIAL_TOKENS, width=1, penalty=penalty)
    one_by_one = greedy(*model(table), limits(*[8] * 30), SPECIAL_TOKENS)
    for row in range(30):
        assert words_of(beam, row) == words_of(one_by_one, row)
    np.testing.assert_allclose(beam.log_probabilities, one_by_one.log_probabilities)
    assert (beam.cut.numpy() == one_by_one.cut.numpy()).all()
    assert 0 < beam.cut.numpy().mean() < 1
    np.testing.assert_allclose(beam.scores, beam.log_probabilities / length_penalty(
        beam.lengths + tf.cast(~beam.cut, tf.int32), penalty, tf.float64
    ))  # fmt: skip


def test_a_finished_sequence_stays_as_it_is() -> None:
    """The row that ends at once gets the same answer beside rows that go on for long."""
    table = tables(3, sharpness=0.0)
    table[0, :, :, END] += 20  # ends at once
    table[1, :, :, 3] += 20  # never ends
    found = beam_search(*model(table), limits(12, 12, 12), SPECIAL_TOKENS, width=2)
    assert words_of(found, 0) == ()
    np.testing.assert_allclose(found.scores[0, 0], 0, atol=1e-7)
    assert found.tokens.numpy()[0].sum() == 0
    assert words_of(found, 1) == (3,) * 12
    assert found.cut.numpy()[:, 0].tolist() == [False, True, False]


Search: TypeAlias = Callable[[Step, Nest, tf.Tensor], Hypotheses]
SEARCHES: dict[str, Search] = {
    "beam": lambda step, states, most: beam_search(step, states, most, SPECIAL_TOKENS, width=3, results=2),
    "greedy": lambda step, states, most: greedy(step, states, most, SPECIAL_TOKENS),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_an_answer_does_not_depend_on_the_rest_of_the_batch(search: Search) -> None:
    table, most = tables(12, seed=3), [3, 12, 1, 0, 7, 5, 12, 12, 2, 9, 4, 12]
    together = search(*model(table), limits(*most))
    for row in range(12):
        alone = search(*model(table[row : row + 1]), limits(most[row]))
        assert_same(arrays(alone, 0), arrays(together, row))


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_limits_of_rows_and_extras_of_the_tokens(search: Search) -> None:
    table = tables(4, seed=4)
    found = search(*model(table), limits(0, 1, 5, 5))
    assert found.lengths.numpy()[0, 0] == 0
    assert not found.cut.numpy()[0, 0]
    np.testing.assert_allclose(found.scores[0, 0], 0)
    assert (found.lengths.numpy()[1] <= 1).all()
    for row in (2, 3):
        words = words_of(found, row)
        assert tuple(inputs_of(found).numpy()[row, 0, : len(words), 0]) == (BEGIN, *words)[: len(words)]


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_an_empty_batch(search: Search) -> None:
    found = search(*model(tables(0)), limits())
    assert found.tokens.shape[0] == found.scores.shape[0] == found.cut.shape[0] == 0


def test_more_results_than_sequences_are_nothing() -> None:
    found = beam_search(*model(tables(1)), limits(1), SPECIAL_TOKENS, width=9, results=5)
    assert np.isfinite(found.scores.numpy()).sum() == 3  # nothing, or one of two words
    assert found.lengths.numpy()[0, 3:].tolist() == [0, 0]
    assert not found.cut.numpy()[0, 3:].any()


def for_each_row(count: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Chances of a seed, one for each row and step."""
    return lambda n: tf.random.stateless_uniform([count, 1], tf.stack([0, n]))


def of_seed(seed: int) -> Callable[[tf.Tensor], tf.Tensor]:
    """Chances of a seed, one for each step."""
    return lambda n: tf.random.stateless_uniform([], tf.stack([seed, n]))


def test_what_is_forbidden_is_never_said() -> None:
    table = tables(8)
    table[..., [0, BEGIN, 4]] += 50
    special = SpecialTokens(BEGIN, END, forbidden=(4,))
    for found in (
        beam_search(*model(table), limits(*[6] * 8), special, width=3),
        sample(*model(table), limits(*[6] * 8), special, chance=for_each_row(8)),
    ):
        inside = np.arange(found.tokens.shape[-1]) < found.lengths.numpy()[..., None]
        assert (found.tokens.numpy()[inside] == 3).all()
        assert inside.any()


def test_it_runs_in_a_graph_of_any_batch_size() -> None:
    table = tables(6, seed=5)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def search(rows: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        step, _ = model(table)
        states = {"deep": [rows[:, None]], "last": tf.fill([tf.shape(rows)[0], 1], BEGIN)}
        found = beam_search(step, states, tf.fill(tf.shape(rows), 6), SPECIAL_TOKENS, width=3)
        return found.tokens, found.scores, inputs_of(found)

    expected = beam_search(*model(table), limits(*[6] * 6), SPECIAL_TOKENS, width=3)
    for rows in ([], [4], [0, 1, 2, 3, 4, 5]):
        _, scores, _ = search(tf.constant(rows, tf.int32))
        np.testing.assert_allclose(scores, expected.scores.numpy()[rows])


@pytest.mark.parametrize(("arguments", "message"), [
    ({"width": 2, "results": 3}, "results must be from 1 to the width 2"),
    ({"penalty": -1.0}, "penalty must be at least 0"),
])  # fmt: skip
def test_settings_that_mean_nothing_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        beam_search(*model(tables(1)), limits(2), SPECIAL_TOKENS, **arguments)


@pytest.mark.parametrize(
    ("width", "results", "penalty", "message"),
    [
        (2, 3, 1.0, "results must be at most the width"),
        (0, 0, 1.0, "results must be at least 1"),
        (2, 1, -1.0, "penalty must be at least 0"),
        (2, 1, 1e6, "penalty must be at most 10"),
    ],
)
def test_a_graph_that_is_asked_for_what_means_nothing_says_so(
    width: int, results: int, penalty: float, message: str
) -> None:
    @tf.function
    def search(width: tf.Tensor, results: tf.Tensor, penalty: tf.Tensor) -> tf.Tensor:
        settings = {"width": width, "results": results, "penalty": penalty}
        return beam_search(*model(tables(1)), limits(1), SPECIAL_TOKENS, **settings).tokens

    assert search(tf.constant(2), tf.constant(2), tf.constant(0.5)).shape[1] == 2
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        search(tf.constant(width), tf.constant(results), tf.constant(penalty))


def test_repeat_keeps_rows_together() -> None:
    assert repeat(tf.constant([[1], [2]]), 2).numpy().ravel().tolist() == [1, 1, 2, 2]


# ------------------------------------------------------------------------------------------ sampling


def first_words(settings: dict[str, Any], count: int = 4000) -> np.ndarray:
    """Shares of the first tokens drawn from probabilities 0.5 (end), 0.3 and 0.2."""
    table = np.tile(np.log([1e-9, 1e-9, 0.5, 0.3, 0.2]), (count, VOCABULARY, VOCABULARY, 1))
    found = sample(
        *model(table), limits(*[1] * count), SPECIAL_TOKENS, chance=for_each_row(count), **settings
    )
    return np.bincount(found.tokens.numpy()[:, 0, 0], minlength=VOCABULARY) / count


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, (0.5, 0.3, 0.2)),
        ({"temperature": 0.5}, np.array([0.25, 0.09, 0.04]) / 0.38),
        ({"top_k": 2}, (0.625, 0.375, 0)),
        ({"top_k": 50}, (0.5, 0.3, 0.2)),
        ({"top_p": 0.6}, (0.625, 0.375, 0)),
        ({"top_p": 0.4}, (1, 0, 0)),
        ({"temperature": 0.0}, (1, 0, 0)),
    ],
)
def test_tokens_are_drawn_with_their_probabilities(
    settings: dict[str, Any], expected: tuple[float, ...]
) -> None:
    shares = first_words(settings)  # the end is written as padding
    np.testing.assert_allclose([shares[0], shares[3], shares[4]], expected, atol=0.03)
    assert (np.asarray(shares)[[0, 3, 4]][np.asarray(expected) == 0] == 0).all()


def test_a_chance_for_all_rows_draws_the_same_whatever_the_batch() -> None:
    table = tables(5, sharpness=0.3)
    draws = [
        sample(*model(table[:rows]), limits(*[9] * rows), SPECIAL_TOKENS, chance=of_seed(seed))
        for rows, seed in ((5, 0), (5, 0), (5, 7), (3, 0))
    ]
    first, again, other, fewer = [
        [words_of(found, row) for row in range(len(found.tokens))] for found in draws
    ]
    assert first == again
    assert first != other
    assert fewer == first[:3]
