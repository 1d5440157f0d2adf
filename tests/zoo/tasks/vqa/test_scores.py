from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.zoo.tasks.vqa.test_batches import batches
from zoo.tasks.classification import majority
from zoo.tasks.vqa import scores

LOGITS = np.log([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.5, 0.4, 0.1], [0.2, 0.2, 0.6]])


def test_scores_by_hand():
    found = scores.scores(LOGITS + 3, np.array([0, 1, 0, 2]))
    assert found["accuracy"] == 0.75
    assert found["macro_f1"] == pytest.approx((1 + 0 + 2 / 3) / 3)
    assert found["loss"] == pytest.approx(-np.log([0.7, 0.3, 0.5, 0.6]).mean())


def test_scores_that_are_no_numbers_are_nan():
    found = scores.scores(np.array([[0.0, np.nan]]), np.array([0]))
    assert all(math.isnan(value) for value in found.values())


def test_tables_by_kind_and_answer():
    made = batches(4)
    logits = np.eye(4)[made.answers]
    wrong = next(n for n, text in enumerate(made.texts) if text == "Is right red?")
    logits[wrong] = np.eye(4)[0]
    found: dict[str, Any] = scores.tables(logits, made, ("blue", "no", "red", "yes"))
    assert found["kinds"] == {
        "is right": {"accuracy": 0.75, "questions": 4},
        "left": {"accuracy": 1.0, "questions": 4},
    }
    assert sum(table["questions"] for table in found["answers"].values()) == 8
    assert np.trace(found["confusion_matrix"]) == 7


def test_rows_that_need_no_image():
    train, other = batches(8), batches(4)
    train = type(train)(
        **{**vars(train), "answers": np.where(np.array(train.kinds) == "left", 2, train.answers)}
    )
    most_frequent = majority(train.answers, 4, len(other.answers))
    assert (most_frequent.argmax(axis=1) == 2).all()
    np.testing.assert_allclose(np.exp(most_frequent).sum(axis=1), 1, atol=1e-6)
    same = scores.same_question(train, other, 4)
    left = np.array(other.kinds) == "left"
    assert (same[left].argmax(axis=1) == 2).all()
    assert (same[~left].argmax(axis=1) != 2).all()
    unknown = type(other)(**{**vars(other), "texts": ("never asked",) * 8})
    np.testing.assert_allclose(scores.same_question(train, unknown, 4), most_frequent)
