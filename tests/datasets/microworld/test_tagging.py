from __future__ import annotations

from collections import Counter, defaultdict

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from tests.datasets.splits import sizes_of

FIELDS = ("tokens", "tags")
SMALL = {"examples": 300, "valid_examples": 50, "test_examples": 100}


def load(**options: object) -> Dataset:
    return datasets.load("microworld", FIELDS, SMALL | options)


def sentences(split: Split | None) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    return [(example["tokens"], example["tags"]) for example in split or ()]


def test_the_same_seed_gives_the_same_sentences_and_another_gives_others() -> None:
    one, same, other = load(), load(), load(data_seed=1)
    assert sentences(one.train) == sentences(same.train)
    assert sentences(one.train) != sentences(other.train)
    assert sizes_of(one) == (300, 50, 100)
    assert one.info.synthetic


def test_no_sentence_comes_twice() -> None:
    data = load(examples=4000, distance=0)  # without care 10 would
    found = [
        tuple(map(str.lower, tokens))
        for part in (data.train, data.valid, data.test)
        for tokens, _ in sentences(part)
    ]
    assert len(set(found)) == len(found)


def test_the_test_split_depends_on_nothing_else() -> None:
    assert sentences(load().test) == sentences(load(examples=50, distance=3, test_distance=8).test)
    assert sentences(load().test) != sentences(load(test_distance=30).test)


def test_noise_replaces_just_that_share_and_the_ceiling_says_so() -> None:
    clean, noisy = load(noise=0), load(noise=0.1)
    pairs = [
        (a, b)
        for (words, right), (same, wrong) in zip(sentences(clean.test), sentences(noisy.test), strict=True)
        if words == same
        for a, b in zip(right, wrong, strict=True)
    ]
    assert sum(a == b for a, b in pairs) / len(pairs) == noisy.info.ceiling["accuracy"]
    assert noisy.info.ceiling["accuracy"] == pytest.approx(0.9, abs=1e-3)
    assert clean.info.ceiling["accuracy"] == 1


def test_only_context_settles_the_tags_of_many_words() -> None:
    data = load(noise=0)
    tags: dict[str, Counter[str]] = defaultdict(Counter)
    for tokens, its_tags in sentences(data.train):
        for token, tag in zip(tokens, its_tags, strict=True):
            tags[token.lower()][data.info.labels[tag]] += 1
    assert {"NOUN", "ADJ", "VERB"} & {*tags["lights"], *tags["light"]} == {"NOUN", "ADJ", "VERB"}
    for word in ("paints", "circles", "stars"):
        noun, verb = tags[word]["NOUN"], tags[word]["VERB"]
        assert 0.2 < noun / (noun + verb) < 0.8
    assert len(tags["green"]) == 2


def test_a_cue_many_words_before_settles_the_last_word() -> None:
    """The same words between cue and end, with either tag: nothing near tells."""
    data = load(noise=0, distance=20)
    far = [
        (tokens, its_tags)
        for tokens, its_tags in sentences(data.train)
        if tokens[-3] == "," and len(tokens) > 8
    ]
    last = Counter(data.info.labels[its_tags[-2]] for _, its_tags in far)
    assert set(last) == {"NOUN", "VERB"}
    assert min(last.values()) > len(far) / 4
    for tokens, its_tags in far:
        cue = data.info.labels[its_tags[tokens.index(",") - 1]]
        assert data.info.labels[its_tags[-2]] == {"VERB": "NOUN", "ADV": "VERB"}[cue]
    between = [len(tokens) - tokens.index(",") - 4 for tokens, _ in far]
    assert 15 < sum(between) / len(between) < 27


def test_test_has_words_that_train_has_not_and_their_endings_tell_their_tags() -> None:
    data = load(noise=0)
    known = {token.lower() for tokens, _ in sentences(data.train) for token in tokens}
    unknown = [
        (token, data.info.labels[tag])
        for tokens, its_tags in sentences(data.test)
        for token, tag in zip(tokens, its_tags, strict=True)
        if token.lower() not in known
    ]
    assert len(unknown) > 50
    endings = {"ness": "NOUN", "ish": "ADJ", "ly": "ADV", "izes": "VERB"}
    for token, tag in unknown:
        told = [part for ending, part in endings.items() if token.endswith(ending)]
        assert tag in (told or ["PROPN"])


def test_names_are_spans() -> None:
    data = load(annotation="names", noise=0)
    assert data.info.labels == ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
    for tokens, its_tags in sentences(data.train):
        before = "O"
        for token, tag in zip(tokens, [data.info.labels[tag] for tag in its_tags], strict=True):
            assert not (tag.startswith("I-") and before[2:] != tag[2:])
            assert tag == "O" or token.istitle()
            before = tag


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"examples": 1}, "--examples 1: at least 2"),
        ({"distance": -1}, "--distance -1: must be from 0"),
        ({"noise": 0.6}, "--noise 0.6"),
        ({"annotation": "chunks"}, "--annotation: unknown annotation 'chunks'; choose one of: names, parts"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        load(**options)
