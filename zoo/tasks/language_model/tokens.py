"""Text to token ids and back, without loss: one definition in TensorFlow operations for training and export."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from zoo.data.tokenizer import valid_utf8
from zoo.data.vocabulary import Encoder, TokenIndex

#: Begins a stream and a prompt; as a target it never comes.
START = 0
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
    texts = tf.strings.regex_replace(valid_utf8(texts), r"\x00", " ")
    if lowercase:
        texts = tf.strings.lower(texts, encoding="utf-8")
    if kind == "characters":
        return tf.strings.unicode_split(texts, "UTF-8")
    return tf.strings.split(tf.strings.regex_replace(texts, WORD, "\\1\x00"), "\x00")[:, :-1]


class Tokenizer(Encoder):
    """Texts to token ids and back, with the vocabulary inside, so that it can be part of an exported model.

    Args:
        vocabulary: the tokens with the ids 2, 3, …; 0 begins a text and 1 is any other token.
        kind, lowercase: see `split`.
    """

    def __init__(self, vocabulary: list[str], *, kind: str, lowercase: bool):
        super().__init__("tokenizer", vocabulary)
        self.kind, self.lowercase = kind, lowercase
        #: The text of each id from `UNKNOWN` on, `(size - 1,)`.
        self.written = tf.constant([REPLACEMENT, *vocabulary], tf.string)

    def encode(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32 of `(batch,)` texts."""
        return self.table.ragged_ids(split(texts, self.kind, self.lowercase))

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
    index = TokenIndex()
    parts, characters = [np.zeros(0, np.int32)], 0
    for piece in pieces:
        parts.append(index.add(split_piece(tf.constant(piece)).numpy()))
        characters += len(piece)
    vocabulary, ids = index.learn(np.concatenate(parts), size, min_count)
    if not vocabulary:
        raise UserError(f"--min-count {min_count}: no token of the training text comes that often")
    return vocabulary, Text(ids, characters)
