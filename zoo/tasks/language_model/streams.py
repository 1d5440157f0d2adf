"""One long text as streams that are read side by side, a chunk at a time. See `zoo.tasks.base.Batches`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.vocabulary import UNKNOWN
from zoo.tasks.base import Batch
from zoo.tasks.language_model.tokens import START, Text


@dataclass(frozen=True)
class Chunk:
    """What one batch is made of.

    Attributes:
        first: `(rows,)` position in the text of each row's first target; where it is negative or not below its row's
            `end`, the row has nothing to read.
        begin, end: `(rows,)` of the tokens of a row only these count: positions from `begin` to below `end`.
        offset: how far the text is turned: position 0 is the token `offset`.
        continues: `(rows,)`, 1 where the row goes on from the last batch.
        fresh: `(rows,)`, whether the row's first input is `START`.
    """

    first: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    offset: int
    continues: np.ndarray
    fresh: np.ndarray


def streams_of(text: Text, rows: int, shortest: int) -> int:
    """How many streams of at least `shortest` tokens a text is long enough for: from 1 to `rows`."""
    return max(1, min(rows, len(text) // shortest))


class Streams:
    """A text in `rows` streams of consecutive tokens, read in chunks of `steps`.

    For training the streams are equally long parts of the text. In each pass another token, which the seed decides,
    comes first (the text is a ring), so that the chunks have other borders; no token is predicted across the ends.

    For evaluation every token is predicted once, in the order of the text. A stream but the first begins with tokens
    that come before its part and do not count, so that no token is predicted with less context than they give.

    Args:
        text: the text.
        rows: streams; fewer are used where the text is short, and the other rows stay empty.
        steps: tokens of a chunk; less where the text is shorter.
        warm_up: chunks that a stream reads before its part, for evaluation.
        random_offset: whether passes begin at different tokens.
    """

    #: What rows are called.
    unit = "streams"

    def __init__(self, text: Text, rows: int, steps: int, *, warm_up: int = 2, random_offset: bool = True):
        self.text, self.rows = text, rows
        self.steps = max(1, min(steps, len(text)))
        self.warm_up, self.random_offset = warm_up, random_offset

    @property
    def streams(self) -> int:
        """How many rows training fills."""
        return streams_of(self.text, self.rows, self.steps)

    def plan(self, seed: Sequence[int] | None) -> list[Chunk]:
        """See `zoo.tasks.base.Batches`; the chunks always come in the order of the text."""
        if seed is None:
            return self._plan_evaluation()
        offset = 0
        if self.random_offset and self.streams > 1:
            offset = int(np.random.default_rng(seed).integers(len(self.text)))
        return self._chunks(self.streams, offset, 0)

    def _plan_evaluation(self) -> list[Chunk]:
        streams = streams_of(self.text, self.rows, self.warm_up * self.steps)
        return self._chunks(streams, 0, self.warm_up if streams > 1 else 0)

    def _chunks(self, streams: int, offset: int, warm_up: int) -> list[Chunk]:
        size = len(self.text)
        length = -(-size // streams)
        begin = np.minimum(np.arange(self.rows) * length, size)
        begin[streams:] = size
        end = np.minimum(begin + length, size)
        chunks = []
        for n in range(-warm_up, -(-length // self.steps)):
            first = begin + n * self.steps
            first[begin >= size] = size  # nothing to read
            starts = (first == 0) | (n == -warm_up)
            chunks.append(Chunk(first, begin, end, offset, 1 - starts.astype(np.int32), starts))
        return chunks

    def load(self, planned: Chunk) -> Batch:
        """See `zoo.tasks.base.Batches`.

        The inputs are `tokens` and `next`, `(rows, steps)` each, and `continues` `(rows,)`. `next` are classes: token
        ids without the one of the start.
        """
        size = len(self.text)
        positions = planned.first[:, None] + np.arange(self.steps)
        counts = (positions >= planned.begin[:, None]) & (positions < planned.end[:, None])
        there = (positions >= 0) & (positions < size)
        at = (positions + planned.offset) % size
        tokens = np.where(there, self.text.ids[at - 1], START)  # before the first token stands the last one
        tokens[planned.fresh, 0] = START
        if planned.offset:
            counts &= (at > 0) | (tokens == START)
        following = np.where(there, self.text.ids[at], UNKNOWN) - UNKNOWN
        inputs = {
            "tokens": tokens.astype(np.int32),
            "next": following.astype(np.int32),
            "continues": planned.continues,
        }
        return Batch(inputs, inputs["next"], counts.astype(np.float32))

    def gather(self, plans: list[Chunk], outputs: list[np.ndarray]) -> np.ndarray:
        """The model's outputs `(rows, steps)` as one array `(tokens,)` in the order of the text."""
        gathered = np.full(len(self.text), np.nan, np.float32)
        for planned, output in zip(plans, outputs, strict=True):
            counts = self.load(planned).weights > 0
            positions = planned.first[:, None] + np.arange(self.steps)
            gathered[positions[counts]] = output[counts]
        return gathered
