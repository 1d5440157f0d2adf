from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.ragged import BatchPlan, Ragged, bucket_widths, shuffled_plan, sorted_plan

SEQUENCES = st.lists(st.lists(st.integers(1, 9), max_size=7), max_size=9)


def ragged(sequences: list[list[int]]) -> Ragged:
    return Ragged.concatenate((np.array(s, np.int32), np.array([len(s)])) for s in sequences)


def lists(sequences: Ragged) -> list[list[int]]:
    return [row.tolist() for row in np.split(sequences.values, sequences.offsets[1:-1])][: len(sequences)]


@given(SEQUENCES)
def test_sequences_come_back_as_they_were_put_in(sequences: list[list[int]]) -> None:
    assert lists(ragged(sequences)) == sequences
    assert ragged(sequences).lengths.tolist() == [len(s) for s in sequences]


@given(SEQUENCES, st.integers(1, 8))
def test_truncating_keeps_one_end(sequences: list[list[int]], longest: int) -> None:
    assert lists(ragged(sequences).truncate(longest, "right")) == [s[:longest] for s in sequences]
    assert lists(ragged(sequences).truncate(longest, "left")) == [s[-longest:] for s in sequences]


@given(SEQUENCES, st.integers(7, 9), st.randoms())
def test_pad_fills_up_with_zeros_on_the_right(
    sequences: list[list[int]], width: int, draw: random.Random
) -> None:
    which = [draw.randrange(len(sequences)) for _ in sequences]
    padded = ragged(sequences).pad(np.array(which, int), width)
    assert padded.shape == (len(which), width)
    assert padded.tolist() == [sequences[n] + [0] * (width - len(sequences[n])) for n in which]


@given(st.lists(st.integers(0, 400), max_size=60), st.integers(1, 7))
def test_widths_rise_and_hold_every_sequence(lengths: list[int], buckets: int) -> None:
    widths = bucket_widths(np.array(lengths, int), buckets)
    assert 1 <= len(widths) <= buckets
    assert (np.diff(widths) > 0).all()
    assert (widths % 8 == 0).all()
    longest = max(lengths, default=0)
    assert longest <= widths[-1] < longest + 8 or widths[-1] == 8


def test_widths_follow_the_lengths() -> None:
    assert bucket_widths(np.array([3] * 60 + [100] * 40), 2).tolist() == [8, 104]


@pytest.mark.parametrize("plan", [shuffled_plan, sorted_plan])
@given(given_lengths=st.lists(st.integers(0, 40), min_size=1, max_size=60))
def test_a_plan_has_every_example_once_in_a_batch_that_holds_it(
    plan: Callable[..., list[BatchPlan]], given_lengths: list[int]
) -> None:
    lengths = np.array(given_lengths)
    widths = bucket_widths(lengths, 3)
    batches = plan(lengths, widths, 4, [0, 0]) if plan is shuffled_plan else plan(lengths, widths, 4)
    assert sorted(np.concatenate([batch.which for batch in batches])) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch.which) <= batch.size == 4
        narrower = widths[widths < batch.width]
        assert lengths[batch.which].max() <= batch.width
        assert not len(narrower) or lengths[batch.which].min() > narrower[-1]


def order(seed: list[int]) -> list[list[int]]:
    lengths = np.arange(50) % 20
    return [batch.which.tolist() for batch in shuffled_plan(lengths, bucket_widths(lengths, 3), 4, seed)]


def test_seed_and_epoch_decide_the_order() -> None:
    assert order([0, 1]) == order([0, 1])
    assert order([0, 1]) != order([0, 2])
    assert order([0, 1]) != order([1, 1])


def test_batches_of_short_and_long_sequences_are_mixed() -> None:
    lengths = np.repeat([5, 50], [41, 39])
    widths = [batch.width for batch in shuffled_plan(lengths, bucket_widths(lengths, 2), 4, [0])]
    assert widths != sorted(widths)
    assert widths != sorted(widths, reverse=True)
