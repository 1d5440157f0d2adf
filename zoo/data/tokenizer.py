"""Texts to token ids: one definition in TensorFlow operations for training, prediction and the exported model."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
import tensorflow as tf

from zoo.data.ragged import Ragged
from zoo.data.vocabulary import Encoder, TokenIndex

Item = TypeVar("Item")

PADDING = 0
#: Texts per call into TensorFlow, and how many calls are made ahead.
CHUNK, AHEAD = 512, 2

LINE_BREAK_TAG = r"(?i)<br\s*/?>"
#: Zero-width non-joiner and joiner stand inside words, as in Persian and Hindi.
JOINERS = r"\x{200c}\x{200d}"
NOT_OF_A_WORD = rf"([^\p{{L}}\p{{M}}\p{{N}}{JOINERS}'\s])"
OPENING_QUOTE = r"(^|\s)'+"
CLOSING_QUOTE = r"'+(\s|$)"
WHITE_SPACE = r"[\s\p{Z}]+"


def split_words(texts: tf.Tensor, lowercase: bool = True) -> tf.RaggedTensor:
    """Words, numbers and punctuation marks of each text.

    Line-break tags and white space of any script separate words; every other character that is no letter, mark, digit,
    joiner or inner apostrophe is a token of its own.

    Args:
        texts: `(batch,)` strings, UTF-8; invalid bytes become U+FFFD.
        lowercase: turn letters into lower case first.

    Returns:
        `(batch, tokens)` strings.
    """
    texts = _clean(texts, lowercase)
    for pattern, replacement in (
        (LINE_BREAK_TAG, " "),
        (NOT_OF_A_WORD, r" \1 "),
        (OPENING_QUOTE, r"\1 ' "),
        (CLOSING_QUOTE, r" ' \1"),
        (WHITE_SPACE, " "),
    ):
        texts = tf.strings.regex_replace(texts, pattern, replacement)
    return tf.strings.split(texts)


def split_characters(texts: tf.Tensor, lowercase: bool = True) -> tf.RaggedTensor:
    """Unicode characters of each text (for Korean: syllables), `(batch, tokens)` strings. See `split_words`."""
    return tf.strings.unicode_split(_clean(texts, lowercase), "UTF-8")


def _clean(texts: tf.Tensor, lowercase: bool) -> tf.Tensor:
    texts = tf.strings.regex_replace(
        valid_utf8(texts), r"\x00", " "
    )  # tf.strings.lower would end the text there
    return tf.strings.lower(texts, encoding="utf-8") if lowercase else texts


def valid_utf8(texts: tf.Tensor) -> tf.Tensor:
    """Strings of any shape with U+FFFD for each byte that is not UTF-8."""
    return tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")


#: `--tokens`
SPLITTERS: dict[str, Callable[[tf.Tensor, bool], tf.RaggedTensor]] = {
    "words": split_words,
    "characters": split_characters,
}


class TextEncoder(Encoder):
    """Texts to token ids, with the vocabulary inside, so that it can be part of an exported model.

    Args:
        vocabulary: the tokens with the ids 2, 3, …; 0 is padding and 1 any other token.
        tokens: `words` or `characters`.
        lowercase: whether texts were turned into lower case before the vocabulary was learnt.
        max_tokens: longer texts are cut to this many tokens.
        truncation_side: `left` or `right`: where a longer text is cut; `left` keeps its end.
    """

    def __init__(
        self,
        vocabulary: Iterable[str],
        *,
        tokens: str,
        lowercase: bool,
        max_tokens: int,
        truncation_side: str,
    ) -> None:
        super().__init__("text_encoder", vocabulary)
        self.tokens, self.lowercase = tokens, lowercase
        self.max_tokens, self.truncation_side = max_tokens, truncation_side

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Token ids `(batch, time)` int32 of `(batch,)` texts: 0 on the right of short ones, at least one step."""
        ragged = self.ragged(texts)
        cut_left = self.truncation_side == "left"
        ragged = ragged[:, -self.max_tokens :] if cut_left else ragged[:, : self.max_tokens]
        ids = ragged.to_tensor(PADDING)
        return tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]])

    def ragged(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32, uncut."""
        return self.table.ragged_ids(SPLITTERS[self.tokens](texts, self.lowercase))

    def tokens_read(self, text: str) -> list[str]:
        """The tokens of a text whose ids `__call__` gives, as a reader would see them."""
        tokens = SPLITTERS[self.tokens](tf.constant([text]), self.lowercase)[0].numpy().tolist()
        cut_left = self.truncation_side == "left"
        tokens = tokens[-self.max_tokens :] if cut_left else tokens[: self.max_tokens]
        return [token.decode() for token in tokens]

    def encode_all(self, texts: Iterable[str]) -> Ragged:
        """Token ids of any number of texts, uncut; memory grows with the tokens only."""
        return Ragged.concatenate(by_chunks(texts, self.ragged))


def learn_vocabulary(
    texts: Iterable[str], *, tokens: str, lowercase: bool, size: int, min_count: int
) -> tuple[list[str], Ragged]:
    """The most frequent tokens of the training texts, and these texts as their ids, in one pass.

    Args:
        texts: training texts.
        tokens: `words` or `characters`.
        lowercase: see `split_words`.
        size: at most so many tokens.
        min_count: tokens seen less often are left out.

    Returns:
        The tokens, most frequent first (equal counts in the order of the text), and the texts as `TextEncoder` would
        encode them, uncut.
    """
    index, splitter = TokenIndex(), SPLITTERS[tokens]
    parts = by_chunks(texts, lambda chunk: splitter(chunk, lowercase))
    positions = Ragged.concatenate((index.add(flat), lengths) for flat, lengths in parts)
    vocabulary, ids = index.learn(positions.values, size, min_count)
    return vocabulary, Ragged(ids, positions.offsets)


def by_chunks(
    texts: Iterable[str], encode: Callable[[tf.Tensor], tf.RaggedTensor], size: int = CHUNK
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """What `encode` makes of texts, for each `size` of them: all values end to end, and how many each text has.

    The next chunks are encoded while the caller works with one: TensorFlow and Python each have a core then.
    """
    # TensorFlow warns of many traces of one code, were they of functions apart; it does not look into a partial.
    traced = tf.function(partial(encode), autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])

    def encoded(chunk: list[str]) -> tuple[np.ndarray, np.ndarray]:
        ragged = traced(tf.constant(chunk))
        return ragged.flat_values.numpy(), ragged.row_lengths().numpy()

    with ThreadPoolExecutor(AHEAD) as threads:
        waiting: deque[Future[tuple[np.ndarray, np.ndarray]]] = deque()
        for chunk in chunks(texts, size):
            waiting.append(threads.submit(encoded, chunk))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        for future in waiting:
            yield future.result()


def chunks(items: Iterable[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Lists of at most `size` of the items, such as texts."""
    stream = iter(items)
    while chunk := list(itertools.islice(stream, size)):
        yield chunk
