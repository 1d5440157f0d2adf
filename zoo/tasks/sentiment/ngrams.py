"""Vectors of n-grams: which have any, of how many tables, and how they come to those of single tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo.tensors import Tensor, TokenIds

#: Tokens of the longest n-grams that have vectors, by what a token is.
LONGEST_NGRAMS = {"words": 2, "subwords": 2, "characters": 3}
#: Training texts from which on n-grams have vectors unless it is said; of fewer they are learnt by heart.
ENOUGH_TEXTS = 5_000
LEAST_BUCKETS, MOST_BUCKETS = 1 << 10, 1 << 16


def ngram_buckets(ngrams: int, texts: int, tokens: int) -> int:
    """Ids that the n-grams of a length share: a power of two, for there may be an n-gram a token; 0 without n-grams.

    Args:
        ngrams: tokens of the longest one; 0 where the number of texts decides.
        texts, tokens: how many there are in train.
    """
    if ngrams == 1 or (ngrams == 0 and texts < ENOUGH_TEXTS):
        return 0
    return min(MOST_BUCKETS, max(LEAST_BUCKETS, 1 << max(0, tokens - 1).bit_length()))


def ngram_vectors(tokens: TokenIds, length: int, buckets: int, size: int) -> Tensor:
    """Vectors `(batch, time, size)` of the n-grams of this length; zeros where there is none, and to begin with."""
    import keras

    from zoo.layers.embedding import Embedding
    from zoo.layers.ngrams import NO_NGRAM, NGramIds

    ids = NGramIds(length, buckets, name=f"{length}grams")(tokens)
    table = Embedding(buckets, size, embeddings_initializer="zeros", name=f"vectors_of_{length}grams")
    return keras.ops.where(keras.ops.not_equal(ids, NO_NGRAM)[..., None], table(ids), 0.0)
