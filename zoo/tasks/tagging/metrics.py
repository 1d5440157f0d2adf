"""How good tags are: by word, by unknown word, by tag, and by span where the tags write spans."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from datasets.formats.spans import OUTSIDE, common_forms
from zoo.tasks.base import Metrics


def scores(predicted: np.ndarray, true: np.ndarray, known: np.ndarray) -> Metrics:
    """Share of right tags, of all words and of those that train has not. Padding never counts: there is none here.

    Args:
        predicted, true: tag ids, `(words,)`.
        known: whether train has the word, `(words,)` bool.
    """
    correct = predicted == true
    metrics = {"accuracy": float(correct.mean()) if len(correct) else 0.0}
    if not known.all():
        metrics["unknown_accuracy"] = float(correct[~known].mean())
    return metrics


def scores_of_one(tag: int, predicted: np.ndarray, true: np.ndarray) -> Metrics:
    """Precision, recall and F1 of one tag id; 0 where there is nothing to divide by, as in scikit-learn."""
    from sklearn import metrics

    values = metrics.precision_recall_fscore_support(
        true == tag, predicted == tag, average="binary", zero_division=0
    )
    return {name: float(value) for name, value in zip(("precision", "recall", "f1"), values, strict=False)}


def span_scores(
    labels: Sequence[str], predicted: np.ndarray, true: np.ndarray, offsets: np.ndarray
) -> Metrics:
    """Precision, recall and F1 of whole spans as the CoNLL shared tasks count them; empty where tags write no spans.

    What has nothing to divide by, such as all three where there is no span at all, is 0, as in seqeval and conlleval.

    Args:
        labels: the tags' names, of any scheme: `datasets.formats.spans` says what they mean.
        predicted, true: tag ids, `(words,)`.
        offsets: where each sentence begins, `(sentences + 1,)`.
    """
    common = common_forms(labels)
    if not common:
        return {}
    from seqeval.metrics import f1_score, precision_score, recall_score

    pair = _sentences(common, true, offsets), _sentences(common, predicted, offsets)
    return {
        "span_precision": float(precision_score(*pair, zero_division=0)),
        "span_recall": float(recall_score(*pair, zero_division=0)),
        "span_f1": float(f1_score(*pair, zero_division=0)),
    }


def tables(
    labels: Sequence[str],
    predicted: np.ndarray,
    true: np.ndarray,
    offsets: np.ndarray,
    spans: Sequence[str] | None = None,
) -> dict[str, object]:
    """Precision, recall, F1 and number of words of each tag, and of each kind of span; the confusion matrix.

    Arguments as those of `span_scores`; `spans` are the tags in the common form where that is known. The matrix has a
    row per true tag and a column per tag that was predicted.
    """
    from sklearn import metrics

    numbers = np.arange(len(labels))
    columns = metrics.precision_recall_fscore_support(true, predicted, labels=numbers, zero_division=0)
    details: dict[str, object] = {
        "labels": list(labels),
        "tags": {name: _row(*(column[n] for column in columns)) for n, name in enumerate(labels)},
        "confusion_matrix": metrics.confusion_matrix(true, predicted, labels=numbers).tolist(),
    }
    if common := common_forms(labels) if spans is None else spans:
        details["spans"] = _span_table(common, predicted, true, offsets)
    return details


def _span_table(
    labels: Sequence[str], predicted: np.ndarray, true: np.ndarray, offsets: np.ndarray
) -> dict[str, dict[str, float]]:
    from seqeval.metrics import classification_report

    pair = _sentences(labels, true, offsets), _sentences(labels, predicted, offsets)
    if not any(tag != "O" for sentence in pair[0] for tag in sentence):
        return {}
    report = classification_report(*pair, output_dict=True, zero_division=0)
    return {name: _row(*row.values()) for name, row in report.items() if not name.endswith("avg")}


def _row(precision: float, recall: float, f1: float, support: float) -> dict[str, float]:
    return {
        "precision": float(precision),
        "recall": float(recall),
        "f1": float(f1),
        "support": int(support),
    }


def _sentences(labels: Sequence[str], tags: np.ndarray, offsets: np.ndarray) -> list[list[str]]:
    return [[labels[tag] for tag in tags[start:stop]] for start, stop in itertools.pairwise(offsets)]


def spans(tokens: Sequence[str], tags: Sequence[str]) -> list[tuple[str, str]]:
    """The spans of one sentence as kind and words; tags of any scheme."""
    from seqeval.metrics.sequence_labeling import get_entities

    common = list(common_forms(dict.fromkeys(tags)))
    forms = dict(zip(dict.fromkeys(tags), common, strict=False))
    entities = get_entities([forms.get(tag, OUTSIDE) for tag in tags])
    return [(kind, " ".join(tokens[start : stop + 1])) for kind, start, stop in entities]
