"""Texts to tokens and tokens to texts: characters, jamo or words; 0 is no token."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from datasets.formats.characters import composed
from zoo.data.ragged import Ragged
from zoo.data.scripts import is_of_word
from zoo.data.vocabulary import most_frequent

BLANK = 0
#: The first code points of Hangul syllables, and of their first, middle and last letters (Unicode, chapter 3.12).
SYLLABLES, FIRST, MIDDLE, LAST = 0xAC00, 0x1100, 0x1161, 0x11A7
COUNTS = (19, 21, 28)  # of first, middle and last letters; 0 of the latter stands for none
APOSTROPHES = "'’"


def normalised(text: str, lowercase: bool, punctuation: bool) -> str:
    """The text as it is learnt and scored: composed (NFC), one blank between words.

    Args:
        lowercase: turn letters into lower case.
        punctuation: keep what is no letter, mark, digit or inner apostrophe; else it becomes a blank.
    """
    text = composed(text.lower() if lowercase else text)
    if not punctuation:
        text = "".join(c if is_of_word(c) or c in APOSTROPHES else " " for c in text)
        return " ".join(word.strip(APOSTROPHES) for word in text.split() if word.strip(APOSTROPHES))
    return " ".join(text.split())


def split(text: str, kind: str) -> list[str]:
    """The tokens of a text, see `zoo.tasks.speech.options.TOKENS`; a blank between words is one, but for words."""
    if kind == "words":
        return text.split()
    return [letter for character in text for letter in (jamo(character) if kind == "jamo" else character)]


def jamo(character: str) -> str:
    """The letters of a Hangul syllable; any other character as it is."""
    is_syllable = SYLLABLES <= ord(character) < SYLLABLES + np.prod(COUNTS)
    return unicodedata.normalize("NFD", character) if is_syllable else character


class Tokens(tf.Module):
    """The tokens of texts, and texts of tokens; a part of the exported model.

    Args:
        vocabulary: the tokens, whose ids follow the reserved ones.
        kind: see `split`.
        reserved: ids that stand for no token of the vocabulary: the blank of CTC; or `zoo.data.subwords.RESERVED`.
    """

    def __init__(self, vocabulary: Iterable[str], kind: str, reserved: int = 1) -> None:
        super().__init__(name="tokens")
        self.vocabulary, self.kind, self.reserved = tuple(vocabulary), kind, reserved
        before = " " if kind == "words" else ""
        #: The text of each id, `(size,)`.
        self.texts = tf.constant([*[""] * reserved, *(before + token for token in self.vocabulary)])

    @property
    def size(self) -> int:
        """How many different ids there are, the reserved ones among them."""
        return len(self.vocabulary) + self.reserved

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {token: n for n, token in enumerate(self.vocabulary, self.reserved)}

    def ids(self, text: str) -> np.ndarray:
        """The ids `(tokens,)` int32 of a text; tokens that are not of the vocabulary are left out."""
        known = (self._ids.get(token) for token in split(text, self.kind))
        return np.array([number for number in known if number is not None], np.int32)

    def unknown(self, text: str) -> list[str]:
        """The tokens of a text that are not of the vocabulary."""
        return [token for token in split(text, self.kind) if token not in self._ids]

    def sentences(self, ids: tf.Tensor) -> tf.Tensor:
        """Texts `(…)` of ids `(…, tokens)`, of which the reserved ones are nothing."""
        joined = tf.strings.reduce_join(tf.gather(self.texts, ids), axis=-1)
        if self.kind == "jamo":
            joined = tf.reshape(hangul(tf.reshape(joined, [-1])), tf.shape(joined))
        return tf.strings.strip(joined)

    def decode(self, ids: Sequence[np.ndarray]) -> list[str]:
        """The texts of ids `(tokens,)` of each."""
        ragged = Ragged.of(ids)
        padded = ragged.pad(np.arange(len(ragged)), int(ragged.lengths.max(initial=0)))
        return [text.decode() for text in self.sentences(tf.constant(padded, tf.int32)).numpy()]


def learn(texts: Iterable[str], kind: str, size: int, min_count: int, reserved: int = 1) -> Tokens:
    """The tokens of the training texts; see `Tokens`.

    Raises:
        UserError: none is frequent enough.
    """
    counts = Counter(token for text in texts for token in split(text, kind))
    vocabulary = most_frequent(counts, size, min_count)
    if not vocabulary:
        raise UserError("no token is often enough in the training texts; give a smaller --min-count")
    return Tokens(vocabulary, kind, reserved)


def hangul(texts: tf.Tensor) -> tf.Tensor:
    """Texts `(batch,)` in which letters that make a Hangul syllable have become one; others stay as they are."""
    codes = tf.strings.unicode_decode(texts, "UTF-8").to_tensor(0)
    padded = tf.pad(codes, [[0, 0], [0, 2]])
    one, two, three = padded[:, :-2], padded[:, 1:-1], padded[:, 2:]
    starts = _is(one, FIRST, 0) & _is(two, MIDDLE, 1)
    closed = starts & _is(three, LAST, 2)
    last = tf.where(closed, three - LAST, 0)
    syllables = SYLLABLES + ((one - FIRST) * COUNTS[1] + two - MIDDLE) * COUNTS[2] + last
    taken = tf.pad(starts, [[0, 0], [1, 0]])[:, :-1] | tf.pad(closed, [[0, 0], [2, 0]])[:, :-2]
    kept = tf.ragged.boolean_mask(tf.where(starts, syllables, codes), ~taken & (codes > 0))
    return tf.strings.unicode_encode(kept, "UTF-8")


def _is(codes: tf.Tensor, first: int, place: int) -> tf.Tensor:
    """Whether code points are letters of this place in a syllable; the first of the last ones stands for none."""
    return (codes >= first + (place == 2)) & (codes < first + COUNTS[place])
