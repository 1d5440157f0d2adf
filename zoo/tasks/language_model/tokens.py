"""Text to token ids and back, without loss: one definition in TensorFlow operations for training and export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from zoo.data.ragged import Ragged
from zoo.data.subword_texts import LINE, REPLACEMENT, TextSubwords, learn_subwords
from zoo.data.subwords import MARK
from zoo.data.tokenizer import CHUNK, by_chunks, split_words, valid_utf8
from zoo.data.vocabulary import Encoder, TokenIndex

#: Begins a stream and a prompt; as a target it never comes.
START = 0
#: A word or a mark with the blank before it; other white space by itself. Whatever there is, is of one of these kinds.
WORD = r"( ?[\p{L}\p{M}\p{N}']+| ?[^\s\p{L}\p{M}\p{N}']|\s)"


def split(texts: tf.Tensor, kind: str, lowercase: bool) -> tf.RaggedTensor:
    """The tokens of texts, which put together are the texts; but for `plain-words`.

    Args:
        texts: `(batch,)` strings, UTF-8; invalid bytes become U+FFFD, NUL becomes a blank.
        kind: `characters` (for Korean: syllables), `words`, each with the blank before it, or `plain-words`, see
            `zoo.data.tokenizer.split_words`.
        lowercase: turn letters into lower case first.

    Returns:
        `(batch, tokens)` strings.
    """
    if kind == "plain-words":
        return split_words(texts, lowercase)
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
        kind: `subwords`, see `zoo.data.subword_texts`, or as of `split`.
        lowercase: see `split`.
        backward: whether the ids of a text come in the order from its end to its start.
    """

    def __init__(self, vocabulary: list[str], *, kind: str, lowercase: bool, backward: bool = False):
        super().__init__("tokenizer", vocabulary)
        self.kind, self.lowercase, self.backward = kind, lowercase, backward
        self.subwords = TextSubwords(vocabulary, lowercase) if kind == "subwords" else None
        #: The text of each id from `UNKNOWN` on, `(size - 1,)`.
        self.written = tf.constant([_written(token, kind) for token in (REPLACEMENT, *vocabulary)], tf.string)

    def encode(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32 of `(batch,)` texts."""
        return self._forward(texts)[:, ::-1] if self.backward else self._forward(texts)

    def _forward(self, texts: tf.Tensor) -> tf.RaggedTensor:
        if self.subwords is not None:
            return self.subwords.ids_of(texts)
        return self.table.ragged_ids(split(texts, self.kind, self.lowercase))

    def decode(self, ids: tf.Tensor) -> tf.Tensor:
        """Texts `(batch,)` of token ids `(batch, tokens)`; the start is nothing, an unknown token U+FFFD."""
        ids = ids[:, ::-1] if self.backward else ids
        written = tf.gather(tf.concat([[""], self.written], 0), ids)
        joined = tf.strings.reduce_join(written, axis=1)
        return joined if self.subwords is None else tf.strings.regex_replace(joined, "\n ", "\n")

    def encode_text(self, pieces: Iterable[str], documents: bool = False) -> Text:
        """A long text in pieces, or documents, as ids; memory grows by 4 bytes a token."""
        counted, at_once = _Counted(pieces), CHUNK if documents else 1
        if self.subwords is None:
            ids = Ragged.concatenate(by_chunks(counted, self._forward, at_once))
        else:
            ids = self.subwords.all_ids_of(counted, at_once)
        text = Text.of(ids, counted.characters, documents)
        return text.reversed() if self.backward else text


def _written(token: str, kind: str) -> str:
    """What a token is when it is written."""
    if kind == "plain-words":
        return " " + token
    if kind == "subwords":
        return "\n" if token in (LINE, MARK + LINE) else token.replace(MARK, " ")
    return token


class _Counted:
    """Pieces of text, and how many characters were in those that have been read."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces, self.characters = pieces, 0

    def __iter__(self) -> Iterator[str]:
        for piece in self._pieces:
            self.characters += len(piece)
            yield piece


class Text:
    """One long text, or documents end to end, as ids.

    Attributes:
        ids: `(tokens,)` int32.
        characters: how many characters it has.
        offsets: `(documents + 1,)`: document n is `ids[offsets[n]:offsets[n + 1]]`; one long text is one document.
    """

    def __init__(self, ids: np.ndarray, characters: int, offsets: np.ndarray | None = None):
        self.ids, self.characters = ids, characters
        self.offsets = np.array([0, len(ids)]) if offsets is None else offsets

    @classmethod
    def of(cls, pieces: Ragged, characters: int, documents: bool) -> Text:
        """From the ids of pieces, or of documents."""
        return cls(pieces.values, characters, pieces.offsets if documents else None)

    def __len__(self) -> int:
        return len(self.ids)

    def reversed(self) -> Text:
        """From its end to its start, the documents too."""
        return Text(self.ids[::-1], self.characters, len(self) - self.offsets[::-1])


def learn(
    pieces: Iterable[str], *, kind: str, lowercase: bool, size: int, min_count: int, documents: bool = False
) -> tuple[list[str], Text]:
    """The most frequent tokens of the training text, and the text as their ids, in one pass; in two of sub-words.

    Args:
        pieces: the text, or documents.
        kind, lowercase: see `Tokenizer`.
        size: at most so many tokens.
        min_count: tokens seen less often are unknown; sub-words come at least twice.
        documents: whether each piece is a text of its own.

    Returns:
        The tokens, most frequent first (equal counts in the order of the text; sub-words in the order in which they
        were learnt), and the text as `Tokenizer` encodes it, forwards.

    Raises:
        UserError: where no token is left, or `size` does not hold the characters of sub-words.
    """
    if kind == "subwords":
        vocabulary = learn_subwords(
            pieces, lowercase=lowercase, size=size, flag="--max-vocabulary", lines=not documents
        )
        tokenizer = Tokenizer(vocabulary, kind=kind, lowercase=lowercase)
        return vocabulary, tokenizer.encode_text(pieces, documents)
    index, counted = TokenIndex(), _Counted(pieces)
    tokens = by_chunks(counted, lambda part: split(part, kind, lowercase), CHUNK if documents else 1)
    positions = Ragged.concatenate((index.add(flat), lengths) for flat, lengths in tokens)
    vocabulary, ids = index.learn(positions.values, size, min_count)
    if not vocabulary:
        raise UserError(f"--min-count {min_count}: no token of the training text comes that often")
    return vocabulary, Text(ids, counted.characters, positions.offsets if documents else None)
