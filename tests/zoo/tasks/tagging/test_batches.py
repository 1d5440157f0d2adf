from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from zoo.data.characters import WordEncoder
from zoo.tasks.tagging.batches import LEAST_ROWS, SHORT, TaggedBatches

SHORT_ROWS, LONG_ROWS = LEAST_ROWS
SENTENCES = ["a bb a", "", "ccccccccccc a", "bb " * 19 + "bb", "dd", "A a", "x y z bb"]


def examples(sentences=SENTENCES):
    """Sentence n has the tag n for its first word, n + 1 for the second …"""
    return [
        {"tokens": tuple(text.split()), "tags": tuple(n + k for k in range(len(text.split())))}
        for n, text in enumerate(sentences)
    ]


@pytest.fixture(scope="module")
def encoder() -> WordEncoder:
    return WordEncoder(["a", "bb"], list("abcd"), max_characters=10, split="words")


@pytest.fixture(scope="module")
def batches(encoder) -> TaggedBatches:
    return TaggedBatches.of(examples(), encoder, 4)


def spelt(batch) -> np.ndarray:
    """The characters of every word of a batch, `(batch, time, 10)`, through the two tables."""
    short, long = batch.inputs["short"], batch.inputs["long"]
    assert short.shape == (SHORT_ROWS, SHORT)
    assert long.shape == (LONG_ROWS, 10)
    table = np.concatenate([np.pad(short, ((0, 0), (0, 2))), long])
    return table[batch.inputs["spelling"]]


@pytest.mark.parametrize("seed", [None, [0, 0], [0, 1]])
def test_every_word_comes_once_with_its_tag_and_its_spelling(batches, seed):
    found = []
    for planned in batches.plan(seed):
        batch = batches.load(planned)
        assert batch.inputs["words"].shape == (4, planned.width) == batch.targets.shape
        assert (batch.weights == (batch.targets >= 0)).all()
        assert ((batch.inputs["words"] > 0) == (batch.targets >= 0)).all()
        characters = spelt(batch)
        for row, tags in enumerate(batch.targets):
            inside = tags >= 0
            found.append(
                (
                    tuple(tags[inside]),
                    tuple(batch.inputs["words"][row][inside]),
                    tuple("".join("??abcd"[n] for n in word if n) for word in characters[row][inside]),
                )
            )
    numbers = {"a": 2, "bb": 3, "A": 2}
    letters = {"ccccccccccc": "c" * 10, "A": "?", "x": "?", "y": "?", "z": "?"}
    expected = [
        (
            example["tags"],
            tuple(numbers.get(token, 1) for token in example["tokens"]),
            tuple(letters.get(token, token) for token in example["tokens"]),
        )
        for example in examples()
    ]
    filled: list[tuple[Any, ...]] = [((), (), ())] * (len(found) - len(expected))
    assert sorted(found) == sorted([*expected, *filled])


def test_each_distinct_word_is_spelt_once(batches):
    planned = next(plan for plan in batches.plan(None) if 0 in plan.which)
    batch = batches.load(planned)
    tokens = {token for n in planned.which for token in SENTENCES[n].split()}
    assert (batch.inputs["short"].any(axis=1).sum() + batch.inputs["long"].any(axis=1).sum()) == len(tokens)
    assert batch.shared == {"short", "long"}


def test_tables_grow_by_doubling(encoder):
    many = [" ".join(f"w{n}" for n in range(SHORT_ROWS + 1)) + " " + "abcdabcdabcd"]
    batches = TaggedBatches.of(examples(many), encoder, 1)
    batch = batches.load(batches.plan(None)[0])
    assert batch.inputs["short"].shape == (2 * SHORT_ROWS, SHORT)


@pytest.fixture(scope="module")
def varied(encoder) -> TaggedBatches:
    """Short sentences that repeat words, and some batches' worth of others that do not."""
    draw = np.random.default_rng(0)
    words = [
        [f"w{draw.integers(10**6 if n % 40 == 0 else 90)}" for _ in range(length)]
        for n, length in enumerate(draw.integers(1, 60, 2000))
    ]
    return TaggedBatches.of(examples([" ".join(row) for row in words]), encoder, 16)


def shapes(batches: TaggedBatches, epoch: int) -> set[tuple[int, ...]]:
    loaded = [batches.load(planned).inputs for planned in batches.plan([0, epoch])]
    return {(one["words"].shape[1], len(one["short"]), len(one["long"])) for one in loaded}


def test_an_epoch_has_one_shape_for_each_width_and_at_most_six(varied):
    found = set.union(*(shapes(varied, epoch) for epoch in range(3)))
    assert 1 < len(found) == len(varied.widths) <= 6
    assert len({short for _, short, _ in found}) > 1


def test_a_batch_of_many_words_takes_the_next_width_and_answers_the_same(varied):
    narrow = replace(varied, rows=np.stack([LEAST_ROWS // 4 * 2**n for n in range(len(varied.widths))]))
    plans = narrow.plan([0])
    targets = [narrow.load(planned).targets for planned in plans]
    assert any(one.shape[1] > planned.width for one, planned in zip(targets, plans, strict=True))
    scores = [{"path": np.maximum(one, 0), "scores": np.zeros((*one.shape, 1))} for one in targets]
    assert (narrow.gather(plans, scores) == narrow.tags.values).all()


def test_the_best_tags_are_gathered_in_the_order_of_the_words(batches):
    plans = batches.plan(None)
    right = batches.tags.values
    tags = [np.maximum(batches.load(plan).targets, 0) for plan in plans]
    scores = [{"scores": np.eye(40)[one]} for one in tags]
    assert (batches.gather(plans, scores) == right).all()
    others = [{"scores": np.zeros((*one.shape, 40)), "path": one} for one in tags]
    assert (batches.gather(plans, others) == right).all()


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_scores_that_are_no_numbers_give_no_tag(batches, wrong):
    plans = batches.plan(None)
    outputs = [{"scores": np.zeros((*batches.load(plan).targets.shape, 3))} for plan in plans]
    n = next(n for n, plan in enumerate(plans) if 0 in plan.which)
    outputs[n]["scores"][list(plans[n].which).index(0), 1, 2] = wrong
    assert np.flatnonzero(batches.gather(plans, outputs) < 0).tolist() == [1]


def test_another_split_knows_which_words_train_has(encoder, batches):
    other = TaggedBatches.of(examples(["BB new a", "new dd"]), encoder, 4, batches)
    assert other.known.tolist() == [True, False, True, False, True]
    assert other.widths.tolist() == batches.widths.tolist()
    assert batches.known.all()
    longer = TaggedBatches.of(examples(["a " * 41]), encoder, 4, batches)
    assert longer.widths.tolist() == [*batches.widths, 48]


def test_few_long_sentences_have_a_width_of_their_own(encoder):
    lengths = [5] * 60 + [12] * 38 + [150]
    batches = TaggedBatches.of(examples(["a " * n for n in lengths]), encoder, 4)
    assert batches.widths.tolist() == [8, 16, 152]


def test_tags_can_be_renumbered(batches):
    changed = batches.with_tags(np.arange(40) * 2)
    assert (changed.tags.values == batches.tags.values * 2).all()
