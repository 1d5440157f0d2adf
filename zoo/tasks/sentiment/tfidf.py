"""TF-IDF of n-grams with logistic regression: what a text says without the order of its words, but for neighbours.

It stands beside the model as a baseline, and has a share in its answer (`--base`). scikit-learn fits it; an n-gram is
known by 64 bits of its text, so that TensorFlow finds it in a served text as NumPy does in training.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import Split
from zoo.data.ragged import Ragged
from zoo.data.scripts import in_hangul, unspaced_script

if TYPE_CHECKING:
    import tensorflow as tf
    from scipy.sparse import csr_matrix

    from zoo.data.tokenizer import TextEncoder


@dataclass(frozen=True)
class Kind:
    """What is counted in a text.

    Attributes:
        row: what the baseline is called.
        longest: tokens of the longest n-gram.
        joined_with: what stands between two tokens.
    """

    row: str
    longest: int
    joined_with: str


#: By what a token is.
KINDS = {
    "words": Kind("TF-IDF of words and pairs", 2, " "),
    "characters": Kind("TF-IDF of 1 to 3 characters", 3, ""),
}
MOST_FEATURES = 500_000
#: Features times classes, at most; each is a number of a served model.
MOST_WEIGHTS = 8_000_000
#: From so many texts on, what occurs in one text only is left out.
MANY_TEXTS = 1_000
#: So many texts are fitted, at most: the time grows with them, and what is learnt of their words hardly.
MOST_TEXTS = 200_000
#: Inverse of the weight of the L2 penalty; on reviews of films 10 is better than 1, and 30 is no better.
INVERSE_PENALTY = 10.0
LEAST_LOGIT = float(np.log(1e-9))  # of a class that train lacks


@dataclass(frozen=True)
class Tfidf:
    """Logits that are linear in the TF-IDF of a text: 1 + log(count), times idf, divided by the norm of the text.

    Attributes:
        ngrams: `(features,)` int64, rising: 64 bits of each n-gram that counts.
        idf: `(features,)` float32; see `sklearn.feature_extraction.text.TfidfTransformer`.
        kernel: `(features, classes)` float32.
        bias: `(classes,)` float32.
    """

    ngrams: np.ndarray
    idf: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    def logits(self, texts: Ragged) -> np.ndarray:
        """`(texts, classes)` float32 of texts as their n-grams, see `ngrams_of`."""
        return _weighted(_counts(texts, self.ngrams), self.idf) @ self.kernel + self.bias


def counted_in(encoder: TextEncoder) -> str:
    """What is counted in texts that a model reads so: `words` or `characters`, as the model reads.

    Beside sub-words it is characters where these are Hangul or of a script without blanks between words.
    """
    if encoder.tokens != "subwords":
        return encoder.tokens
    vocabulary = encoder.vocabulary
    return "characters" if in_hangul(vocabulary) or unspaced_script(vocabulary) else "words"


def ngrams_of(examples: Split, tokens: str, lowercase: bool) -> Ragged:
    """The n-grams of whole texts, 64 bits each, int64.

    Args:
        examples: with a `text` each.
        tokens: `words`: single words and pairs of neighbours; `characters`: runs of one to three.
        lowercase: turn letters into lower case first.
    """
    from zoo.data.tokenizer import by_chunks

    return Ragged.concatenate(by_chunks(_texts(examples), lambda texts: ngram_bits(texts, tokens, lowercase)))


def ngram_bits(texts: tf.Tensor, tokens: str, lowercase: bool) -> tf.RaggedTensor:
    """`(batch, n-grams)` int64 of `(batch,)` strings; see `ngrams_of`."""
    import tensorflow as tf

    from zoo.data.tokenizer import SPLITTERS

    kind = KINDS[tokens]
    widths = list(range(1, kind.longest + 1))
    ngrams = tf.strings.ngrams(SPLITTERS[tokens](texts, lowercase), widths, separator=kind.joined_with)
    return tf.strings.to_hash_bucket_fast(ngrams, 2**63 - 1)


def fit(texts: Ragged, targets: np.ndarray, classes: int) -> Tfidf:
    """Fit on texts as their n-grams, see `ngrams_of`, and their classes `(texts,)`; on `MOST_TEXTS` of them at most.

    Raises:
        ValueError: all texts are of one class.
    """
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.linear_model import LogisticRegression

    if len(texts) > MOST_TEXTS:
        some = np.linspace(0, len(texts) - 1, MOST_TEXTS).astype(int)
        some = np.union1d(some, np.unique(targets, return_index=True)[1])  # one of each class is among them
        texts, targets = texts.take(some), targets[some]
    ngrams = _frequent(texts, min(MOST_FEATURES, MOST_WEIGHTS // classes))
    counts = _counts(texts, ngrams)
    idf = TfidfTransformer(sublinear_tf=True).fit(counts).idf_.astype(np.float32)
    regression = LogisticRegression(C=INVERSE_PENALTY, max_iter=1000).fit(_weighted(counts, idf), targets)
    kernel, bias = _by_class(regression.coef_, regression.intercept_)
    known = regression.classes_
    whole = np.zeros((len(ngrams), classes), np.float32), np.full(classes, LEAST_LOGIT, np.float32)
    whole[0][:, known], whole[1][known] = kernel, bias
    return Tfidf(ngrams, idf, *whole)


def _texts(examples: Split) -> Iterator[str]:
    return (example["text"] for example in examples)


def _frequent(texts: Ragged, most: int) -> np.ndarray:
    """The n-grams that count, rising: those of most texts, and of more than one where there are many."""
    text = np.repeat(np.arange(len(texts)), texts.lengths)
    order = np.lexsort((text, texts.values))
    values, text = texts.values[order], text[order]
    is_first = np.ones(len(values), bool)
    is_first[1:] = (values[1:] != values[:-1]) | (text[1:] != text[:-1])
    ngrams, texts_with = np.unique(values[is_first], return_counts=True)
    least = 2 if len(texts) >= MANY_TEXTS and texts_with.max(initial=0) > 1 else 1
    ngrams, texts_with = ngrams[texts_with >= least], texts_with[texts_with >= least]
    if len(ngrams) <= most:
        return ngrams
    return np.sort(ngrams[np.argsort(-texts_with, kind="stable")[:most]])


def _counts(texts: Ragged, ngrams: np.ndarray) -> csr_matrix:
    """How often each n-gram is in each text, `(texts, features)` float32."""
    from scipy.sparse import csr_matrix

    place = np.minimum(np.searchsorted(ngrams, texts.values), max(0, len(ngrams) - 1))
    known = ngrams[place] == texts.values if len(ngrams) else np.zeros(len(place), bool)
    starts = np.concatenate([[0], np.cumsum(known)])[texts.offsets]
    ones = np.ones(int(known.sum()), np.float32)
    counts = csr_matrix((ones, place[known], starts), shape=(len(texts), len(ngrams)))
    counts.sum_duplicates()
    return counts


def _weighted(counts: csr_matrix, idf: np.ndarray) -> csr_matrix:
    """TF-IDF of norm 1 a text, from counts; a text without known n-grams stays 0."""
    from sklearn.preprocessing import normalize

    weighted = counts.copy()
    weighted.data = (1 + np.log(counts.data)) * idf[counts.indices]
    return normalize(weighted, copy=False)


def _by_class(kernel: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`(features, classes)` and `(classes,)` of a regression, which has one row for two classes."""
    if len(kernel) == 1:
        kernel, bias = np.concatenate([-kernel, kernel]) / 2, np.concatenate([-bias, bias]) / 2
    return kernel.T, bias
