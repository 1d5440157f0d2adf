from __future__ import annotations

import pytest

from datasets.assembly.tagged_sentences import assemble
from datasets.base import Info
from datasets.errors import UserError


class Lines:
    """A part out of strings: `the/DET dog/NOUN`, one a sentence."""

    tag_name, fix = "column x", "is --tag-column right?"

    def __init__(self, *sentences: str, name: str = "train"):
        self.name, self.lines, self.version = name, list(sentences), 0

    def sentences(self):
        for number, line in enumerate(self.lines):
            pairs = [word.split("/") for word in line.split()]
            yield number, tuple(word for word, _ in pairs), tuple(tag for _, tag in pairs)

    def place(self, where):
        return f"{self.name} line {where}"

    def stamp(self):
        return self.version


INFO = Info("toy", ("tokens", "tags"))
MANY = tuple(f"w{n}/A x/B" for n in range(40))


def load(*sentences: str, **others: Lines):
    return assemble(INFO, {"train": Lines(*sentences), **others}, 0.1, 0.2)


def test_tags_are_numbers_into_the_sorted_labels():
    data = load("b/NOUN a/DET", valid=Lines("a/DET"), test=Lines("c/NOUN"))
    assert data.info.labels == ("DET", "NOUN")
    assert list(data.train) == [{"tokens": ("b", "a"), "tags": (1, 0)}]
    assert list(data.valid) == [{"tokens": ("a",), "tags": (0,)}]
    assert (len(data.train), len(data.valid), len(data.test)) == (1, 1, 1)


def test_missing_splits_are_taken_out_of_train_and_equal_sentences_stay_together():
    data = load(*MANY, *MANY)
    splits = [[example["tokens"] for example in part] for part in (data.train, data.valid, data.test)]
    assert [len(part) for part in splits] == [56, 8, 16]
    assert not set(splits[0]) & set(splits[1])
    assert not set(splits[0]) & set(splits[2])
    assert [example["tokens"] for example in load(*MANY, *MANY).valid] == splits[1]


def test_official_splits_keep_what_they_share():
    data = load("a/A b/B", "c/A", valid=Lines("a/A b/B"), test=Lines("c/A"))
    assert len(data.train) == 2
    assert sum("1 sentences are in the training file too" in note for note in data.info.notes) == 2


def test_only_the_missing_split_is_taken_out():
    data = load(*MANY, valid=Lines("w0/A"))
    assert (len(data.train), len(data.valid), len(data.test)) == (32, 1, 8)


def test_iob1_is_rewritten_and_told():
    data = load("a/I-P b/I-P", "c/O d/B-Q", valid=Lines("a/I-P"), test=Lines("c/O"))
    assert data.info.labels == ("B-P", "B-Q", "I-P", "O")
    assert [example["tags"] for example in data.train] == [(0, 2), (3, 1)]
    assert "train: 1 spans begin with I- (IOB1); rewritten as B- (IOB2)" in data.info.notes


def test_tags_that_only_look_like_spans_stay():
    assert load("a/I-P b/NOUN", valid=Lines("a/I-P"), test=Lines("a/I-P")).info.labels == ("I-P", "NOUN")


def test_a_few_unseen_tags_are_told():
    data = load("a/A b/B", valid=Lines(" ".join(["a/A"] * 20 + ["c/NEW"])), test=Lines("a/A"))
    assert data.info.labels == ("A", "B", "NEW")
    assert "train: 1 words with tags that train has not (NEW)" in data.info.notes


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": Lines()}, "train: has no tagged sentence"),
        ({"train": Lines("a/_ b/_")}, "every word has the column x '_'; at least two tags.* --tag-column"),
        (
            {"train": Lines("a/A b/B"), "valid": Lines("c/C c/A", name="dev")},
            "dev line 0: the tag 'C' is not in train, whose tags begin with 'A', 'B': another scheme",
        ),
        ({"train": Lines(*(f"w/w{n}" for n in range(70)))}, "70 for 70 words different values of column x"),
        ({"train": Lines("a/A b/B", "a/A b/B")}, "1 different texts that are in no other split are too few"),
    ],
)
def test_what_is_no_set_of_tagged_sentences_is_refused(parts: dict[str, Lines], message: str):
    with pytest.raises(UserError, match=message):
        assemble(INFO, parts, 0.1, 0.2)


def test_a_part_that_changes_is_noticed():
    part = Lines(*MANY)
    data = assemble(INFO, {"train": part}, 0.1, 0.2)
    part.lines = part.lines[:3]
    with pytest.raises(UserError, match="changed while it was read"):
        list(data.train)
    part.version += 1
    with pytest.raises(UserError, match="has changed since it was loaded"):
        list(data.train)
