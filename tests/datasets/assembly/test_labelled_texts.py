"""Tests of `datasets/assembly/labelled_texts.py` on parts that are in memory."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from datasets.assembly.labelled_texts import LabelledText, assemble
from datasets.base import NOT_IN_TRAIN, Dataset, Info
from datasets.errors import UserError
from tests.datasets.assembly.memory_part import MemoryPart

INFO = Info(name="some", fields=("text", "label"), notes=("first",))


def part_of(name: str, texts: Sequence[tuple[str, str]]) -> MemoryPart[LabelledText]:
    return MemoryPart(name, [(number, text, label) for number, (text, label) in enumerate(texts)])


def made(**parts: Sequence[tuple[str, str]]) -> Dataset:
    return assemble(INFO, {split: part_of(split, rows) for split, rows in parts.items()}, 0.1, 0.1)


def refused(**parts: Sequence[tuple[str, str]]) -> str:
    with pytest.raises(UserError) as caught:
        made(**parts)
    return str(caught.value)


def rows(count: int, prefix: str = "text", classes: str = "ab") -> list[tuple[str, str]]:
    return [(f"{prefix} {number}", classes[number % len(classes)]) for number in range(count)]


def test_every_example_is_in_one_split_in_its_order() -> None:
    dataset = made(train=rows(100))
    assert dataset.test is not None
    assert [len(split) for split in (dataset.train, dataset.valid, dataset.test)] == [80, 10, 10]
    every = []
    for split in (dataset.train, dataset.valid, dataset.test):
        examples = list(split)
        assert len(examples) == len(split)
        numbers = [int(example["text"].split()[1]) for example in examples]
        assert numbers == sorted(numbers)
        assert all(example["label"] == number % 2 for example, number in zip(examples, numbers, strict=True))
        every += numbers
    assert sorted(every) == list(range(100))


def test_official_splits_stay_as_they_are() -> None:
    dataset = made(
        train=rows(20), valid=rows(4, "dev"), test=[*rows(4, "test"), ("text 3", "b"), ("text 3", "b")]
    )
    assert dataset.test is not None
    assert [example["text"] for example in dataset.test][-2:] == ["text 3", "text 3"]
    assert [example["text"] for example in dataset.valid] == [f"dev {number}" for number in range(4)]
    assert "text 3" not in {example["text"] for example in dataset.train}
    assert len(dataset.train) == 19
    assert "1 training examples whose text is in another split were dropped" in dataset.info.notes


def test_dev_is_taken_out_of_train_where_there_is_a_test_split() -> None:
    dataset = made(train=rows(20), test=rows(4, "test"))
    assert (len(dataset.train), len(dataset.valid)) == (18, 2)
    assert "valid: 2 examples taken out of train by the hash of their text" in dataset.info.notes


def test_no_test_split_where_none_is_wanted() -> None:
    assert assemble(INFO, {"train": part_of("train", rows(20))}, 0.1, 0.0).test is None


@pytest.mark.parametrize(
    ("labels", "order"),
    [
        (["pos", "neg"], ("neg", "pos")),
        (["10", "9", "-1"], ("-1", "9", "10")),
        (["4.5", "10"], ("4.5", "10")),
        (["1", "1.0", "01"], ("01", "1", "1.0")),
        (["10", "9", "x"], ("10", "9", "x")),
        (["nan", "1", "inf"], ("1", "inf", "nan")),
        (["true", "false"], ("false", "true")),
    ],
)
def test_order_of_the_classes(labels: list[str], order: tuple[str, ...]) -> None:
    for given in (labels, labels[::-1]):
        dataset = made(train=[(f"text {number}", given[number % len(given)]) for number in range(30)])
        assert dataset.info.labels == order
        for example in dataset.train:
            assert order[example["label"]] == given[int(example["text"].split()[1]) % len(given)]


def test_given_labels_keep_their_order() -> None:
    dataset = assemble(INFO, {"train": part_of("train", rows(20))}, 0.1, 0.1, labels=("b", "a", "c"))
    assert dataset.info.labels == ("b", "a", "c")
    assert "no training example has the label c" in dataset.info.notes


def test_notes_on_empty_repeated_and_contradictory_texts() -> None:
    dataset = made(train=[*rows(30), ("", "a"), ("", "a"), ("", "b"), ("text 0", "a"), ("text 1", "a")])
    assert dataset.info.notes[:4] == (
        "first",
        "train: 3 empty texts (kept)",
        "train: 4 examples that repeat an earlier text (kept)",
        "train: 2 texts with more than one label (kept)",
    )
    assert sum(len(split) for split in (dataset.train, dataset.valid, dataset.test or ())) == 35


def test_no_notes_on_clean_parts() -> None:
    dataset = made(train=rows(20), valid=rows(4, "dev"), test=rows(4, "test"))
    assert dataset.info.notes == ("first",)


def test_one_class() -> None:
    assert refused(train=rows(10, classes="x")) == (
        "train: every example has the column 'label' 'x'; at least two classes are needed; fix it"
    )


def test_no_examples() -> None:
    assert refused(train=[]) == "train: has no examples"
    assert refused(train=rows(10), test=[]) == "test: has no examples"


def test_texts_taken_for_labels() -> None:
    many = [("x", f"label {number}") for number in range(30)]
    assert refused(train=many) == (
        "train: 30 in 30 examples different values of column 'label' are no classes; fix it"
    )
    endless = ((f"text {number}", f"label {number}") for number in range(5000))
    assert refused(train=list(endless)).startswith("train: more than 1000 different values of column 'label'")


def test_many_classes_with_enough_examples_pass() -> None:
    many = [(f"text {number}", f"label {number % 30}") for number in range(60)]
    assert len(made(train=many).info.labels) == 30


def test_few_classes_pass_however_few_the_examples() -> None:
    assert len(made(train=rows(24, classes="abcdefghijklmnopqrst")).info.labels) == 20
    assert refused(train=rows(24, classes="abcdefghijklmnopqrstu")).startswith("train: 21 in 24 examples")


def test_a_label_that_train_does_not_have() -> None:
    data = made(train=rows(10), test=[("x", "a"), ("y", "meh"), ("z", "meh")])
    assert data.info.labels == ("a", "b")
    assert data.test is not None
    assert [example["label"] for example in data.test] == [0, NOT_IN_TRAIN, NOT_IN_TRAIN]
    assert (
        "test: 2 examples with labels that train has not (meh); every answer to them counts as wrong"
        in data.info.notes
    )


def test_a_part_without_any_label_of_train() -> None:
    said = refused(train=rows(10), test=[("x", "1"), ("y", "meh")])
    assert said == (
        "test row 0: the label '1' is not in train, which begins with 'a', 'b'; nor is any other of test"
    )


@pytest.mark.parametrize(
    ("train", "test", "labels", "ids"),
    [
        (["True", "FALSE", "true", "False"], ["TRUE", "false"], ("false", "true"), [1, 0]),
        (["True", "False"], ["TRUE", "false"], ("False", "True"), [1, 0]),
        (["1.0", "0.0"], ["0", "1"], ("0.0", "1.0"), [0, 1]),
        (["1.0", "1", "0"], ["0.0", "2.0"], ("0", "1"), [0, NOT_IN_TRAIN]),
        (["Yes", "no", "yes"], ["NO", "YES"], ("no", "yes"), [0, 1]),
        (["a", "A"], ["A", "a"], ("A", "a"), [0, 1]),
        (["01", "1"], ["1", "01"], ("01", "1"), [1, 0]),
    ],
)
def test_spellings_of_truth_and_of_whole_numbers(
    train: list[str], test: list[str], labels: tuple[str, ...], ids: list[int]
) -> None:
    data = made(
        train=[(f"text {number}", train[number % len(train)]) for number in range(12)],
        test=[(f"x {number}", label) for number, label in enumerate(test)],
    )
    assert data.info.labels == labels
    assert data.test is not None
    assert [example["label"] for example in data.test] == ids
    said = [note for note in data.info.notes if note.startswith("labels: ")]
    assert bool(said) == ("01" not in train)
    assert any("differ in capitals alone" in note for note in said) == ("a" in train)


def test_a_part_that_has_changed() -> None:
    part = part_of("train", rows(20))
    dataset = assemble(INFO, {"train": part}, 0.1, 0.1)
    part.version = 1
    with pytest.raises(UserError, match=r"^train: has changed since it was loaded; start again$"):
        list(dataset.train)


@pytest.mark.parametrize("change", ["longer", "shorter", "other label"])
def test_a_part_that_changes_while_it_is_read(change: str) -> None:
    part = part_of("train", rows(20))
    dataset = assemble(INFO, {"train": part}, 0.1, 0.1)
    if change == "longer":
        part.content.append((20, "more", "a"))
    elif change == "shorter":
        part.content.pop()
    else:
        part.content[5] = (5, "text 5", "new")
    with pytest.raises(UserError, match=r"^train: changed while it was read; start again$"):
        list(dataset.train)


def test_one_class_is_left_where_the_only_text_of_another_is_tested() -> None:
    good = rows(20, classes="g")
    for number in range(40):  # the hash puts some of them into dev or test
        try:
            made(train=[*good, (f"bad {number}", "b")])
        except UserError as problem:
            told = str(problem)
            break
    assert told == (
        "train: without what is dev, test, or in them too, every training example has the label 'g'; "
        "give more examples of 'b', or files for dev and test"
    )
    assert "every training example has the label 'g'" in refused(
        train=[*good, ("bad", "b")], valid=[("bad", "b"), ("text 1", "g")]
    )
