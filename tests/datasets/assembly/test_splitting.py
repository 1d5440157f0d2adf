from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasets.assembly.splitting import DROPPED, TEST, TRAIN, VALID, assign
from datasets.errors import UserError

FRACTIONS = st.floats(0.01, 0.95)


@given(st.lists(st.integers(0, 2**64 - 1), min_size=3), FRACTIONS, FRACTIONS)
def test_no_text_is_in_two_splits_and_none_is_empty(hashes: list[int], valid: float, test: float) -> None:
    if valid + test >= 1 or len(set(hashes)) < 3:
        return
    rows = np.array(hashes + hashes[:2], np.uint64)
    codes = assign({"train": rows}, valid, test)["train"]
    sides = [set(rows[codes == code].tolist()) for code in (TRAIN, VALID, TEST)]
    assert all(sides)
    assert sum(map(len, sides)) == len(set(hashes))


def test_fractions_of_the_distinct_texts() -> None:
    rows = np.arange(1000, dtype=np.uint64).repeat(2)
    codes = assign({"train": rows}, 0.2, 0.1)["train"]
    assert [(codes == code).sum() for code in (TRAIN, VALID, TEST)] == [1400, 400, 200]


def test_no_test_split_is_taken_for_a_fraction_of_nothing() -> None:
    codes = assign({"train": np.arange(10, dtype=np.uint64)}, 0.1, 0.0)["train"]
    assert sorted(codes.tolist()) == [TRAIN] * 9 + [VALID]


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = np.random.default_rng(0).integers(0, 2**63, 500).astype(np.uint64)
    codes = assign({"train": rows}, 0.1, 0.1)["train"]
    assert (assign({"train": rows[::-1].copy()}, 0.1, 0.1)["train"] == codes[::-1]).all()


def test_the_test_split_does_not_depend_on_the_dev_split() -> None:
    rows = np.random.default_rng(0).integers(0, 2**63, 500).astype(np.uint64)
    one, other = (assign({"train": rows}, valid, 0.1)["train"] == TEST for valid in (0.1, 0.4))
    assert (one == other).all()


def test_texts_of_official_splits_are_dropped_from_train() -> None:
    hashes = {
        "train": np.array([1, 2, 3, 4, 5, 2], np.uint64),
        "valid": np.array([3, 9], np.uint64),
        "test": np.array([2, 2, 8], np.uint64),
    }
    codes = {split: found.tolist() for split, found in assign(hashes, 0.1, 0.1).items()}
    assert codes == {
        "train": [TRAIN, DROPPED, DROPPED, TRAIN, TRAIN, DROPPED],
        "valid": [VALID, VALID],
        "test": [TEST, TEST, TEST],
    }


def test_dev_comes_out_of_what_is_left_of_train() -> None:
    hashes = {"train": np.array([1, 2, 3], np.uint64), "test": np.array([1], np.uint64)}
    codes = assign(hashes, 0.1, 0.1)
    assert sorted(codes["train"].tolist()) == [TRAIN, VALID, DROPPED]


@pytest.mark.parametrize("rows", [[], [1], [1, 2], [1, 1, 2, 2]])
def test_too_few_texts(rows: list[int]) -> None:
    with pytest.raises(UserError, match="are too few to train on; give at least 3"):
        assign({"train": np.array(rows, np.uint64)}, 0.1, 0.1)
