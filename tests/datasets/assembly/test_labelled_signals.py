from __future__ import annotations

import numpy as np
import pytest

from datasets.assembly.labelled_signals import FIELDS, LabelledSignal, assemble
from datasets.base import NOT_IN_TRAIN, Dataset, Info
from datasets.errors import UserError
from datasets.formats.signals import Numbers, Samples

INFO = Info("toy", FIELDS, source="toy.ts")


def rows(
    count: int, start: int = 0, groups: int = 0, labels: tuple[str, ...] = ("a", "b")
) -> list[LabelledSignal]:
    """Signals with a hash and a value each of their own; every `groups` ones are of one group."""
    return [
        LabelledSignal(
            Numbers(np.full((2, 1), n, np.float32)),
            labels[n % len(labels)],
            f"line {n}",
            (n * 2654435761) % 2**32,
            f"speaker {n % groups}" if groups else None,
        )
        for n in range(start, start + count)
    ]


def assembled(**parts: list[LabelledSignal]) -> Dataset:
    return assemble(INFO, parts, 0.2, 0.1, "fix it")


def values(split: object) -> set[float]:
    return {float(example["signal"].values[0, 0]) for example in split}  # type: ignore[attr-defined]


def test_missing_splits_are_taken_out_of_train_and_share_nothing() -> None:
    data = assembled(train=rows(40))
    assert data.test is not None
    assert (len(data.train), len(data.valid), len(data.test)) == (28, 8, 4)
    sides = [values(data.train), values(data.valid), values(data.test)]
    assert set.union(*sides) == set(range(40))
    assert sum(map(len, sides)) == 40
    assert data.info.labels == ("a", "b")
    assert {example["label"] for example in data.train} == {0, 1}


def test_a_group_is_on_one_side() -> None:
    data = assembled(train=rows(60, groups=6))
    assert data.test is not None
    groups = [{value % 6 for value in values(split)} for split in (data.train, data.valid, data.test)]
    assert all(groups)
    assert sum(map(len, groups)) == 6


def test_copies_of_what_is_tested_leave_train() -> None:
    data = assembled(train=rows(20), test=[*rows(2), *rows(2, 50)])
    assert values(data.train) | values(data.valid) == set(range(2, 20))
    assert any(
        "2 training signals that are in another split too were dropped" in note for note in data.info.notes
    )


def test_labels_that_train_lacks_count_as_unknown() -> None:
    test = rows(4, 50, labels=("a", "c"))
    data = assembled(train=rows(20), test=test)
    assert data.test is not None
    assert [example["label"] for example in data.test] == [0, NOT_IN_TRAIN] * 2
    assert any("test: 2 signals with labels that train has not (c)" in note for note in data.info.notes)


def test_numbers_as_labels_are_sorted_by_value() -> None:
    assert assembled(train=rows(40, labels=("10", "9", "1"))).info.labels == ("1", "9", "10")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"train": rows(0)}, "the train split has no signals"),
        (
            {"train": rows(9, labels=("a",))},
            "every signal has the label 'a'; at least two classes are needed; fix it",
        ),
        (
            {"train": rows(30, labels=tuple(map(str, range(30))))},
            "30 different labels of 30 signals are no classes",
        ),
        ({"train": rows(9), "test": rows(2, 50, labels=("z",))}, "line 50: the label 'z' is not in train"),
        (
            {"train": [*rows(9), LabelledSignal(Samples(np.zeros(2), 8), "a", "b.wav", 1)]},
            "b.wav: is of the kind sound, and line 0 of numbers",
        ),
        ({"train": rows(2)}, "too few to train on"),
    ],
)
def test_what_is_no_data_set_is_refused(parts: dict[str, list[LabelledSignal]], message: str) -> None:
    with pytest.raises(UserError) as caught:
        assembled(**parts)
    assert message in str(caught.value)


def test_one_class_is_left_where_the_only_signal_of_another_is_tested() -> None:
    parts = {
        "train": [*rows(20, labels=("a",)), *rows(1, 90, labels=("b",))],
        "test": rows(1, 90, labels=("b",)),
    }
    with pytest.raises(UserError, match=r"^toy.ts: .* has the label 'a'; give more examples of 'b'"):
        assembled(**parts)
