from __future__ import annotations

import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from zoo.tasks.speech.tokens import Tokens, hangul, learn, normalised, split


@pytest.mark.parametrize(
    ("text", "lowercase", "punctuation", "expected"),
    [
        ("  Don't  stop, 'now'! ", True, False, "don't stop now"),
        ("Don't stop, now!", False, True, "Don't stop, now!"),
        ("한글, 좋다.", True, False, "한글 좋다"),
        (unicodedata.normalize("NFD", "한글"), True, True, "한글"),
        ("?! —", True, False, ""),
        ("E-mail’s", True, False, "e mail’s"),
    ],
)
def test_texts_are_normalised(text: str, lowercase: bool, punctuation: bool, expected: str) -> None:
    assert normalised(text, lowercase, punctuation) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("characters", ["한", "글", " ", "é"]),
        ("jamo", ["ᄒ", "ᅡ", "ᆫ", "ᄀ", "ᅳ", "ᆯ", " ", "é"]),
        ("words", ["한글", "é"]),
    ],
)
def test_tokens_are_characters_jamo_or_words(kind: str, expected: list[str]) -> None:
    assert split("한글 é", kind) == expected


TEXTS = ["값이 싸다 ab", "나의 꿈 é", "닭", "a", "가각"]


@pytest.mark.parametrize("kind", ["characters", "jamo", "words"])
def test_what_is_known_comes_back(kind: str) -> None:
    tokens = learn(TEXTS, kind, 1000, 1)
    assert tokens.decode([tokens.ids(text) for text in TEXTS]) == TEXTS
    assert tokens.size == 1 + len({token for text in TEXTS for token in split(text, kind)})
    again = Tokens(tokens.vocabulary, kind)
    np.testing.assert_array_equal(again.ids(TEXTS[0]), tokens.ids(TEXTS[0]))
    assert tokens.decode([]) == []


def test_what_train_lacks_is_left_out_and_told() -> None:
    tokens = learn(["ab ab b"], "characters", 2, 1)
    assert tokens.vocabulary == ("b", "a")
    assert tokens.ids("abc b").tolist() == [2, 1, 1]
    assert tokens.unknown("abc b") == ["c", " "]
    with pytest.raises(UserError, match="smaller --min-count"):
        learn(["abc"], "characters", 10, 2)


def test_letters_that_make_no_syllable_stay() -> None:
    """A vowel without a consonant before it, a consonant alone, two of them, and blanks between."""
    given = ["ᅡ", "ᄀ", "ᄀᄀ", "각ᆨ", "ᄀ ᅡ", "", "가가", "x한y"]
    expected = [unicodedata.normalize("NFC", text) for text in given]
    assert [text.decode() for text in hangul(tf.constant(given)).numpy()] == expected


def test_every_syllable_comes_back() -> None:
    syllables = [chr(code) for code in range(0xAC00, 0xD7A4)]
    parts = [unicodedata.normalize("NFD", syllable) for syllable in syllables]
    assert [text.decode() for text in hangul(tf.constant(parts)).numpy()] == syllables
