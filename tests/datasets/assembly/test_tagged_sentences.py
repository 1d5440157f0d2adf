from __future__ import annotations

import pytest

from datasets.assembly.tagged_sentences import assemble
from datasets.base import Dataset, Info
from datasets.errors import UserError
from datasets.formats.sentences import TaggedSentence
from tests.datasets.assembly.memory_part import MemoryPart
from tests.datasets.splits import sizes_of, splits_of


def lines(*sentences: str, name: str = "train") -> MemoryPart[TaggedSentence]:
    """A part out of strings: `the/DET dog/NOUN`, one a sentence."""
    pairs = [[word.split("/") for word in sentence.split()] for sentence in sentences]
    rows = [
        (number, tuple(word for word, _ in pair), tuple(tag for _, tag in pair))
        for number, pair in enumerate(pairs)
    ]
    return MemoryPart(name, rows, "column x")


INFO = Info("toy", ("tokens", "tags"))
MANY = tuple(f"w{n}/A x/B" for n in range(40))


def load(*sentences: str, **others: MemoryPart[TaggedSentence]) -> Dataset:
    return assemble(INFO, {"train": lines(*sentences), **others}, 0.1, 0.2)


def test_tags_are_numbers_into_the_sorted_labels() -> None:
    data = load("b/NOUN a/DET", valid=lines("a/DET"), test=lines("c/NOUN"))
    assert data.info.labels == ("DET", "NOUN")
    assert list(data.train) == [{"tokens": ("b", "a"), "tags": (1, 0)}]
    assert list(data.valid) == [{"tokens": ("a",), "tags": (0,)}]
    assert sizes_of(data) == (1, 1, 1)


def test_missing_splits_are_taken_out_of_train_and_equal_sentences_stay_together() -> None:
    data = load(*MANY, *MANY)
    splits = [[example["tokens"] for example in part] for part in splits_of(data)]
    assert [len(part) for part in splits] == [56, 8, 16]
    assert not set(splits[0]) & set(splits[1])
    assert not set(splits[0]) & set(splits[2])
    assert [example["tokens"] for example in load(*MANY, *MANY).valid] == splits[1]


def test_official_splits_keep_what_they_share() -> None:
    data = load("a/A b/B", "c/A", valid=lines("a/A b/B"), test=lines("c/A"))
    assert len(data.train) == 2
    assert sum("1 sentences are in the training file too" in note for note in data.info.notes) == 2


def test_only_the_missing_split_is_taken_out() -> None:
    data = load(*MANY, valid=lines("w0/A"))
    assert sizes_of(data) == (32, 1, 8)


def test_iob1_is_rewritten_and_told() -> None:
    data = load("a/I-P b/I-P", "c/O d/B-Q", valid=lines("a/I-P"), test=lines("c/O"))
    assert data.info.labels == ("B-P", "B-Q", "I-P", "O")
    assert [example["tags"] for example in data.train] == [(0, 2), (3, 1)]
    assert "train: 1 spans begin with I- (IOB1); rewritten as B- (IOB2)" in data.info.notes


def test_tags_that_only_look_like_spans_stay() -> None:
    assert load("a/I-P b/NOUN", valid=lines("a/I-P"), test=lines("a/I-P")).info.labels == ("I-P", "NOUN")


@pytest.mark.parametrize(
    ("sentences", "note", "labels"),
    [
        (("a/B-P b/L-P", "c/O d/U-Q"), "spans: BILOU", ("B-P", "L-P", "O", "U-Q")),
        (("a/P_B b/P_I", "c/-"), "spans: IOB2 (BIO), written as PER-B", ("-", "P_B", "P_I")),
        (("a/BP b/IP", "c/O"), "spans: IOB2 (BIO), written as BPER", ("BP", "IP", "O")),
        (("a/I-P b/B-P", "c/O"), "spans: IOB1", ("B-P", "O")),
        (("a/I-P b/I-P", "c/O"), "spans: IO (neighbours of one kind are one span)", ("B-P", "I-P", "O")),
        (("a/(P* b/*)", "c/* d/(Q*)"), "spans: brackets", ("B-P", "B-Q", "I-P", "O")),
        (("a/P", "c/O d/O"), "spans: plain tags (neighbours of one kind are one span)", ("O", "P")),
        (
            ("a/(P* b/(Q* c/*))", "c/* d/(Q*)"),
            "spans: tags such as (P*, (Q*, (Q*) are of no scheme that is known; scores are word by word; "
            'see docs/reading.md, "Tags and spans"',
            ("(P*", "(Q*", "(Q*)", "*", "*))"),
        ),
    ],
)
def test_the_scheme_of_spans_is_told(sentences: tuple[str, ...], note: str, labels: tuple[str, ...]) -> None:
    data = load(*sentences, valid=lines(sentences[0]), test=lines(sentences[0]))
    assert note in data.info.notes
    assert data.info.labels == labels


def test_a_misprint_is_told_and_the_scheme_stays() -> None:
    data = load(" ".join(["a/B-P", "b/I-P"] * 100), "c/O d/P", valid=lines("c/O"), test=lines("c/O"))
    assert "spans: IOB2 (BIO)" in data.info.notes
    assert "spans: 1 words have tags of no scheme (P); they count as outside" in data.info.notes


def test_a_few_unseen_tags_are_told() -> None:
    data = load("a/A b/B", valid=lines(" ".join(["a/A"] * 20 + ["c/NEW"])), test=lines("a/A"))
    assert data.info.labels == ("A", "B", "NEW")
    assert "train: 1 words with tags that train has not (NEW)" in data.info.notes


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": lines()}, "train: has no tagged sentence"),
        (
            {"train": lines("a/_ b/_")},
            "every word has the column x '_'; at least two tags are needed; fix it",
        ),
        (
            {"train": lines("a/A b/B"), "valid": lines("c/C c/A", name="dev")},
            "dev row 0: the tag 'C' is not in train, whose tags begin with 'A', 'B': another scheme",
        ),
        ({"train": lines(*(f"w/w{n}" for n in range(70)))}, "70 for 70 words different values of column x"),
        ({"train": lines("a/A b/B", "a/A b/B")}, "1 different texts that are in no other split are too few"),
    ],
)
def test_what_is_no_set_of_tagged_sentences_is_refused(
    parts: dict[str, MemoryPart[TaggedSentence]], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        assemble(INFO, parts, 0.1, 0.2)


def test_a_part_that_changes_is_noticed() -> None:
    part = lines(*MANY)
    data = assemble(INFO, {"train": part}, 0.1, 0.2)
    part.content = part.content[:3]
    with pytest.raises(UserError, match="changed while it was read"):
        list(data.train)
    part.version += 1
    with pytest.raises(UserError, match="has changed since it was loaded"):
        list(data.train)
