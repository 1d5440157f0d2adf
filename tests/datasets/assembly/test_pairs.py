from __future__ import annotations

import numpy as np
import pytest

from datasets.assembly.pairs import Pair, assemble, checked, groups
from datasets.base import Info, Split
from datasets.errors import UserError
from tests.datasets.assembly.memory_part import MemoryPart
from tests.datasets.splits import splits_of

INFO = Info("toy", ("source", "target"))


def lines(*texts: str, name: str = "train") -> MemoryPart[Pair]:
    """A part out of strings: `source=target`."""
    return MemoryPart(name, [(number, *text.split("=")) for number, text in enumerate(texts)])  # type: ignore[misc]


def both(split: Split | None) -> set[str]:
    return {side for example in split or () for side in (example["source"], example["target"])}


def test_no_sentence_is_on_two_sides_in_either_language() -> None:
    """Chains: a pair shares its source with the next and its target with the one after."""
    chains = [f"s{n}{a}=t{n}{b}" for n in range(60) for a, b in ((0, 0), (1, 0), (1, 1), (2, 1))]
    data = assemble(INFO, {"train": lines(*chains)}, 0.1, 0.2)
    assert [len(split) for split in splits_of(data)] == [168, 24, 48]
    assert not both(data.train) & both(data.valid)
    assert not both(data.train) & both(data.test)
    assert not both(data.valid) & both(data.test)
    again = assemble(INFO, {"train": lines(*chains)}, 0.1, 0.2)
    assert list(splits_of(data)[2]) == list(splits_of(again)[2])
    assert any("test: 48 pairs taken out of train" in note for note in data.info.notes)


def test_groups_are_pairs_that_hang_together() -> None:
    found = groups(np.array([1, 1, 2, 3, 9], np.uint64), np.array([5, 6, 6, 7, 8], np.uint64))
    assert found.tolist() == [1, 1, 1, 3, 9]


def test_official_splits_stay_as_they_are_and_what_they_share_is_told() -> None:
    data = assemble(
        INFO,
        {"train": lines("a=b", "c=d"), "valid": lines("a=x", name="dev"), "test": lines("e=f")},
        0.1,
        0.1,
    )
    assert list(data.train) == [{"source": "a", "target": "b"}, {"source": "c", "target": "d"}]
    assert (len(data.valid), len(splits_of(data)[2])) == (1, 1)
    assert data.info.notes == ("dev: 1 sources are in train too (kept: the splits are official)",)


def test_no_test_split_on_request() -> None:
    assert assemble(INFO, {"train": lines("a=b", "c=d")}, 0.1, 0.0).test is None


def test_what_changes_meanwhile_is_noticed() -> None:
    part = lines("a=b", "c=d", "e=f")
    data = assemble(INFO, {"train": part}, 0.1, 0.1)
    part.version = 1
    with pytest.raises(UserError, match="train: has changed since it was loaded"):
        list(data.train)
    part.version = 0
    part.content.append((3, "g", "h"))
    with pytest.raises(UserError, match="train: changed while it was read"):
        list(data.train)


def test_too_few_pairs() -> None:
    with pytest.raises(UserError, match="train: has no pair of sentences"):
        assemble(INFO, {"train": lines()}, 0.1, 0.1)
    with pytest.raises(UserError, match="too few to train on"):
        assemble(INFO, {"train": lines("a=b", "a=c")}, 0.1, 0.1)


def test_sentences_are_composed_and_bare() -> None:
    assert checked("here", " \u1112\u1161\u11ab\t", "NA ") == ("한", "NA")


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        (("a", " "), "line 3: the target is empty; leave the pair out"),
        (("", "b"), "line 3: the source is empty"),
        ((3, "b"), "line 3: the source is '3', not a string"),
        (("a", None), "line 3: the target is 'None', not a string"),
        (("a", "\ud800"), "line 3: holds half of a character"),
    ],
)
def test_what_is_no_pair_is_told(pair: tuple[object, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        checked("line 3", *pair)
