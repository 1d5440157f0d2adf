from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.errors import UserError
from zoo.data.vocabulary import UNKNOWN
from zoo.tasks.language_model.tokens import REPLACEMENT, Tokenizer, learn, split

ANY = st.text(st.sampled_from("ab' .,\n\t한글😀\u00a0\u2028é0") | st.characters(codec="utf-8"), max_size=30)


def tokens(text: str, kind: str, lowercase: bool = False) -> list[str]:
    return [token.decode() for token in split(tf.constant([text]), kind, lowercase).flat_values.numpy()]


@settings(max_examples=60)
@given(text=ANY, kind=st.sampled_from(["characters", "words"]))
def test_the_tokens_put_together_are_the_text(text, kind):
    found = tokens(text, kind)
    assert "".join(found) == text.replace("\x00", " ")
    if kind == "characters":
        assert found == list(text.replace("\x00", " "))


def test_words_have_the_blank_before_them_and_marks_stand_alone():
    assert tokens("Don't stop,  한국어 문장이다.\n(Go)", "words") == [
        *("Don't", " stop", ",", " ", " 한국어", " 문장이다", ".", "\n", "(", "Go", ")"),
    ]


def test_lower_case():
    assert tokens("ÄÖ Ab", "characters", lowercase=True) == list("äö ab")


def test_texts_without_tokens():
    for kind in ("characters", "words"):
        assert split(tf.constant(["", "a"]), kind, False).row_lengths().numpy().tolist() == [0, 1]
        assert split(tf.constant([], tf.string), kind, False).nrows() == 0


def learnt(*pieces: str, kind: str = "characters", size: int = 99, min_count: int = 1):
    return learn(pieces, kind=kind, lowercase=False, size=size, min_count=min_count)


def test_the_vocabulary_is_in_order_of_frequency():
    vocabulary, text = learnt("banana", " bread")
    assert vocabulary == ["a", "b", "n", " ", "r", "e", "d"]
    assert text.ids.tolist() == [3, 2, 4, 2, 4, 2, 5, 3, 6, 7, 2, 8]
    assert text.characters == len(text) == 12


def test_rare_tokens_are_unknown():
    vocabulary, text = learnt("a b a c a", kind="words", min_count=2)
    assert vocabulary == [" a"]
    assert text.ids.tolist() == [1, 1, 2, 1, 2]
    assert learnt("aabbbc", size=1)[0] == ["b"]
    with pytest.raises(UserError, match="--min-count 2: no token"):
        learnt("abc", min_count=2)


@pytest.mark.parametrize("kind", ["characters", "words"])
def test_training_and_prediction_number_alike(kind):
    pieces = ["Ein Text,\n", " 한국어 text 😀", " with\twhat there is. "]
    vocabulary, text = learnt(*pieces, kind=kind)
    tokenizer = Tokenizer(vocabulary, kind=kind, lowercase=False)
    whole = tokenizer.encode(tf.constant(["".join(pieces)])).flat_values.numpy()
    np.testing.assert_array_equal(text.ids, whole)
    again = tokenizer.encode_text(iter(pieces))
    np.testing.assert_array_equal(again.ids, whole)
    assert again.characters == len("".join(pieces))
    assert tokenizer.decode(tf.constant(whole)[None]).numpy()[0].decode() == "".join(pieces)


@pytest.mark.parametrize("documents", [False, True])
def test_sub_words_keep_the_lines_of_a_long_text(documents: bool) -> None:
    pieces = ["ANN:\nA good film,\n\n", "\nBEN:\nGood films"]
    vocabulary, text = learn(
        pieces, kind="subwords", lowercase=False, size=60, min_count=0, documents=documents
    )
    made = Tokenizer(vocabulary, kind="subwords", lowercase=False)
    assert UNKNOWN not in text.ids
    assert text.offsets.tolist() == (
        [0, len(made.encode(tf.constant(pieces[:1]))[0]), len(text)] if documents else [0, len(text)]
    )
    assert text.characters == len("".join(pieces))
    again = made.decode(tf.constant(text.ids)[None])[0].numpy().decode()
    whole = "".join(pieces)
    assert again == " " + (" ".join(whole.split()) if documents else whole)
    np.testing.assert_array_equal(made.encode_text(iter(pieces), documents).ids, text.ids)


def test_sub_words_read_from_the_end_are_the_same() -> None:
    vocabulary = ["▁good", "▁f", "ilm", "▁↵", "↵"]
    made = Tokenizer(vocabulary, kind="subwords", lowercase=True, backward=True)
    ids = made.encode(tf.constant(["Good\nfilm"]))
    assert ids.to_list() == [[4, 3, 5, 2]]
    assert made.decode(ids).numpy()[0].decode() == " good\nfilm"
    assert made.encode_text(["Good\nfilm"]).ids.tolist() == ids[0].numpy().tolist()
    assert [text.decode() for text in made.written.numpy()] == [REPLACEMENT, " good", " f", "ilm", "\n", "\n"]


def test_too_few_sub_words_are_refused_by_the_name_of_the_option() -> None:
    with pytest.raises(UserError, match="more characters than --max-vocabulary"):
        learnt("abcdefgh", kind="subwords", size=3)


def test_unknown_tokens_and_the_start_are_written():
    tokenizer = Tokenizer(["a", "b"], kind="characters", lowercase=False)
    assert tokenizer.encode(tf.constant(["az"])).to_list() == [[2, UNKNOWN]]
    assert tokenizer.decode(tf.constant([[0, 2, 1, 3]])).numpy()[0].decode() == f"a{REPLACEMENT}b"
    assert tokenizer.size == 4
