"""Documents in batches: every token once, from its own document alone."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from datasets.base import Dataset, Info
from tests.zoo.tasks.language_model.models import build, prepared, split
from zoo.config import TrainingOptions
from zoo.tasks.language_model.documents import DocumentBatches
from zoo.tasks.language_model.options import AnswerOptions
from zoo.tasks.language_model.task import TASK
from zoo.tasks.language_model.tokens import START, Text
from zoo.training.evaluation import Predictor
from zoo.training.loop import plan_epoch

TEXTS = ("the cat", "a dog and a cat and a hat", "", "Bob", "the hat of the dog has a cat in it, says Bob")


def text(lengths: list[int]) -> Text:
    """Every token is another one: a number says where it stands."""
    size = sum(lengths)
    return Text(np.arange(2, size + 2, dtype=np.int32), size, np.concatenate([[0], np.cumsum(lengths)]))


def read(batches: DocumentBatches, seed=None):
    """What a row has read since it last started, with what is to be predicted and counts."""
    since: list[list[int]] = [[] for _ in range(batches.rows)]
    for planned in batches.plan(seed):
        batch = batches.load(planned)
        for row in range(batches.rows):
            if not batch.inputs["continues"][row]:
                since[row] = []
            for step in range(planned.width):
                since[row].append(int(batch.inputs["tokens"][row, step]))
                if batch.weights[row, step]:
                    yield list(since[row]), int(batch.inputs["next"][row, step]) + 1


LENGTHS = st.lists(st.integers(0, 30), min_size=1, max_size=9).filter(any)


@given(lengths=LENGTHS, rows=st.integers(1, 5), steps=st.integers(1, 9), seed=st.none() | st.just([1]))
def test_every_token_is_predicted_from_all_that_comes_before_it_in_its_document(lengths, rows, steps, seed):
    documents = text(lengths)
    batches = DocumentBatches(documents, rows, steps)
    seen = []
    for context, target in read(batches, seed):
        seen.append(target)
        begin = documents.offsets[np.searchsorted(documents.offsets, target - 2, side="right") - 1]
        assert context == [START, *range(begin + 2, target)]
    assert sorted(seen) == list(range(2, len(documents) + 2))


def test_epochs_differ_and_a_seed_repeats_them() -> None:
    batches = DocumentBatches(text(list(range(1, 60))), 4, 8)
    orders = [[planned.which.tolist() for planned in batches.plan([0, epoch])] for epoch in (0, 1, 0)]
    assert orders[0] == orders[2] != orders[1]


def test_documents_of_about_the_same_length_are_side_by_side_and_chunks_have_few_widths() -> None:
    lengths = np.random.default_rng(0).integers(1, 400, 2000).tolist()
    batches = DocumentBatches(text(lengths), 16, 32)
    plans = batches.plan([0])
    assert len({planned.width for planned in plans}) <= 4
    assert sum(planned.width for planned in plans) * 16 < 1.15 * sum(lengths)


def test_few_documents_are_read_several_times() -> None:
    batches = DocumentBatches(text([5, 6]), 2, 8)
    assert len(plan_epoch(batches, TrainingOptions(), 0)) == TrainingOptions().least_steps
    assert len(batches.plan([0])) == len(batches.plan(None)) == 1


def documents(*texts: str) -> Dataset:
    return Dataset(Info("toy", ("text",), documents=True), split(*texts), split(*texts), split(*texts))


@pytest.mark.parametrize("options", [{}, {"tokens": "plain-words", "min_count": 1}, {"backward": True}])
def test_evaluation_is_what_reading_each_document_says(options) -> None:
    ready = prepared(documents(*TEXTS), batch_size=3, **options)
    model = build(ready)
    answer = TASK.serve(model, ready.learned).functions["score"](tf.constant(TEXTS))
    rows = [*zip(answer["nats"].numpy(), answer["length"].numpy(), strict=True)]
    expected = np.concatenate([nats[:length] for nats, length in rows[:: -1 if "backward" in options else 1]])
    np.testing.assert_allclose(Predictor(model)(ready.valid), expected, atol=1e-5)


def test_a_bigram_does_not_reach_over_the_border_of_documents() -> None:
    ready = prepared(documents("ab", "ba", "ab"))
    bigram = TASK.baselines(ready)(ready.valid)["bigram"]["nats"]
    joined = prepared(Dataset(Info("toy", ("text",)), split("abbaab"), split("abbaab"), None))
    assert bigram < TASK.baselines(joined)(joined.valid)["bigram"]["nats"]


def test_plain_words_are_written_with_blanks_between() -> None:
    ready = prepared(documents("One, two.", "one two"), tokens="plain-words", lowercase=True, min_count=1)
    tokenizer = ready.learned.tokenizer
    assert tokenizer.vocabulary == ("one", "two", ",", ".")
    assert (
        tokenizer.decode(tokenizer.encode(tf.constant(["One, two."])).to_tensor())[0].numpy()
        == b" one , two ."
    )


def test_what_was_done_is_told() -> None:
    ready = prepared(documents(*TEXTS), batch_size=3)
    assert "3 documents in chunks of 8" in ready.notes[1]


def test_a_model_that_reads_backwards_reads_each_text_from_its_end() -> None:
    ready = prepared(documents("abc", "de"), batch_size=2, backward=True)
    tokenizer, batch = ready.learned.tokenizer, ready.train.load(ready.train.plan(None)[-1])
    read = [tokenizer.written.numpy()[row][:3].tolist() for row in batch.inputs["next"]]
    assert [b"c", b"b", b"a"] in read
    assert tokenizer.decode(tokenizer.encode(tf.constant(["abc"])).to_tensor())[0].numpy() == b"abc"
    answer = TASK.answer(TASK.serve(build(ready), ready.learned), ["c"], AnswerOptions(length=3))[0]
    assert len(answer["beginning"]) == 3


def test_pieces_of_one_text_are_read_backwards_as_a_whole() -> None:
    pieces = Dataset(Info("toy", ("text",)), split("ab", "cd"), split("ab", "cd"), None)
    ready = prepared(pieces, backward=True)
    forward = prepared(pieces)
    assert ready.valid.text.ids.tolist() == forward.valid.text.ids.tolist()[::-1]
    assert ready.train.text.ids.tolist() == forward.train.text.ids.tolist()[::-1]
