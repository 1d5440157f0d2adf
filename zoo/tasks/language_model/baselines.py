"""Rows beside the model: how often tokens come, and how often after which token."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from zoo.data.vocabulary import UNKNOWN
from zoo.tasks.language_model.tokens import Text

#: Strengths of smoothing that are tried on dev.
STRENGTHS = tuple(10.0 ** (exponent / 2) for exponent in range(-6, 11))


class Counts:
    """Unigram and bigram frequencies of a training text, smoothed with what serves the dev text best.

    The probability of a token b is (c(b) + α) / (n + α·classes); after a token a it is (c(a, b) + κ·p(b)) / (c(a) + κ)
    with p(b) the former (MacKay and Peto 1995). α and κ are chosen among `STRENGTHS` on dev.

    Args:
        train, valid: the texts.
        classes: how many different targets there are.
    """

    def __init__(self, train: Text, valid: Text, classes: int):
        self.classes = classes
        targets = train.ids - UNKNOWN
        self.of_token = np.bincount(targets, minlength=classes)
        follows = ~_begins(train)[1:]
        self.pairs, self.of_pair = np.unique(self._keys(targets)[follows], return_counts=True)
        self.of_first = np.bincount(targets[:-1][follows], minlength=classes)
        self.valid = valid

    @cached_property
    def alpha(self) -> float:
        """Strength of the unigrams' smoothing."""
        return min(STRENGTHS, key=lambda alpha: self._unigram(self.valid, alpha).mean())

    @cached_property
    def kappa(self) -> float:
        """Strength of the bigrams' smoothing."""
        return min(STRENGTHS, key=lambda kappa: self._bigram(self.valid, kappa).mean())

    def unigram(self, text: Text) -> np.ndarray:
        """Minus the logarithm of each token's probability, `(tokens,)`."""
        return self._unigram(text, self.alpha)

    def bigram(self, text: Text) -> np.ndarray:
        """The same given the token before; of the first token of a document there is none."""
        return self._bigram(text, self.kappa)

    def _unigram(self, text: Text, alpha: float) -> np.ndarray:
        shares = (self.of_token + alpha) / (self.of_token.sum() + alpha * self.classes)
        return -np.log(shares)[text.ids - UNKNOWN]

    def _bigram(self, text: Text, kappa: float) -> np.ndarray:
        targets = text.ids - UNKNOWN
        single = self._unigram(text, self.alpha)
        keys = self._keys(targets)
        places = np.minimum(np.searchsorted(self.pairs, keys), max(len(self.pairs) - 1, 0))
        together = (
            np.where(self.pairs[places] == keys, self.of_pair[places], 0) if len(self.pairs) else 0 * keys
        )
        shares = (together + kappa * np.exp(-single[1:])) / (self.of_first[targets[:-1]] + kappa)
        return np.where(_begins(text), single, np.concatenate([single[:1], -np.log(shares)]))

    def _keys(self, targets: np.ndarray) -> np.ndarray:
        """A number for each pair of neighbours."""
        return targets[:-1].astype(np.int64) * self.classes + targets[1:]


def _begins(text: Text) -> np.ndarray:
    """Whether each token is the first of a document, `(tokens,)` bool."""
    begins = np.zeros(len(text), bool)
    begins[text.offsets[:-1][np.diff(text.offsets) > 0]] = True
    return begins
