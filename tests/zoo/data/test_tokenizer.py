from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from zoo.data.tokenizer import (
    AHEAD,
    CHUNK,
    TextEncoder,
    by_chunks,
    chunks,
    learn_vocabulary,
    split_characters,
    split_words,
)


def words(text: str | bytes, lowercase: bool = True) -> list[str]:
    return [token.decode() for token in split_words(tf.constant([text]), lowercase)[0].numpy()]


def characters(text: str | bytes, lowercase: bool = True) -> list[str]:
    return [token.decode() for token in split_characters(tf.constant([text]), lowercase)[0].numpy()]


def encoder(vocabulary: list[str], **options: object) -> TextEncoder:
    arguments: dict[str, Any] = {
        "tokens": "words",
        "lowercase": True,
        "max_tokens": 3,
        "truncation_side": "left",
    }
    return TextEncoder(vocabulary, **{**arguments, **options})


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("A fine film, really!", ["a", "fine", "film", ",", "really", "!"]),
        ("정말 좋은 영화였다…", ["정말", "좋은", "영화였다", "…"]),
        ("ㅋㅋㅋ 굿", ["ㅋㅋㅋ", "굿"]),
        ("good👍bad", ["good", "👍", "bad"]),
        ("one\ntwo\r\nthree\tfour", ["one", "two", "three", "four"]),
        ("one\u2028two\u00a0three\u3000four", ["one", "two", "three", "four"]),
        ("one<br />two<BR>three<br/>four", ["one", "two", "three", "four"]),
        ("don't 'quote' it", ["don't", "'", "quote", "'", "it"]),
        ("'tis said 'so'", ["'", "tis", "said", "'", "so", "'"]),
        ('say "no"', ["say", '"', "no", '"']),
        ("3.5 stars", ["3", ".", "5", "stars"]),
        ("E\u0301TE\u0301", ["e\u0301te\u0301"]),
        ("a\0b", ["a", "b"]),
        (b"\xff fine", ["\ufffd", "fine"]),
        ("", []),
        (" \n\u2028 ", []),
    ],
)
def test_words_of_a_text(text: str | bytes, tokens: list[str]) -> None:
    assert words(text) == tokens


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Ab c", ["a", "b", " ", "c"]),
        ("좋다", ["좋", "다"]),
        ("👍\n\u2028", ["👍", "\n", "\u2028"]),
        (b"\xffa", ["\ufffd", "a"]),
        ("a\0b", ["a", " ", "b"]),
        ("", []),
    ],
)
def test_characters_of_a_text(text: str | bytes, tokens: list[str]) -> None:
    assert characters(text) == tokens


def test_letters_stay_large_where_asked() -> None:
    assert words("A Film", lowercase=False) == ["A", "Film"]
    assert characters("Ab", lowercase=False) == ["A", "b"]


def test_the_vocabulary_has_the_most_frequent_tokens_first_and_equal_ones_in_the_order_of_the_text() -> None:
    vocabulary, ids = learn_vocabulary(
        ["b a a", "c b a", "d"], tokens="words", lowercase=True, size=3, min_count=1
    )
    assert vocabulary == ["a", "b", "c"]
    assert ids.values.tolist() == [3, 2, 2, 4, 3, 2, 1]
    assert ids.offsets.tolist() == [0, 3, 6, 7]


def test_rare_tokens_are_unknown() -> None:
    vocabulary, ids = learn_vocabulary(["a a b"], tokens="words", lowercase=True, size=9, min_count=2)
    assert vocabulary == ["a"]
    assert ids.values.tolist() == [2, 2, 1]


TEXTS = ["A 좋은 film\nit's", "", "👍👍 a\u2028b <br /> 'a'", "a film " * 9, '\ufffd "a" É']


@pytest.mark.parametrize("tokens", ["words", "characters"])
@pytest.mark.parametrize("lowercase", [True, False])
def test_the_encoder_gives_the_ids_that_the_vocabulary_was_learnt_with(tokens: str, lowercase: bool) -> None:
    texts = TEXTS * (CHUNK // 4)  # more than one chunk
    vocabulary, ids = learn_vocabulary(texts, tokens=tokens, lowercase=lowercase, size=9, min_count=2)
    again = encoder(vocabulary, tokens=tokens, lowercase=lowercase).encode_all(texts)
    assert len(ids) == len(texts) > CHUNK
    np.testing.assert_array_equal(again.values, ids.values)
    np.testing.assert_array_equal(again.offsets, ids.offsets)
    assert {1, 2, 10} <= set(ids.values.tolist())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=4))
def test_any_text_is_encoded_as_it_was_learnt(texts: list[str]) -> None:
    for tokens in ("words", "characters"):
        vocabulary, ids = learn_vocabulary(texts, tokens=tokens, lowercase=True, size=50, min_count=1)
        if vocabulary:
            stored = json.loads(json.dumps(vocabulary))
            ragged = encoder(stored, tokens=tokens).ragged(tf.constant(texts))
            np.testing.assert_array_equal(ragged.flat_values, ids.values)
            np.testing.assert_array_equal(ragged.row_lengths(), ids.lengths)


@pytest.mark.parametrize(
    ("truncation_side", "expected"),
    [("left", [[3, 2, 1], [2, 0, 0], [0, 0, 0]]), ("right", [[2, 3, 2], [2, 0, 0], [0, 0, 0]])],
)
def test_long_texts_are_cut_on_one_side_and_short_ones_padded(
    truncation_side: str, expected: list[list[int]]
) -> None:
    ids = encoder(["a", "b"], truncation_side=truncation_side)(tf.constant(["a b a x", "a", ""]))
    assert ids.dtype == tf.int32
    assert ids.numpy().tolist() == expected


@pytest.mark.parametrize("truncation_side", ["left", "right"])
def test_the_encoder_cuts_as_ragged_does(truncation_side: str) -> None:
    encode = encoder(["a", "film", "👍"], max_tokens=4, truncation_side=truncation_side)
    cut = encode.encode_all(TEXTS).truncate(4, truncation_side)
    np.testing.assert_array_equal(encode(tf.constant(TEXTS)), cut.pad(np.arange(len(TEXTS)), 4))


@pytest.mark.parametrize(("truncation_side", "tokens"), [("right", ["a", "b"]), ("left", ["b", "좋다"])])
def test_the_tokens_that_are_read_are_those_that_are_encoded(truncation_side: str, tokens: list[str]) -> None:
    encode = encoder(["a", "b", "좋다"], max_tokens=2, truncation_side=truncation_side)
    read = encode.tokens_read("A b 좋다")
    assert read == tokens
    assert encode(tf.constant(["A b 좋다"])).numpy().tolist() == [
        [2 + encode.vocabulary.index(token) for token in read]
    ]


def test_there_is_at_least_one_step() -> None:
    encode = encoder(["a"])
    assert encode(tf.constant([""])).numpy().tolist() == [[0]]
    assert encode(tf.constant([], tf.string)).shape == (0, 1)


def test_a_vocabulary_may_hold_line_breaks() -> None:
    encode = encoder(["\n", "a"], tokens="characters")
    assert encode(tf.constant(["a\nb"])).numpy().tolist() == [[3, 2, 1]]


def test_size_counts_padding_and_unknown() -> None:
    assert encoder(["a", "b"]).size == 4


def test_no_texts_give_no_numbers() -> None:
    assert len(encoder(["a"]).encode_all([])) == 0
    vocabulary, ids = learn_vocabulary([], tokens="words", lowercase=True, size=1, min_count=1)
    assert (vocabulary, len(ids)) == ([], 0)


def test_chunks_hold_all_texts_in_order() -> None:
    assert list(chunks("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]


def test_texts_of_many_splits_are_no_retracing(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, logger="tensorflow"):
        for _ in range(7):
            learn_vocabulary(["a fine film"], tokens="words", lowercase=True, size=10, min_count=1)
    assert not caplog.records


def test_chunks_come_in_the_order_of_the_texts_and_few_are_read_ahead():
    read = []

    def texts() -> Iterator[str]:
        for n in range(12):
            read.append(n)
            yield f"t{n} " * (12 - n)  # the first ones take longest

    for n, (tokens, lengths) in enumerate(by_chunks(texts(), split_words, 1)):
        assert tokens.tolist() == [b"t%d" % n] * (12 - n)
        assert lengths.tolist() == [12 - n]
        assert len(read) <= n + AHEAD + 1
    assert n == 11


def test_what_fails_in_a_chunk_or_between_them_is_told():
    def texts() -> Iterator[str]:
        yield from ["a", "b"]
        raise UserError("line 3 is no text")

    with pytest.raises(UserError, match="line 3"):
        list(by_chunks(texts(), split_words, 1))
    with pytest.raises(tf.errors.InvalidArgumentError):
        list(
            by_chunks(
                ["1", "x"], lambda chunk: tf.RaggedTensor.from_tensor(tf.strings.to_number(chunk)[:, None]), 1
            )
        )
