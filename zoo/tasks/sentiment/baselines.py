"""What texts are classified by where neither their order nor a network is used: TF-IDF with logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Split
from zoo.tasks.base import Metrics
from zoo.tasks.classification import scores
from zoo.tasks.sequence_batches import SequenceBatches

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Kind:
    """What is counted in a text.

    Attributes:
        row: what the baseline is called.
        joined_with: what stands between two tokens, when the vectorizer reads the text.
        vectorizer: arguments of `TfidfVectorizer`.
    """

    row: str
    joined_with: str
    vectorizer: Mapping[str, Any]


#: By what a token is.
KINDS = {
    "words": Kind(
        "TF-IDF of words and pairs",
        " ",
        {"tokenizer": str.split, "token_pattern": None, "ngram_range": (1, 2)},
    ),
    "characters": Kind("TF-IDF of 1 to 3 characters", "", {"analyzer": "char", "ngram_range": (1, 3)}),
}
MOST_FEATURES = 500_000
#: From so many texts on, what occurs in one text only is left out.
MANY_TEXTS = 1_000
#: Inverse of the weight of the L2 penalty; on reviews of films 10 is better than 1, and 30 is no better.
INVERSE_PENALTY = 10.0
LEAST_PROBABILITY = 1e-9  # of a class that train lacks


def name_of(tokens: str) -> str:
    """What the row is called, by what a token is."""
    return KINDS[tokens].row


def fit_tfidf(
    train: SequenceBatches, classes: int, tokens: str, lowercase: bool
) -> Callable[[SequenceBatches], Metrics]:
    """Fit on train; the result gives the metrics of a split.

    Args:
        train: the training split; its `examples` are read again, for all tokens of a text count here.
        classes: how many labels there are.
        tokens: `words`: single words and pairs of neighbours; `characters`: runs of one to three.
        lowercase: turn letters into lower case first.
    """
    read = partial(_plain_texts, tokens=tokens, lowercase=lowercase)
    pipeline = _pipeline(tokens, len(train.targets)).fit(read(_examples(train)), train.targets)

    def score(batches: SequenceBatches) -> Metrics:
        probabilities = np.full((len(batches.targets), classes), LEAST_PROBABILITY)
        probabilities[:, pipeline.classes_] = pipeline.predict_proba(read(_examples(batches)))
        return scores(np.log(np.maximum(probabilities, LEAST_PROBABILITY)), batches.targets)

    return score


def _pipeline(tokens: str, texts: int) -> Pipeline:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    vectorizer = TfidfVectorizer(
        **KINDS[tokens].vectorizer,
        lowercase=False,
        min_df=2 if texts >= MANY_TEXTS else 1,
        max_features=MOST_FEATURES,
        sublinear_tf=True,
        dtype=np.float32,
    )
    return make_pipeline(vectorizer, LogisticRegression(C=INVERSE_PENALTY, max_iter=1000))


def _examples(batches: SequenceBatches) -> Split:
    assert batches.examples is not None, "batches of texts keep where they come from"
    return batches.examples


def _plain_texts(examples: Split, tokens: str, lowercase: bool) -> Iterable[str]:
    """The texts, with the tokens that the model would read, so that all scripts are split alike."""
    from zoo.data.tokenizer import SPLITTERS, by_chunks

    joined_with, splitter = KINDS[tokens].joined_with, SPLITTERS[tokens]
    parts = by_chunks((example["text"] for example in examples), lambda chunk: splitter(chunk, lowercase))
    for flat, lengths in parts:
        split = iter(flat.tolist())
        for length in lengths.tolist():
            yield joined_with.join(next(split).decode() for _ in range(length))
