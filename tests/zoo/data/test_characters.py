from __future__ import annotations

from collections.abc import Iterable

import pytest
import tensorflow as tf

from zoo.data.characters import WordEncoder, learn_words


def encoder(
    words: Iterable[str] = ("the", "é"),
    characters: Iterable[str] = ("a", "b"),
    split: str = "words",
    max_characters: int = 8,
) -> WordEncoder:
    return WordEncoder(list(words), list(characters), max_characters=max_characters, split=split)


def words(sentence: str, vocabulary: Iterable[str] = ("the", "é"), split: str = "words") -> list[str]:
    (row,) = encoder(vocabulary, split=split).split(tf.constant([sentence])).numpy()
    return [token.decode() for token in row]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("The dog, barks!", "The dog , barks !"),
        ("$3.50 at 10:30, 1.2.3.", "$ 3.50 at 10:30 , 1.2.3 ."),
        ("say 'well' to rock'n'roll boys'", "say ' well ' to rock'n'roll boys '"),
        ("a\u3000b\u2028c\td\u00a0e", "a b c d e"),
        ("예쁜 다람쥐가 왔다.", "예쁜 다람쥐가 왔다 ."),
        ("don't it's", "don't it's"),
        ("e\u0301x", "e\u0301x"),
    ],
)
def test_plain_sentences_become_words(sentence: str, expected: str) -> None:
    assert words(sentence) == expected.split(" ")


def test_contractions_are_split_where_training_splits_them() -> None:
    assert words("I don't, it's THEY'LL", ["n't"]) == ["I", "do", "n't", ",", "it", "'s", "THEY", "'LL"]


def test_sentences_can_be_split_at_blanks_alone() -> None:
    assert words("do n't stop.", split="spaces") == ["do", "n't", "stop."]


def test_characters_can_be_words_and_blanks_too_where_training_has_them() -> None:
    assert words(" 한 글.\n", split="characters") == ["한", "글", "."]
    assert words(" 한\u3000글.\n", [" ", "한"], "characters") == ["한", " ", "글", "."]


def test_the_words_that_are_read_are_those_of_the_sentence() -> None:
    assert encoder(["the"]).tokens_read("The Film, 좋다") == ["The", "Film", ",", "좋다"]


def test_nothing_still_has_a_column() -> None:
    assert encoder().split(tf.constant(["", "  "])).numpy().tolist() == [[b""], [b""]]
    assert encoder().split(tf.constant([], tf.string)).shape == (0, 1)


def test_words_are_known_in_any_case_and_padding_is_nothing() -> None:
    tokens = tf.constant([["THE", "É"], ["cat", ""]])
    assert encoder().word_ids(tokens).numpy().tolist() == [[2, 3], [1, 0]]


def test_characters_keep_their_case_and_long_words_lose_their_middle() -> None:
    found = encoder(max_characters=5).character_ids(tf.constant(["abA", "", "aabxxbaab"]))
    assert found.to_list() == [[2, 3, 1], [], [2, 2, 3, 2, 3]]


def test_bytes_that_are_no_text_are_unknown() -> None:
    tokens = tf.constant([b"\xff\xfe", b"a\xff"])
    assert encoder().word_ids(tokens).numpy().tolist() == [1, 1]
    assert encoder().character_ids(tokens).to_list() == [[1, 1], [2, 1]]


def test_vocabularies_hold_the_frequent() -> None:
    sentences = [["The", "the", "Cat"], ["THE", "cat", "É", "é"], ["once"]]
    known, characters = learn_words(sentences, size=2, min_count=2)
    assert known == ["the", "cat"]
    assert set("het") <= set(characters)
    assert not {"o", "C", "É"} & set(characters)
    assert learn_words(sentences, size=9, min_count=1)[0] == ["the", "cat", "é", "once"]
