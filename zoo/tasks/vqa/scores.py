"""How good answers are, and rows of answers that need no image."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from sklearn import metrics

from zoo.tasks.base import Metrics
from zoo.tasks.vqa.batches import QuestionBatches

MOST_KINDS = 30  # kinds of questions in a table
MOST_LABELS = 60  # answers up to which there is a confusion matrix


def scores(logits: np.ndarray, answers: np.ndarray) -> Metrics:
    """Accuracy, macro F1 over the answers that occur, and the mean cross-entropy in nats; NaN where a logit is none.

    Args:
        logits: `(questions, answers)`.
        answers: `(questions,)` class ids.
    """
    if not np.isfinite(logits).all():
        return dict.fromkeys(("accuracy", "macro_f1", "loss"), math.nan)
    chosen = logits.argmax(axis=1)
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    right = wide[np.arange(len(answers)), answers] - np.log(np.exp(wide).sum(axis=1))
    return {
        "accuracy": float((chosen == answers).mean()),
        "macro_f1": float(
            metrics.f1_score(answers, chosen, labels=np.unique(answers), average="macro", zero_division=0)
        ),
        "loss": float(-right.mean()),
    }


def tables(logits: np.ndarray, batches: QuestionBatches, labels: tuple[str, ...]) -> dict[str, Any]:
    """Accuracy and number of questions of each kind and of each answer; the confusion matrix where answers are few."""
    chosen = logits.argmax(axis=1)
    right = chosen == batches.answers
    kinds = np.array(batches.kinds)
    frequent = [kind for kind, _ in Counter(batches.kinds).most_common(MOST_KINDS)]
    found: dict[str, Any] = {
        "kinds": {kind: _share(right[kinds == kind]) for kind in sorted(frequent)},
        "answers": {
            label: _share(right[batches.answers == number])
            for number, label in enumerate(labels)
            if (batches.answers == number).any()
        },
    }
    if len(labels) <= MOST_LABELS:
        matrix = metrics.confusion_matrix(batches.answers, chosen, labels=np.arange(len(labels)))
        found |= {"labels": list(labels), "confusion_matrix": matrix.tolist()}
    return found


def _share(right: np.ndarray) -> dict[str, float]:
    return {"accuracy": float(right.mean()), "questions": len(right)}


def majority(train: QuestionBatches, batches: QuestionBatches, answers: int) -> np.ndarray:
    """Logits `(questions, answers)` of the frequencies of the answers in train."""
    return np.tile(_logits(np.bincount(train.answers, minlength=answers)), (len(batches.answers), 1))


def same_question(train: QuestionBatches, batches: QuestionBatches, answers: int) -> np.ndarray:
    """Logits of the frequencies of the answers to the same question in train; of all where it is not there."""
    counts: dict[str, np.ndarray] = defaultdict(lambda: np.zeros(answers))
    for text, answer in zip(train.texts, train.answers, strict=True):
        counts[text.casefold()][answer] += 1
    overall = np.bincount(train.answers, minlength=answers)
    # Every answer gets a little of what is frequent at all, so that none is impossible.
    prior = overall / overall.sum()
    return np.stack(
        [
            _logits(counts[text.casefold()] + prior if text.casefold() in counts else overall)
            for text in batches.texts
        ]
    )


def _logits(counts: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(counts / counts.sum(), 1e-9))
