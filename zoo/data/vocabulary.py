"""A vocabulary: learnt from the counts of training texts, and looked up by a hash table inside the exported model.

The first ids are reserved: 0, and 1 for every token that is not in the vocabulary. A tokenizer may reserve more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
import tensorflow as tf

from datasets.errors import UserError

#: Id of every token that is not in the vocabulary.
UNKNOWN = 1
#: Ids that stand for no token of the vocabulary, where a tokenizer has no others.
RESERVED = 2
#: Tokens that are told apart unless it is said, at most; and sub-words.
MOST_TOKENS, MOST_SUBWORDS = 20_000, 8_000

T = TypeVar("T")


class TokenTable(tf.Module):
    """The ids of a vocabulary's tokens, as part of an exported model.

    Args:
        tokens: the vocabulary, with the ids `reserved`, `reserved` + 1, …
        reserved: how many ids stand for no token of the vocabulary.

    Raises:
        UserError: if there is no token.
    """

    def __init__(self, tokens: Iterable[str], reserved: int = RESERVED) -> None:
        super().__init__(name="token_table")
        self.tokens = tuple(tokens)
        if not self.tokens:
            raise UserError("no token is often enough in the training texts; give a smaller --min-count")
        #: How many different ids there are.
        self.size = reserved + len(self.tokens)
        keys = tf.constant(list(self.tokens), tf.string, shape=(len(self.tokens),))
        ids = tf.range(reserved, self.size, dtype=tf.int64)
        self._table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ids), UNKNOWN)

    def ids(self, tokens: tf.Tensor) -> tf.Tensor:
        """Ids int32 of tokens, strings of any shape."""
        return tf.cast(self._table.lookup(tokens), tf.int32)

    def ragged_ids(self, tokens: tf.RaggedTensor) -> tf.RaggedTensor:
        """Ids int32 of tokens `(batch, tokens)`."""
        return tokens.with_flat_values(self.ids(tokens.flat_values))


class Encoder(tf.Module):
    """Base of what turns texts into ids, with the vocabulary inside, so that it can be part of an exported model.

    Args:
        name: of the module.
        vocabulary, reserved: see `TokenTable`.
    """

    def __init__(self, name: str, vocabulary: Iterable[str], reserved: int = RESERVED) -> None:
        super().__init__(name=name)
        self.table = TokenTable(vocabulary, reserved)

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The tokens without the reserved ones."""
        return self.table.tokens

    @property
    def size(self) -> int:
        """How many different ids there are, the reserved ones included."""
        return self.table.size


def most_tokens(kind: str, said: int) -> int:
    """How many tokens of a kind are told apart, at most: what is said, or where that is 0 what suits the kind."""
    return said or (MOST_SUBWORDS if kind == "subwords" else MOST_TOKENS)


def most_frequent(counts: Mapping[T, int], size: int | None, min_count: int) -> list[T]:
    """The tokens that come at least `min_count` times, at most `size` of them (None: all).

    The most frequent come first; of equal counts, those that come first in `counts`.
    """
    order = sorted(counts, key=counts.__getitem__, reverse=True)
    return [token for token in order[:size] if counts[token] >= min_count]


class TokenIndex:
    """The distinct tokens of texts that are read part by part, in the order in which they first come."""

    def __init__(self) -> None:
        self._positions: dict[bytes, int] = {}

    def add(self, tokens: np.ndarray) -> np.ndarray:
        """The position of each token `(tokens,)` among the distinct ones, `(tokens,)` int32."""
        known = self._positions
        return np.fromiter((known.setdefault(token, len(known)) for token in tokens), np.int32, len(tokens))

    @property
    def tokens(self) -> list[bytes]:
        """The distinct tokens, UTF-8."""
        return list(self._positions)

    def learn(self, positions: np.ndarray, size: int, min_count: int) -> tuple[list[str], np.ndarray]:
        """A vocabulary of the texts that were read, and the texts as its ids.

        Args:
            positions: of all tokens of the texts, as `add` gave them, `(tokens,)`.
            size: at most so many tokens.
            min_count: tokens that come less often are unknown.

        Returns:
            The vocabulary, see `most_frequent`; and the id of each token, `(tokens,)` int32.
        """
        tokens = self.tokens
        counts = np.bincount(positions, minlength=len(tokens)).tolist()
        chosen = most_frequent(dict(enumerate(counts)), size, min_count)
        ids = np.full(len(tokens), UNKNOWN, np.int32)
        ids[chosen] = np.arange(RESERVED, RESERVED + len(chosen))
        return [tokens[n].decode() for n in chosen], ids[positions]
