"""Text to token ids and back, without loss: one definition in TensorFlow operations for training and export."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from datasets.errors import UserError

#: Begins a stream and a prompt; as a target it never comes.
START = 0
#: Any token that is not of the vocabulary.
UNKNOWN = 1
RESERVED = 2
#: What an unknown token is written as.
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
#: A word or a mark with the blank before it; other white space by itself. Whatever there is, is of one of these kinds.
WORD = r"( ?[\p{L}\p{M}\p{N}']+| ?[^\s\p{L}\p{M}\p{N}']|\s)"


def split(texts: tf.Tensor, kind: str, lowercase: bool) -> tf.RaggedTensor:
    """The tokens of texts, which put together are the texts.

    Args:
        texts: `(batch,)` strings, UTF-8; invalid bytes become U+FFFD, NUL becomes a blank.
        kind: `characters` (for Korean: syllables), or `words`, each with the blank before it.
        lowercase: turn letters into lower case first.

    Returns:
        `(batch, tokens)` strings.
    """
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    texts = tf.strings.regex_replace(texts, r"\x00", " ")
    if lowercase:
        texts = tf.strings.lower(texts, encoding="utf-8")
    if kind == "characters":
        return tf.strings.unicode_split(texts, "UTF-8")
    return tf.strings.split(tf.strings.regex_replace(texts, WORD, "\\1\x00"), "\x00")[:, :-1]


class Tokenizer(tf.Module):
    """Texts to token ids and back, with the vocabulary inside, so that it can be part of an exported model.

    Args:
        vocabulary: the tokens with the ids 2, 3, …; 0 begins a text and 1 is any other token.
        kind, lowercase: see `split`.
    """

    def __init__(self, vocabulary: list[str], *, kind: str, lowercase: bool):
        super().__init__(name="tokenizer")
        self.vocabulary = tuple(vocabulary)
        self.kind, self.lowercase = kind, lowercase
        ids = tf.range(RESERVED, RESERVED + len(vocabulary), dtype=tf.int64)
        self.written = tf.constant([REPLACEMENT, *vocabulary], tf.string)
        self.table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(self.written[1:], ids), UNKNOWN
        )

    @property
    def size(self) -> int:
        """How many different numbers there are, the reserved ones included."""
        return RESERVED + len(self.vocabulary)

    def encode(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32 of `(batch,)` texts."""
        tokens = split(texts, self.kind, self.lowercase)
        return tokens.with_flat_values(tf.cast(self.table.lookup(tokens.flat_values), tf.int32))

    def decode(self, ids: tf.Tensor) -> tf.Tensor:
        """Texts `(batch,)` of token ids `(batch, tokens)`; the start is nothing, an unknown token U+FFFD."""
        written = tf.gather(tf.concat([[""], self.written], 0), ids)
        return tf.strings.reduce_join(written, axis=1)

    def encode_text(self, pieces: Iterable[str]) -> Text:
        """One long text in pieces as ids; memory grows by 4 bytes a token."""
        encode = tf.function(
            lambda piece: self.encode(piece[None]).flat_values, input_signature=[tf.TensorSpec([], tf.string)]
        )
        parts, characters = [np.zeros(0, np.int32)], 0
        for piece in pieces:
            parts.append(encode(tf.constant(piece)).numpy())
            characters += len(piece)
        return Text(np.concatenate(parts), characters)


class Text:
    """One long text as ids.

    Attributes:
        ids: `(tokens,)` int32.
        characters: how many characters it has.
    """

    def __init__(self, ids: np.ndarray, characters: int):
        self.ids, self.characters = ids, characters

    def __len__(self) -> int:
        return len(self.ids)


def learn(
    pieces: Iterable[str], *, kind: str, lowercase: bool, size: int, min_count: int
) -> tuple[list[str], Text]:
    """The most frequent tokens of the training text, and the text as their ids, in one pass.

    Args:
        pieces: the text.
        kind, lowercase: see `split`.
        size: at most so many tokens.
        min_count: tokens seen less often are unknown.

    Returns:
        The tokens, most frequent first (equal counts in the order of the text), and the text as `Tokenizer` encodes it.

    Raises:
        UserError: where no token is left.
    """
    split_piece = tf.function(
        lambda piece: split(piece[None], kind, lowercase).flat_values,
        input_signature=[tf.TensorSpec([], tf.string)],
    )
    seen: dict[bytes, int] = {}
    parts, characters = [np.zeros(0, np.int32)], 0
    for piece in pieces:
        tokens = split_piece(tf.constant(piece)).numpy()
        parts.append(
            np.fromiter((seen.setdefault(token, len(seen)) for token in tokens), np.int32, len(tokens))
        )
        characters += len(piece)
    ids = np.concatenate(parts)
    counts = np.bincount(ids, minlength=len(seen))
    kept = [n for n in np.argsort(-counts, kind="stable")[:size] if counts[n] >= min_count]
    if not kept:
        raise UserError(f"--min-count {min_count}: no token of the training text comes that often")
    renumber = np.full(len(seen), UNKNOWN, np.int32)
    renumber[kept] = np.arange(RESERVED, RESERVED + len(kept))
    known = list(seen)
    return [known[n].decode() for n in kept], Text(renumber[ids], characters)
