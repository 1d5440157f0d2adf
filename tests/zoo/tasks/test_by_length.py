from __future__ import annotations

import itertools
import types

import numpy as np

from zoo.data.ragged import Ragged
from zoo.tasks.by_length import by_length
from zoo.tasks.sentiment.task import TASK as SENTIMENT
from zoo.tasks.sequence_batches import SequenceBatches
from zoo.tasks.tagging.task import TASK as TAGGING
from zoo.tasks.translation.task import TASK as TRANSLATION


def count(which: np.ndarray) -> dict[str, float]:
    return {"first": float(which[0]), "sum": float(which.sum())}


def test_every_sequence_is_in_one_row_and_equal_lengths_stay_together():
    lengths = np.random.default_rng(0).integers(1, 12, 200)
    rows = by_length(lengths, count)
    assert sum(row["examples"] for row in rows) == 200
    assert sum(row["sum"] for row in rows) == np.arange(200).sum()
    assert len(rows) == 5
    assert all(one["high"] < other["low"] for one, other in itertools.pairwise(rows))
    for row in rows:
        assert row["examples"] == ((lengths >= row["low"]) & (lengths <= row["high"])).sum()


def test_few_lengths_make_few_rows():
    assert by_length(np.array([3, 3, 3]), count) == [
        {"low": 3, "high": 3, "examples": 3, "first": 0.0, "sum": 3.0}
    ]
    assert by_length(np.array([], int), count) == []


def ragged(*lengths: int) -> Ragged:
    return Ragged(np.arange(sum(lengths)), np.concatenate([[0], np.cumsum(lengths)]))


def test_sentiment_scores_each_length_by_itself():
    batches = SequenceBatches(ragged(1, 5), np.array([0, 1]), 2, np.array([8]))
    prepared = types.SimpleNamespace(labels=("neg", "pos"))
    predictions = np.array([[2.0, 0.0], [2.0, 0.0]])
    rows = SENTIMENT.by_length(prepared, predictions, batches)  # type: ignore[arg-type]
    assert [(row["low"], row["accuracy"]) for row in rows] == [(1, 1.0), (5, 0.0)]


def test_translation_scores_sources_of_a_length_by_themselves():
    batches = types.SimpleNamespace(texts=lambda: ["a", "b c d"], references=lambda: ["x", "y"])
    predictions = {"translations": [{"translation": "x"}, {"translation": "no"}]}
    learned = types.SimpleNamespace(bleu="13a")
    rows = TRANSLATION.by_length(learned, predictions, batches)  # type: ignore[arg-type]
    assert [(row["low"], row["high"], row["examples"], row["exact"]) for row in rows] == [
        (1, 1, 1, 1),
        (3, 3, 1, 0),
    ]


def test_tagging_counts_the_words_of_the_sentences_of_a_length():
    tags = ragged(1, 3)
    batches = types.SimpleNamespace(tags=Ragged(np.array([0, 1, 1, 1]), tags.offsets))
    rows = TAGGING.by_length(None, np.array([0, 1, 0, 0]), batches)  # type: ignore[arg-type]
    assert [(row["low"], row["accuracy"]) for row in rows] == [(1, 1.0), (3, 1 / 3)]
