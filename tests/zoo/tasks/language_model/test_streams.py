"""What is read, what is predicted, and what counts: over every length of text."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.config import TrainingOptions
from zoo.tasks.language_model.streams import Streams, streams_of
from zoo.tasks.language_model.tokens import START, Text
from zoo.training.loop import plan_epoch

SIZES = st.integers(1, 200)


def text(size: int) -> Text:
    """Every token is another one: a number says where it stands."""
    return Text(np.arange(2, size + 2, dtype=np.int32), size)


def read(streams: Streams, seed=None):
    """For each row the (place, chunk) of tokens read since it last started, with what is to be predicted and counts."""
    since: list[list[int]] = [[] for _ in range(streams.rows)]
    for planned in streams.plan(seed):
        batch = streams.load(planned)
        for row in range(streams.rows):
            if not batch.inputs["continues"][row]:
                since[row] = []
            for step in range(streams.steps):
                since[row].append(int(batch.inputs["tokens"][row, step]))
                if batch.weights[row, step]:
                    yield since[row], int(batch.inputs["next"][row, step]) + 1


@given(size=SIZES, rows=st.integers(1, 5), steps=st.integers(1, 7), warm_up=st.integers(1, 3))
def test_evaluation_predicts_every_token_once_and_with_context(size, rows, steps, warm_up):
    streams = Streams(text(size), rows, steps, warm_up=warm_up)
    seen = []
    for context, target in read(streams):
        seen.append(target)
        assert context[0] == START
        known = len(context) - 1
        assert context[1:] == list(range(target - known, target))
        assert known >= min(target - 2, warm_up * streams.steps)
    assert sorted(seen) == list(range(2, size + 2))


@given(size=SIZES, rows=st.integers(1, 5), steps=st.integers(1, 7), seed=st.integers(0, 9))
def test_training_reads_every_token_and_predicts_all_but_the_one_after_the_end(size, rows, steps, seed):
    streams = Streams(text(size), streams_of(text(size), rows, steps), steps)
    seen = []
    for context, target in read(streams, [seed]):
        seen.append(target)
        assert START not in context[1:]
        assert len(context) == 1 or context[-1] == target - 1
    counts = np.bincount(seen, minlength=size + 2)[2:]
    assert counts.max() == 1
    assert (counts[1:] == 1).all()
    if streams.streams == 1:
        assert counts[0] == 1


def test_a_row_goes_on_in_the_next_chunk_where_it_stopped():
    streams = Streams(text(1000), 4, 5, random_offset=False)
    batches = [streams.load(planned) for planned in streams.plan([0])]
    assert batches[0].inputs["continues"].tolist() == [0] * 4
    for before, after in itertools.pairwise(batches):
        assert after.inputs["continues"].tolist() == [1] * 4
        assert (after.inputs["tokens"][:, 0] == before.inputs["next"][:, -1] + 1).all()
    assert batches[0].inputs["tokens"][:, 0].tolist() == [START] * 4
    assert batches[0].inputs["next"][:, 0].tolist() == [1, 251, 501, 751]


def test_passes_begin_at_tokens_that_the_seed_decides():
    streams = Streams(text(1000), 4, 5)
    plans = [[planned.offset for planned in streams.plan([0, epoch])] for epoch in (0, 1, 0)]
    assert plans[0] == plans[2] != plans[1]
    assert {planned.offset for planned in Streams(text(1000), 4, 5, random_offset=False).plan([0])} == {0}


@pytest.mark.parametrize(("size", "passes"), [(5, 50), (100, 10), (5000, 1)])
def test_short_texts_are_read_several_times_an_epoch(size, passes):
    streams = Streams(text(size), 1, 20)
    plans = plan_epoch(streams, TrainingOptions(), 0)
    assert len(plans) == passes * len(streams.plan([0])) >= TrainingOptions().least_steps
    starts = [n for n, planned in enumerate(plans) if streams.load(planned).inputs["continues"][0] == 0]
    assert starts == list(range(0, len(plans), len(streams.plan([0]))))


def test_rows_and_chunks_are_fewer_where_the_text_is_short():
    assert streams_of(text(100), 32, 10) == 10
    assert streams_of(text(5), 32, 10) == 1
    assert Streams(text(5), 1, 10).steps == 5


@given(size=SIZES, rows=st.integers(1, 5), steps=st.integers(1, 7))
def test_outputs_are_gathered_in_the_order_of_the_text(size, rows, steps):
    streams = Streams(text(size), rows, steps)
    plans = streams.plan(None)
    outputs = [streams.load(planned).inputs["next"].astype(np.float32) for planned in plans]
    np.testing.assert_array_equal(streams.gather(plans, outputs), np.arange(1, size + 1))
