from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo.tasks.tagging.metrics import scores, scores_of_one, span_scores, spans, tables

IOB = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")


def numbers(tags: str) -> np.ndarray:
    return np.array([IOB.index(tag) for tag in tags.split()])


RIGHT = numbers("B-PER I-PER O B-LOC  O O B-LOC I-LOC")
FOUND = numbers("B-PER I-PER O B-PER  O O B-LOC O")
OFFSETS = np.array([0, 4, 8])


def test_accuracy_of_all_words_and_of_those_that_train_has_not():
    known = np.array([1, 1, 1, 0, 1, 1, 1, 0], bool)
    known[0] = False
    assert scores(FOUND, RIGHT, known) == {"accuracy": 6 / 8, "unknown_accuracy": 1 / 3}
    assert scores(FOUND, RIGHT, np.ones(8, bool)) == {"accuracy": 6 / 8}


def test_spans_count_when_both_ends_and_kind_are_right():
    found = span_scores(IOB, FOUND, RIGHT, OFFSETS)
    assert found == {"span_precision": 1 / 3, "span_recall": 1 / 3, "span_f1": pytest.approx(1 / 3)}
    assert span_scores(("ADJ", "NOUN", "O"), FOUND % 3, RIGHT % 3, OFFSETS) == {}


def test_a_span_ends_with_its_sentence():
    right = numbers("O B-LOC  I-LOC O")
    joined = span_scores(IOB, numbers("O B-LOC  O O"), right, np.array([0, 4]))
    separate = span_scores(IOB, numbers("O B-LOC  O O"), right, np.array([0, 2, 4]))
    assert joined["span_recall"] == 0
    assert separate["span_recall"] == 1 / 2


def test_one_tag_against_the_others():
    found = scores_of_one(0, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    assert found == {"precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_tables_of_tags_and_spans():
    found: dict[str, Any] = tables(IOB, FOUND, RIGHT, OFFSETS)
    assert found["tags"]["B-LOC"] == {
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
        "support": 2,
    }
    assert found["confusion_matrix"][0] == [1, 1, 0, 0, 0]
    assert found["spans"]["PER"] == {
        "precision": 0.5,
        "recall": 1.0,
        "f1": pytest.approx(2 / 3),
        "support": 1,
    }
    assert set(found["spans"]) == {"LOC", "PER"}
    assert "spans" not in tables(("a", "b"), FOUND % 2, RIGHT % 2, OFFSETS)
    nothing = np.full(8, IOB.index("O"))
    assert tables(IOB, nothing, nothing, OFFSETS)["spans"] == {}


def test_spans_of_a_sentence():
    tags = ["O", "B-PER", "I-PER", "B-LOC"]
    assert spans(["in", "A", "B", "C"], tags) == [("PER", "A B"), ("LOC", "C")]


LETTERS = {"IOBES": "BIES", "BILOU": "BILU", "BMEWO": "BMEW"}


def in_scheme(tags: list[str], letters: str) -> list[str]:
    """Well-formed tags of IOB2 by another scheme."""
    behind = [*tags[1:], "O"]
    changed = []
    for tag, after in zip(tags, behind, strict=True):
        goes_on = after.startswith("I-")
        place = ("BI" if goes_on else "SE")["BI".index(tag[0])] if tag != "O" else "O"
        changed.append(tag if tag == "O" else letters["BIES".index(place)] + tag[1:])
    return changed


@pytest.mark.parametrize("scheme", LETTERS)
def test_the_same_spans_give_the_same_scores_in_every_scheme(scheme: str) -> None:
    right = ["B-PER", "I-PER", "B-PER", "O", "B-LOC", "B-LOC", "I-LOC", "I-LOC", "O"]
    found = ["B-PER", "I-PER", "O", "O", "B-LOC", "B-LOC", "I-LOC", "O", "B-PER"]

    def scored(right: list[str], found: list[str]) -> tuple[Any, Any]:
        labels = sorted({*right, *found})
        predicted, true = (np.array([labels.index(tag) for tag in tags]) for tags in (found, right))
        ends = np.array([0, len(right)])
        return span_scores(labels, predicted, true, ends), tables(labels, predicted, true, ends)["spans"]

    other = [in_scheme(tags, LETTERS[scheme]) for tags in (right, found)]
    assert scored(*other) == scored(right, found)
    words = [str(n) for n in range(len(right))]
    assert spans(words, other[0]) == spans(words, right)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("I-PER L-PER", ["0 1"]),  # an inner word without a beginning begins
        ("L-PER L-PER", ["0", "1"]),  # an end closes
        ("B-PER I-LOC L-LOC", ["0", "1 2"]),  # another kind begins
        ("U-PER I-PER O", ["0", "1"]),  # a single word is closed
        ("B-PER B-PER I-PER", ["0", "1 2"]),
        ("B-PER U-PER", ["0", "1"]),
    ],
)
def test_tags_that_break_their_scheme_are_read_as_conlleval_reads_them(
    tags: str, expected: list[str]
) -> None:
    found = spans([str(n) for n in range(3)], tags.split())
    assert [words for _, words in found] == expected
