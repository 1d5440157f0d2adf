"""How good answers are, and rows of answers that need no image."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np

from datasets.base import NOT_IN_TRAIN
from zoo.tasks import classification
from zoo.tasks.base import Metrics
from zoo.tasks.classification import confusion, logits_of
from zoo.tasks.vqa.batches import QuestionBatches

MOST_KINDS = 30  # kinds of questions in a table
MOST_LABELS = 60  # answers up to which there is a confusion matrix


def scores(logits: np.ndarray, answers: np.ndarray) -> Metrics:
    """Accuracy, macro F1 over the answers that occur, and the mean cross-entropy in nats; NaN where a logit is none.

    Args:
        logits: `(questions, answers)`.
        answers: `(questions,)` class ids.
    """
    metrics = classification.scores(logits, answers, f1_classes=np.unique(answers[answers != NOT_IN_TRAIN]))
    return {name: metrics[name] for name in ("accuracy", "macro_f1", "loss")}


def tables(logits: np.ndarray, batches: QuestionBatches, labels: tuple[str, ...]) -> dict[str, object]:
    """Accuracy and number of questions of each kind and of each answer; the confusion matrix where answers are few."""
    chosen = logits.argmax(axis=1)
    right = chosen == batches.answers
    kinds = np.array(batches.kinds)
    frequent = [kind for kind, _ in Counter(batches.kinds).most_common(MOST_KINDS)]
    rows: dict[str, object] = {
        "kinds": {kind: _share(right[kinds == kind]) for kind in sorted(frequent)},
        "answers": {
            label: _share(right[batches.answers == number])
            for number, label in enumerate(labels)
            if (batches.answers == number).any()
        },
    }
    if len(labels) <= MOST_LABELS:
        return rows | confusion(labels, logits, batches.answers)
    return rows


def _share(right: np.ndarray) -> dict[str, float]:
    return {"accuracy": float(right.mean()), "questions": len(right)}


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
            logits_of(counts[text.casefold()] + prior if text.casefold() in counts else overall)
            for text in batches.texts
        ]
    )
