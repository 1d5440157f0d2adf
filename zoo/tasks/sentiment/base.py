"""A linear classifier that has a share in the model's answer (`--base`): fitted on train, its share set by dev."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import NOT_IN_TRAIN, Split
from zoo.data.ragged import Ragged
from zoo.keras_private import all_layers
from zoo.tasks.base import Metrics
from zoo.tasks.classification import scores
from zoo.tasks.sentiment import tfidf
from zoo.tasks.sentiment.tfidf import Tfidf
from zoo.tasks.sequence_batches import SequenceBatches

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from zoo.data.tokenizer import TextEncoder
    from zoo.tasks.sentiment.base_layer import Base

#: Names of the model's layer and of its input.
LAYER, INPUT = "base_classifier", "base"
#: Without a dev split to speak of both have this share, as in the mean of two models.
PRIOR = 0.5
#: So many dev texts weigh as much as that.
PRIOR_TEXTS = 20.0


@dataclass(frozen=True)
class BaseClassifier:
    """TF-IDF with logistic regression, as an input of the model.

    Attributes:
        classifier: fitted on the training split.
        tokens, lowercase: how texts are split.
    """

    classifier: Tfidf
    tokens: str
    lowercase: bool

    @classmethod
    def of(
        cls, train: Split, targets: np.ndarray, classes: int, tokens: str, lowercase: bool
    ) -> BaseClassifier:
        """Fit it on the training split, whose class ids are `targets`; see `zoo.tasks.sentiment.tfidf.fit`."""
        ngrams = tfidf.ngrams_of(train, tokens, lowercase)
        return cls(tfidf.fit(ngrams, targets, classes), tokens, lowercase)

    def logits(self, split: Split) -> np.ndarray:
        """`(texts, classes)` of a split."""
        return self.classifier.logits(tfidf.ngrams_of(split, self.tokens, self.lowercase))


def best_shares(ours: np.ndarray, theirs: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """The shares of two classifiers, at least 0, whose weighted sum of logits has the least loss.

    The loss has a term that draws both towards `PRIOR`, which decides where texts are few.

    Args:
        ours, theirs: logits `(texts, classes)`.
        targets: class ids `(texts,)`; those of no class of the classifiers are left out.
    """
    from scipy.optimize import minimize
    from scipy.special import log_softmax, softmax

    known = targets != NOT_IN_TRAIN
    both, targets = np.stack([ours[known], theirs[known]]).astype(np.float64), targets[known]
    rows = np.arange(len(targets))

    def loss(shares: np.ndarray) -> tuple[float, np.ndarray]:
        logits = np.einsum("s,snc->nc", shares, both)
        error = softmax(logits, axis=1)
        error[rows, targets] -= 1
        away = shares - PRIOR
        value = -log_softmax(logits, axis=1)[rows, targets].sum() + PRIOR_TEXTS * away @ away
        return float(value), np.einsum("snc,nc->s", both, error) + 2 * PRIOR_TEXTS * away

    found = minimize(loss, [PRIOR, PRIOR], jac=True, bounds=[(0, None)] * 2, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])


def share(layer: Base, ours: np.ndarray, dev: SequenceBatches) -> str:
    """Set the shares by the dev split; a sentence about them.

    Args:
        layer: of the trained model.
        ours: the model's logits on dev, `(texts, classes)`, without the classifier.
        dev: the dev split, with the logits of the classifier.
    """
    theirs = dev.further[INPUT]
    shares = best_shares(ours, theirs, dev.targets)
    layer.share(*shares)
    together = shares[0] * ours + shares[1] * theirs
    of_both, of_model = (scores(logits, dev.targets)["accuracy"] for logits in (together, ours))
    return f"{layer.told()}; together they have an accuracy of {of_both:.4f} there, the model alone {of_model:.4f}"


def baseline(
    train: SequenceBatches, classes: int, encoder: TextEncoder
) -> Callable[[SequenceBatches], Metrics]:
    """The same classifier alone; the result gives the metrics of a split, whose `examples` are read again.

    Args:
        train: the training split.
        classes: how many there are.
        encoder: of the model, see `zoo.tasks.sentiment.tfidf.counted_in`.
    """

    def ngrams(batches: SequenceBatches) -> Ragged:
        assert batches.examples is not None, "batches of texts keep where they come from"
        return tfidf.ngrams_of(batches.examples, tfidf.counted_in(encoder), encoder.lowercase)

    if INPUT in train.further:
        return lambda batches: scores(batches.further[INPUT], batches.targets)
    classifier = tfidf.fit(ngrams(train), train.targets, classes)
    return lambda batches: scores(classifier.logits(ngrams(batches)), batches.targets)


def base_layers(model: keras.Model) -> list[Base]:
    """The layers in which a model has its base classifier: one, or none, or one a member of an ensemble."""
    return [layer for layer in all_layers(model) if layer.name == LAYER]


def served_base(model: keras.Model, encoder: TextEncoder, texts: tf.Tensor) -> dict[str, tf.Tensor]:
    """The model's input of the base classifier for `(batch,)` texts; nothing where it has none."""
    import tensorflow as tf

    read = next((tensor for tensor in model.inputs if tensor.name == INPUT), None)
    if read is None:
        return {}
    layers = base_layers(model)
    if not layers:  # a cell that is blind to order reads the input and leaves it alone
        return {INPUT: tf.zeros([tf.shape(texts)[0], read.shape[1]])}
    return {INPUT: layers[0].logits_of(tfidf.ngram_bits(texts, tfidf.counted_in(encoder), encoder.lowercase))}
