"""Batches of sentence pairs of about the same lengths, padded to a few widths on either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from datasets.base import Split
from zoo.ragged import Ragged
from zoo.subwords import BEGIN, END
from zoo.tasks.base import Batch

#: Batches whose pairs are sorted by length together, after being shuffled.
POOL = 50
#: Pairs from which on widths are finer: each is a shape to compile, which many batches repay.
MANY = 10_000


@dataclass(frozen=True)
class PairPlan:
    """Which pairs make up one batch, and how wide both sides are padded.

    Attributes:
        which: numbers of the pairs, at most `size`; a shorter batch is filled up with empty rows.
        source_width, target_width: time steps.
        size: rows.
    """

    which: np.ndarray
    source_width: int
    target_width: int
    size: int


@dataclass(frozen=True)
class PairBatches:
    """Sentence pairs as token numbers, and as texts where these are asked for.

    Attributes:
        sources: each ends with `END`.
        decoded: the targets, each from `BEGIN` to `END`.
        batch_size: rows of a batch.
        source_widths, target_widths: rising widths, the last at least as long as the longest sentence.
        split: the pairs themselves, as far as they are in the batches.
    """

    sources: Ragged
    decoded: Ragged
    batch_size: int
    source_widths: np.ndarray
    target_widths: np.ndarray
    split: Split

    @classmethod
    def of(
        cls, sources: Ragged, targets: Ragged, batch_size: int, split: Split, train: PairBatches | None = None
    ) -> PairBatches:
        """Batches of sentences that have neither `BEGIN` nor `END` yet, with the widths of `train` where there are."""
        ended, decoded = surrounded(sources, [], [END]), surrounded(targets, [BEGIN], [END])
        widths = [
            widths_of(sentences.lengths, None if train is None else known)
            for sentences, known in (
                (ended, None if train is None else train.source_widths),
                (decoded, None if train is None else train.target_widths),
            )
        ]
        return cls(ended, decoded, batch_size, widths[0], widths[1], split)

    @property
    def targets(self) -> PairBatches:
        """What predictions are scored against: the batches themselves, for scores need the texts."""
        return self

    def references(self) -> list[str]:
        """The targets as texts, in order."""
        return [example["target"] for example in self.split]

    def texts(self) -> list[str]:
        """The sources as texts, in order."""
        return [example["source"] for example in self.split]

    def plan(self, seed: Sequence[int] | None) -> list[PairPlan]:
        """See `zoo.tasks.base.Batches`."""
        buckets = np.searchsorted(self.target_widths, self.decoded.lengths)
        if seed is None:
            order = np.lexsort((self.sources.lengths, buckets))
            return [self._planned(rows) for rows in _chunks(order, self.batch_size)]
        random = np.random.default_rng(seed)
        order = random.permutation(len(self.sources))
        plans = []
        for pool in _chunks(order, POOL * self.batch_size):
            ordered = pool[np.lexsort((self.sources.lengths[pool], buckets[pool]))]
            plans += [self._planned(rows) for rows in _chunks(ordered, self.batch_size)]
        return [plans[k] for k in random.permutation(len(plans))]

    def _planned(self, rows: np.ndarray) -> PairPlan:
        source, target = (
            int(widths[np.searchsorted(widths, sentences.lengths[rows].max())])
            for widths, sentences in ((self.source_widths, self.sources), (self.target_widths, self.decoded))
        )
        return PairPlan(rows, source, target, self.batch_size)

    def load(self, planned: PairPlan) -> Batch:
        """See `zoo.tasks.base.Batches`.

        The inputs are `source` `(batch, time)` and `target` `(batch, time + 1)`; targets `(batch, time)` are the
        latter from the second token on.
        """
        missing = ((0, planned.size - len(planned.which)), (0, 0))
        source = np.pad(self.sources.pad(planned.which, planned.source_width), missing)
        target = np.pad(self.decoded.pad(planned.which, planned.target_width), missing)
        expected = target[:, 1:]
        return Batch({"source": source, "target": target}, expected, (expected != 0).astype(np.float32))

    def gather(self, plans: list[PairPlan], outputs: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """`surprise` and `right` of every target token (`END` included), of all sentences in order, `(tokens,)`."""
        lengths = self.decoded.lengths - 1
        ends = np.cumsum(lengths)
        found = {name: np.zeros(ends[-1] if len(ends) else 0, np.float64) for name in ("surprise", "right")}
        for planned, output in zip(plans, outputs, strict=True):
            steps = np.arange(planned.target_width - 1)
            inside = steps < lengths[planned.which][:, None]
            places = ((ends - lengths)[planned.which][:, None] + steps)[inside]
            for name, values in found.items():
                values[places] = output[name][: len(planned.which)][inside]
        return found


def surrounded(sentences: Ragged, before: list[int], after: list[int]) -> Ragged:
    """Each sentence with some tokens before and after it."""
    count = len(sentences)
    lengths = sentences.lengths + len(before) + len(after)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    values = np.zeros(offsets[-1], np.int32)
    inner = np.arange(len(sentences.values)) + np.repeat(
        offsets[:-1] + len(before) - sentences.offsets[:-1], sentences.lengths
    )
    values[inner] = sentences.values
    for n, token in enumerate(before):
        values[offsets[:-1] + n] = token
    for n, token in enumerate(after):
        values[offsets[1:] - len(after) + n] = token
    return Ragged(values, offsets if count else np.zeros(1, np.int64))


def taken(sentences: Ragged, which: np.ndarray) -> Ragged:
    """The sentences with these numbers."""
    lengths = sentences.lengths[which]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    places = np.arange(offsets[-1]) + np.repeat(sentences.offsets[which] - offsets[:-1], lengths)
    return Ragged(sentences.values[places], offsets)


def widths_of(lengths: np.ndarray, known: np.ndarray | None = None) -> np.ndarray:
    """Rising widths that hold sentences of these lengths; `known` ones, with one more where a sentence needs it."""
    longest = int(lengths.max(initial=1))
    if known is not None:
        return known if longest <= known[-1] else np.append(known, -(-longest // 8) * 8)
    grain, ratio, buckets = (2, 0.9, 16) if len(lengths) >= MANY else (4, 0.6, 4)
    quantiles = (
        np.quantile(lengths, np.linspace(0, 1, buckets + 1)[1:], method="higher") if len(lengths) else [1]
    )
    widths = np.maximum(4, -(-np.asarray(quantiles).astype(int) // grain) * grain)
    kept = [int(widths[-1])]
    for width in widths[::-1]:
        if width <= ratio * kept[-1]:
            kept.append(int(width))
    return np.array(kept[::-1])


def _chunks(order: np.ndarray, size: int) -> Iterator[np.ndarray]:
    for start in range(0, len(order), size):
        yield order[start : start + size]
