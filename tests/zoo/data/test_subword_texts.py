from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from zoo.data.subword_texts import (
    LINE,
    REPLACEMENT,
    SubwordEncoder,
    TextSubwords,
    clean,
    learn_subwords,
    text_encoder,
)

TEXTS = ["A good film,<br /><br />really good!", "나쁜 영화였다\nA bad film\x00", "good films"] * 3


def learnt(lines: bool = False, size: int = 60) -> list[str]:
    return learn_subwords(iter(TEXTS), lowercase=True, size=size, flag="--vocabulary", lines=lines)


def encoder(vocabulary: list[str], most: int = 99, side: str = "left") -> SubwordEncoder:
    return SubwordEncoder(vocabulary, lowercase=True, max_tokens=most, truncation_side=side)


@pytest.mark.parametrize(
    ("lowercase", "lines", "expected"),
    [
        (True, False, "a good film,\n\nreally good!"),
        (False, True, f"A good film, {LINE}  {LINE} really good!"),
    ],
)
def test_texts_are_cleaned(lowercase: bool, lines: bool, expected: str) -> None:
    assert clean(tf.constant(TEXTS[:1]), lowercase, lines)[0].numpy().decode() == expected
    assert clean(tf.constant(["\x00"]), True)[0].numpy() == b" "


def test_the_ids_begin_after_padding_and_the_unknown_token() -> None:
    made = encoder(["▁good", "▁f", "ilm", "s"])
    assert made.size == 6
    assert made(tf.constant(["Good films", "good!", ""])).numpy().tolist() == [
        [2, 3, 4, 5],
        [2, 1, 0, 0],
        [0] * 4,
    ]
    assert made.tokens_read("Good films!") == ["▁good", "▁f", "ilm", "s", REPLACEMENT]


@pytest.mark.parametrize(("side", "expected"), [("left", [4, 5]), ("right", [2, 3])])
def test_a_long_text_is_cut(side: str, expected: list[int]) -> None:
    made = encoder(["▁good", "▁f", "ilm", "s"], 2, side)
    assert made(tf.constant(["good films"])).numpy().tolist() == [expected]


@pytest.mark.parametrize("lines", [False, True])
def test_all_texts_at_once_are_encoded_as_the_graph_encodes_them(lines: bool) -> None:
    vocabulary = learnt(lines)
    assert (LINE in vocabulary) == lines
    made = encoder(vocabulary)
    found, expected = made.encode_all(iter([*TEXTS, ""])), made.ragged(tf.constant([*TEXTS, ""])).to_list()
    assert [part.tolist() for part in np.split(found.values, found.offsets[1:-1])] == expected
    assert 1 not in found.values
    assert (
        TextSubwords(vocabulary, True).all_ids_of(TEXTS, at_once=2).values.tolist() == found.values.tolist()
    )


def test_the_kind_decides_on_the_encoder() -> None:
    arguments = {"lowercase": True, "max_tokens": 3, "truncation_side": "left"}
    assert isinstance(text_encoder(["a"], tokens="subwords", **arguments), SubwordEncoder)  # type: ignore[arg-type]
    words = text_encoder(["a"], tokens="words", **arguments)  # type: ignore[arg-type]
    assert (type(words).__name__, words.tokens) == ("TextEncoder", "words")


def test_too_few_sub_words_for_the_characters_are_refused() -> None:
    with pytest.raises(UserError, match="more characters than --vocabulary"):
        learnt(size=5)
