from __future__ import annotations

import math
import random

import numpy as np
import pytest
import sacrebleu

from zoo.tasks.captioning.scores import cider, compared, nearest, plain, signatures

REFERENCES = [
    ["A man rides a horse .", "a rider on his horse", "The man's horse!"],
    ["two dogs run through deep snow ."],
    ["a girl in a red dress", "a small girl"],
]
CAPTIONS = ["a man rides a horse", "two dogs play in snow .", "a small dog"]


def test_captions_are_compared_in_lower_case_without_punctuation():
    assert plain(" The man's red-haired  Dog, 3.5 m_tall !") == "the mans red haired dog 3 5 m tall"
    assert plain("빨간 별이 있다.") == "빨간 별이 있다"
    assert plain(".") == ""


def test_a_caption_is_scored_against_all_that_people_wrote():
    found = compared(CAPTIONS, REFERENCES)
    # 5 + 3 + 2 of 5 + 5 + 3 words are in some reference of their image; the nearest lengths are 5, 6 and 3.
    assert found["bleu_1"] == pytest.approx(100 * math.exp(1 - 14 / 13) * 10 / 13)
    assert found["bleu_1"] > found["bleu_2"] > found["bleu_3"] > found["bleu_4"] > 0
    assert found["exact"] == pytest.approx(1 / 3)
    assert 0 < found["chrf"] < 100
    first = [[captions[0]] for captions in REFERENCES]
    assert compared(CAPTIONS, first)["bleu_1"] < found["bleu_1"]


@pytest.mark.parametrize(
    "captions",
    [
        ["a man rides a horse", "two dogs play in snow", "a small dog"],
        ["a red dress here now"] * 3,
        ["horse", "dog", ""],
    ],
    ids=["some-of-each-order", "nothing-of-four", "too-short-for-pairs"],
)
def test_bleu_of_each_order_is_what_sacrebleu_counts_for_it(captions):
    references = [
        ["a man rides a horse", "a rider"],
        ["two dogs run in deep snow", "dogs"],
        ["a girl", "a red dress"],
    ]
    found = compared(captions, references)
    streams = [[first for first, _ in references], [second for _, second in references]]
    for order in range(1, 5):
        bleu = sacrebleu.BLEU(tokenize="none", max_ngram_order=order, force=True)
        assert found[f"bleu_{order}"] == bleu.corpus_score(captions, streams).score


def test_what_people_wrote_is_right():
    found = compared([captions[0] for captions in REFERENCES], REFERENCES)
    assert (found["bleu_4"], found["chrf"]) == (pytest.approx(100), pytest.approx(100))
    assert found["exact"] == 1


def test_the_signatures_say_how_it_was_counted():
    found = signatures(CAPTIONS, REFERENCES)
    assert found["bleu_4"].startswith("in lower case and without punctuation on both sides; nrefs:var|")
    assert f"version:{sacrebleu.__version__}" in found["chrf"]


def test_cider_of_drawn_captions_is_the_one_of_its_usual_implementation():
    """The number is that of `Cider` of pycocoevalcap 1.2 for the same captions."""
    draw = random.Random(0)
    words = list("abcdefg")
    references = [
        [" ".join(draw.choices(words, k=draw.randint(1, 9))) for _ in range(draw.randint(1, 4))]
        for _ in range(20)
    ]
    captions = [" ".join(draw.choices([*words, "z"], k=draw.randint(1, 9))) for _ in range(20)]
    assert cider(captions, references) == pytest.approx(0.4852712126971322, rel=1e-12)


def test_cider_by_hand():
    """Of words that one image of two has, each weighs log 2; the cosine of `a` with `a b` is 1 / sqrt 2."""
    lengths = math.exp(-1 / 72)
    expected = 10 * (1 / math.sqrt(2)) * lengths / 4
    assert cider(["a", "z"], [["a b"], ["c"]]) == pytest.approx(expected / 2)
    assert cider(["a b c d", "z"], [["a b c d"], ["c x"]]) == pytest.approx(10 / 2)
    assert cider(["a"], [["a"]]) == 0  # what all images have tells nothing
    assert cider([], []) == 0
    assert cider(["", "b"], [["a"], ["b"]]) == pytest.approx(10 / 4 / 2)


def test_the_most_alike_of_features():
    train = np.array([[1, 0], [0, 1], [3, 0.1]], np.float32)
    images = np.array([[0, 9], [50, 0], [1, 0.04]], np.float32)
    assert nearest(train, images).tolist() == [1, 0, 2]
    grids = np.repeat(images[:, None, None], 2, axis=1)
    assert nearest(np.repeat(train[:, None, None], 2, axis=1), grids).tolist() == [1, 0, 2]
    assert nearest(train, images[:0]).tolist() == []


def test_the_most_alike_of_pictures():
    train = np.full((3, 40, 30, 3), 120, np.uint8)
    train[0, :20, :, 0] = 250
    train[1, 20:, :, 1] = 250
    train[2, :, :15, 2] = 250
    images = (train[::-1] * 0.8).astype(np.uint8)
    images[:, 0, 0] = 255
    assert nearest(train, images).tolist() == [2, 1, 0]
