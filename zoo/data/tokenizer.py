"""Text to integers: one definition in TensorFlow operations for training, prediction and the exported model."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import tensorflow as tf

from zoo.data.ragged import Ragged

PADDING, UNKNOWN = 0, 1
#: Integers that stand for no token of the vocabulary.
RESERVED = 2
#: Texts per call into TensorFlow.
CHUNK = 512

LINE_BREAK_TAG = r"(?i)<br\s*/?>"
NOT_OF_A_WORD = r"([^\p{L}\p{M}\p{N}'\s])"
OPENING_QUOTE = r"(^|\s)'+"
CLOSING_QUOTE = r"'+(\s|$)"
WHITE_SPACE = r"[\s\p{Z}]+"


def split_words(texts: tf.Tensor, lowercase: bool = True) -> tf.RaggedTensor:
    """Words, numbers and punctuation marks of each text.

    Line-break tags and white space of any script separate words; every other character that is no letter, mark, digit
    or inner apostrophe is a token of its own.

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
    texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
    texts = tf.strings.regex_replace(texts, r"\x00", " ")  # tf.strings.lower would end the text there
    return tf.strings.lower(texts, encoding="utf-8") if lowercase else texts


#: `--tokens`
SPLITTERS: dict[str, Callable[[tf.Tensor, bool], tf.RaggedTensor]] = {
    "words": split_words,
    "characters": split_characters,
}


class TextEncoder(tf.Module):
    """Texts to token ids, with the vocabulary inside, so that it can be part of an exported model.

    Args:
        vocabulary: the tokens with the ids 2, 3, …; 0 is padding and 1 any other token.
        tokens: `words` or `characters`.
        lowercase: whether letters were made small before the vocabulary was learnt.
        max_tokens: longer texts are cut to this many tokens.
        truncation_side: `left` or `right`: where a longer text is cut; `left` keeps its end.
    """

    def __init__(
        self, vocabulary: list[str], *, tokens: str, lowercase: bool, max_tokens: int, truncation_side: str
    ):
        super().__init__(name="text_encoder")
        self.vocabulary = tuple(vocabulary)
        self.tokens, self.lowercase = tokens, lowercase
        self.max_tokens, self.truncation_side = max_tokens, truncation_side
        ids = tf.range(RESERVED, RESERVED + len(vocabulary), dtype=tf.int64)
        keys = tf.constant(list(vocabulary), tf.string, shape=(len(vocabulary),))
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ids), UNKNOWN)

    @property
    def size(self) -> int:
        """How many different ids there are, padding and unknown included."""
        return RESERVED + len(self.vocabulary)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Token ids `(batch, time)` int32 of `(batch,)` texts: 0 on the right of short ones, at least one step."""
        ragged = self.ragged(texts)
        cut_left = self.truncation_side == "left"
        ragged = ragged[:, -self.max_tokens :] if cut_left else ragged[:, : self.max_tokens]
        ids = ragged.to_tensor(PADDING)
        return tf.pad(ids, [[0, 0], [0, tf.cast(tf.shape(ids)[1] == 0, tf.int32)]])

    def ragged(self, texts: tf.Tensor) -> tf.RaggedTensor:
        """Token ids `(batch, tokens)` int32, uncut."""
        tokens = SPLITTERS[self.tokens](texts, self.lowercase)
        return tokens.with_flat_values(tf.cast(self.table.lookup(tokens.flat_values), tf.int32))

    def encode_all(self, texts: Iterable[str]) -> Ragged:
        """Token ids of any number of texts, uncut; memory grows with the tokens only."""
        encode = tf.function(self.ragged, input_signature=[tf.TensorSpec([None], tf.string)])
        return Ragged.concatenate(_flat(encode(tf.constant(chunk))) for chunk in chunks(texts))


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
    ids: dict[bytes, int] = {}
    split = tf.function(
        lambda batch: SPLITTERS[tokens](batch, lowercase), input_signature=[tf.TensorSpec([None], tf.string)]
    )

    def number_all() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for chunk in chunks(texts):
            flat, lengths = _flat(split(tf.constant(chunk)))
            yield (
                np.fromiter((ids.setdefault(t, len(ids)) for t in flat), np.int32, len(flat)),
                lengths,
            )

    everything = Ragged.concatenate(number_all())
    counts = np.bincount(everything.values, minlength=len(ids))
    kept = [n for n in np.argsort(-counts, kind="stable")[:size] if counts[n] >= min_count]
    renumber = np.full(len(ids), UNKNOWN, np.int32)
    renumber[kept] = np.arange(RESERVED, RESERVED + len(kept))
    known = list(ids)
    return [known[n].decode() for n in kept], Ragged(renumber[everything.values], everything.offsets)


def chunks(texts: Iterable[str], size: int = CHUNK) -> Iterator[list[str]]:
    """Lists of at most `size` texts."""
    stream = iter(texts)
    while chunk := list(itertools.islice(stream, size)):
        yield chunk


def _flat(ragged: tf.RaggedTensor) -> tuple[np.ndarray, np.ndarray]:
    return ragged.flat_values.numpy(), ragged.row_lengths().numpy()
