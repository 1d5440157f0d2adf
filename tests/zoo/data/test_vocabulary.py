from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from datasets.errors import UserError
from zoo.data.vocabulary import TokenIndex, TokenTable, most_frequent


def test_ids_follow_the_reserved_ones_and_1_is_unknown() -> None:
    table = TokenTable(["한", "b"], reserved=4)
    assert table.size == 6
    assert table.ids(tf.constant([["b", "x"], ["한", ""]])).numpy().tolist() == [[5, 1], [4, 1]]
    ragged = table.ragged_ids(tf.ragged.constant([["b"], [], ["x", "한"]]))
    assert ragged.to_list() == [[5], [], [1, 4]]
    assert ragged.dtype == tf.int32


def test_a_vocabulary_without_a_token_is_told() -> None:
    with pytest.raises(UserError, match="no token is often enough in the training texts"):
        TokenTable([])


@pytest.mark.parametrize(
    ("size", "min_count", "expected"),
    [(None, 1, ["c", "a", "d", "b"]), (2, 1, ["c", "a"]), (None, 2, ["c", "a", "d"]), (9, 4, [])],
)
def test_the_most_frequent_come_first_and_equal_counts_in_order(
    size: int | None, min_count: int, expected: list[str]
) -> None:
    assert most_frequent({"a": 2, "b": 1, "c": 3, "d": 2}, size, min_count) == expected


@given(st.lists(st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]))), st.integers(0, 5), st.integers(1, 3))
def test_a_vocabulary_is_learnt_and_the_texts_are_its_ids(
    parts: list[list[bytes]], size: int, min_count: int
) -> None:
    index = TokenIndex()
    positions = np.concatenate(
        [np.zeros(0, np.int32), *(index.add(np.array(part, object)) for part in parts)]
    )
    tokens = [token.decode() for part in parts for token in part]
    vocabulary, ids = index.learn(positions, size, min_count)
    common = Counter(tokens).most_common(size)
    assert vocabulary == [token for token, count in common if count >= min_count]
    assert ids.tolist() == [vocabulary.index(token) + 2 if token in vocabulary else 1 for token in tokens]
