from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn import metrics

from datasets.base import NOT_IN_TRAIN
from zoo.data.ragged import Ragged
from zoo.tasks.base import Prepared
from zoo.tasks.classification import brier, confusion, majority, scores
from zoo.tasks.sentiment.task import TASK
from zoo.tasks.sequence_batches import SequenceBatches


def test_metrics_by_hand() -> None:
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
    values = scores(np.log(shares) + 7, np.array([0, 0, 1, 1]))
    assert values["accuracy"] == 0.75
    # neg: precision 2/3, recall 1, F1 4/5; pos: precision 1, recall 1/2, F1 2/3
    assert values["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert values["loss"] == pytest.approx(-np.log([0.9, 0.6, 0.3, 0.8]).mean())
    assert values["auc"] == 0.75  # of the four pairs of a positive and a negative one is the wrong way round


def test_metrics_are_those_of_scikit_learn() -> None:
    draw = np.random.default_rng(0)
    logits, targets = draw.normal(size=(50, 2)) * 4, draw.integers(0, 2, 50)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert scores(logits.astype(np.float32), targets) == pytest.approx({
        "accuracy": metrics.accuracy_score(targets, logits.argmax(axis=1)),
        "macro_f1": metrics.f1_score(targets, logits.argmax(axis=1), average="macro"),
        "loss": metrics.log_loss(targets, shares),
        "auc": metrics.roc_auc_score(targets, shares[:, 1]),
    }, abs=1e-6)  # fmt: skip


def test_a_class_that_is_nowhere_counts_as_zero_in_macro_f1() -> None:
    logits, targets = np.eye(3)[[0, 1]] * 9, np.array([0, 1])
    assert scores(logits, targets)["macro_f1"] == pytest.approx(2 / 3)
    assert scores(logits, targets, f1_classes=np.array([0, 1]))["macro_f1"] == 1
    assert "auc" not in scores(logits, targets)


def test_a_split_with_one_of_two_classes_has_no_auc() -> None:
    assert "auc" not in scores(np.eye(2), np.array([1, 1]))


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_predictions_that_are_no_numbers_score_nan(wrong: float) -> None:
    values = scores(np.array([[1.0, wrong], [1, 0]]), np.array([0, 0]))
    assert all(math.isnan(value) for value in values.values())
    assert set(values) == {"accuracy", "macro_f1", "loss"}


def test_a_very_sure_mistake_costs_what_it_is_worth() -> None:
    assert scores(np.array([[0.0, 100.0]]), np.array([0]))["loss"] == pytest.approx(100)


def test_the_confusion_matrix_has_a_row_per_true_class() -> None:
    details = confusion(("a", "b", "c"), np.eye(3)[[0, 2, 2]], np.array([0, 0, 2]))
    assert details == {"labels": ["a", "b", "c"], "confusion_matrix": [[1, 0, 1], [0, 0, 0], [0, 0, 1]]}


def test_the_majority_has_the_frequencies_of_train() -> None:
    logits = majority(np.array([1, 0, 2, 0]), 3, 2)
    np.testing.assert_allclose(np.exp(logits), [[0.5, 0.25, 0.25]] * 2)


def test_a_class_that_train_has_not_is_not_impossible() -> None:
    assert math.isfinite(scores(majority(np.array([0, 0]), 2, 1), np.array([1]))["loss"])


# ------------------------------------------------------------------------------------------ the task


@dataclass(frozen=True)
class Labels:
    """What a classifier has learned, at the least."""

    labels: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        return {"labels": list(self.labels)}


def of_classes(*targets: int) -> SequenceBatches:
    sequences = Ragged.of([np.ones(1 + n, np.int32) for n in range(len(targets))])
    return SequenceBatches.of(sequences, np.array(targets), 4)


def test_the_majority_stands_beside_the_model() -> None:
    def baseline(*targets: int, labels: str) -> Mapping[str, float]:
        batches = of_classes(*targets)
        prepared = Prepared(Labels(tuple(labels)), batches, batches, lambda: None)
        return TASK.baselines(prepared)(batches)["majority"]  # type: ignore[arg-type]

    assert baseline(1, 0, 1, 0, labels="ab")["loss"] == pytest.approx(np.log(2))
    three = baseline(1, 0, 2, 0, labels="abc")
    assert three["accuracy"] == 0.5
    assert three["loss"] == pytest.approx(-(2 * np.log(0.5) + 2 * np.log(0.25)) / 4)


def test_an_answer_to_a_class_that_train_has_not_is_wrong() -> None:
    logits = np.log([[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]])
    known = scores(logits[:2], np.array([0, 1]))
    found = scores(logits, np.array([0, 1, NOT_IN_TRAIN]))
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert (found["loss"], found["auc"]) == (known["loss"], known["auc"])
    assert found["macro_f1"] < known["macro_f1"]
    matrix = confusion(["a", "b"], logits, np.array([0, 1, NOT_IN_TRAIN]))["confusion_matrix"]
    assert matrix == [[1, 0], [0, 1]]


def test_the_brier_score_by_hand() -> None:
    shares = np.array([[0.9, 0.1], [0.6, 0.4], [0.5, 0.5]])
    targets = np.array([0, 1, NOT_IN_TRAIN])
    assert brier(np.log(shares) + 3, targets) == pytest.approx((2 * 0.1**2 + 2 * 0.6**2) / 2)
    assert math.isnan(brier(np.array([[math.nan, 0]]), np.array([0])))


@pytest.mark.filterwarnings("error")
def test_where_train_has_no_class_of_them_there_is_no_loss() -> None:
    logits, unknown = np.zeros((2, 3)), np.full(2, NOT_IN_TRAIN)
    found = scores(logits, unknown)
    assert (found["accuracy"], math.isnan(found["loss"])) == (0, True)
    assert math.isnan(brier(logits, unknown))
