from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from datasets.errors import UserError
from zoo.data import subwords
from zoo.data.subwords import (
    BEGIN,
    END,
    KINDS,
    PADDING,
    UNKNOWN,
    SubwordTokenizer,
    learn,
    split_characters,
    split_words,
)

TEXTS = [
    "Ein Mann, der lacht.",
    "der  Mann\tlacht",
    "Eine Männin lacht laut!",
    "남자가 웃는다.",
    "der Mann (laut)",
] * 2


def pieces_of(made: SubwordTokenizer, text: str) -> list[str]:
    return [made.texts.numpy()[n].decode() for n in made(tf.constant([text]))[0].numpy()]


def words(text: str) -> list[str]:
    return [word.decode() for word in split_words(tf.constant([text]))[0].numpy()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ein Mann, der", ["▁Ein", "▁Mann", ",", "▁der"]),
        ("(a) b-c  d's 3.5", ["▁(", "a", ")", "▁b", "-", "c", "▁d", "'", "s", "▁3", ".", "5"]),
        ("  x\u3000y\x85z\x1f ", ["▁x", "▁y", "▁z"]),
        ("a▁b_c", ["▁a", "_", "b", "_", "c"]),
        ("e\u0301t हिन्दी 한국어", ["▁e\u0301t", "▁हिन्दी", "▁한국어"]),
        ("\x00", []),
        ("", []),
        (" \n\t ", []),
    ],
)
def test_words_take_their_blank_along(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_characters() -> None:
    found = split_characters(tf.constant(["a b", "", " 한 "]))
    assert [[c.decode() for c in row] for row in found.to_list()] == [["▁", "a", "▁", "b"], [], ["▁", "한"]]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_of_known_characters_comes_back(kind: str) -> None:
    made = SubwordTokenizer(learn(TEXTS, kind, 200, min_count=1), kind)
    found = made.sentences(made(tf.constant(TEXTS)).to_tensor()).numpy()
    assert [text.decode() for text in found] == [" ".join(text.split()) for text in TEXTS]


def longest_match(word: str, vocabulary: set[str]) -> list[str | None]:
    """The segmentation in plain Python."""
    found, place = [], 0
    while place < len(word):
        fits = [word[place:end] for end in range(len(word), place, -1) if word[place:end] in vocabulary]
        found.append(fits[0] if fits else None)
        place += len(fits[0]) if fits else 1
    return found


def test_always_the_longest_subword_from_the_left() -> None:
    vocabulary = ["▁", "a", "b", "c", "ab", "abc", "bc", "▁a", "한", "한국", "▁x"]
    made = SubwordTokenizer(vocabulary, "subwords")
    draw = np.random.default_rng(0)
    for _ in range(30):
        text = "▁" + "".join(draw.choice(list("abcx한국?"), size=draw.integers(1, 9)).tolist())
        found = made.segment(tf.constant([text]))[0].numpy()
        expected = [
            4 + vocabulary.index(piece) if piece else UNKNOWN
            for piece in longest_match(text, set(vocabulary))
        ]
        assert found.tolist() == expected, text


def test_pieces_do_not_depend_on_the_other_words() -> None:
    made = SubwordTokenizer(learn(TEXTS, "subwords", 60), "subwords")
    together = made(tf.constant([*TEXTS, "", "unbekanntes Wort"])).to_list()
    assert together == [
        made(tf.constant([text]))[0].numpy().tolist() for text in [*TEXTS, "", "unbekanntes Wort"]
    ]
    assert made(tf.constant([], tf.string)).to_list() == []
    assert made(tf.constant([""])).to_list() == [[]]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_nothing_in_a_graph_too(kind: str) -> None:
    made = SubwordTokenizer(["a", "▁a"], kind)
    encode = tf.function(
        lambda texts: made(texts).to_tensor(), input_signature=[tf.TensorSpec([None], tf.string)]
    )
    assert encode(tf.constant([], tf.string)).shape == (0, 0)
    assert encode(tf.constant(["", " "])).shape == (2, 0)
    assert encode(tf.constant(["", "a"])).numpy()[1].any()


@pytest.mark.parametrize("kind", KINDS)
def test_all_texts_at_once_are_encoded_as_the_graph_encodes_them(kind: str) -> None:
    made = SubwordTokenizer(learn(TEXTS, kind, 60), kind)
    texts = [*TEXTS, "", "ganz anders: 새"]
    found, expected = made.encode_all(iter(texts)), made(tf.constant(texts)).to_list()
    assert [
        found.values[a:b].tolist() for a, b in zip(found.offsets, found.offsets[1:], strict=False)
    ] == expected
    assert len(made.encode_all([])) == 0


def test_long_words_are_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SubwordTokenizer(learn(TEXTS, "subwords", 60), "subwords")
    segment, lengths = made.segment, []

    def watched(words: tf.Tensor) -> tf.RaggedTensor:
        lengths.append(sorted(len(word) for word in words.numpy()))
        return segment(words)

    monkeypatch.setattr(made, "segment", watched)
    texts = [*TEXTS, "lach" * 100, "der"]
    found = made.encode_all(texts)
    assert [len(of_call) for of_call in lengths][1:] == [1]
    expected = made(tf.constant(texts)).to_list()
    assert [part.tolist() for part in np.split(found.values, found.offsets[1:-1])] == expected


def test_what_is_not_known() -> None:
    made = SubwordTokenizer(["▁der", "▁Mann"], "words")
    assert made(tf.constant(["der Hund"])).to_list() == [[4, UNKNOWN]]
    assert made.sentences(tf.constant([[BEGIN, 4, UNKNOWN, 5, END, PADDING]])).numpy().tolist() == [
        b"der Mann"
    ]


def test_the_most_frequent_words_are_kept() -> None:
    assert learn(["a b", "a c", "a b"], "words", 2) == ["▁a", "▁b"]
    assert learn(["a b", "b"], "words", 9, min_count=1) == ["▁b", "▁a"]
    assert learn(["aab"], "characters", 9) == ["a"]


def test_sub_words_are_pieces_of_one_word() -> None:
    found = learn(["lachen ... lachen ... machen --- machen"] * 5, "subwords", 100)
    assert any(len(piece) > 3 for piece in found)
    assert not [piece for piece in found if piece.strip("▁") in ("...", "..", "--", "---")]
    assert len(found) == len(set(found))
    assert learn(TEXTS, "subwords", 40) == learn(TEXTS, "subwords", 40)
    assert len(learn(TEXTS, "subwords", 40)) <= 40


@pytest.mark.parametrize(
    ("texts", "kind", "size", "message"),
    [
        (["a"], "words", 5, "no token is in the training texts 2 times"),
        ([" "], "subwords", 5, "no sub-words can be learnt: the training texts hold no text"),
        (["abcdefghij"] * 2, "subwords", 5, "hold more characters than --vocabulary"),
    ],
)
def test_texts_of_which_nothing_can_be_learnt(texts: list[str], kind: str, size: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        learn(texts, kind, size)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("most", [1, 3, 100])
def test_the_first_tokens_are_those_of_the_whole_sentence(kind: str, most: int) -> None:
    made = SubwordTokenizer(learn(TEXTS, kind, 60), kind)
    texts = tf.constant([*TEXTS, "", "Männin" * 50])
    assert made(texts, most).to_list() == made(texts)[:, :most].to_list()


def test_a_word_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    made = SubwordTokenizer(learn(TEXTS, "subwords", 60), "subwords")
    segment = made.segment
    lengths: list[int] = []

    def watched(words: tf.Tensor) -> tf.RaggedTensor:
        lengths.extend(len(word.decode()) for word in words.numpy())
        return segment(words)

    monkeypatch.setattr(made, "segment", watched)
    made(tf.constant(["a" * 100_000]), 5)
    assert max(lengths) == 5 * made.longest


def test_a_text_of_any_length_is_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library passes over what is longer than a megabyte."""
    long = "lachen machen 한국어 " * 50_000
    assert len(long.encode()) > 1 << 20
    assert {"▁lachen", "▁한국어"} <= {*learn([long, "xx yy"], "subwords", 60)}
    monkeypatch.setattr(subwords, "LONGEST", 8)
    assert [*subwords._sentences(["ab  cd efgh", " ", "0123456789 a▁b"])] == [
        "ab cd",
        "efgh",
        "01234567",
        "89 a_b",
    ]
