"""Batches of sentence pairs of about the same lengths, padded to a few widths on either side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from datasets.base import Split
from zoo.data.ragged import Ragged
from zoo.data.subwords import BEGIN, END
from zoo.generation.tokens import gather_tokens, sentence_widths, slices, with_special_tokens
from zoo.tasks.base import Batch

#: `token_nll` and `token_correct`, `(tokens,)`; after the search also `translations`, a row a sentence: `translation`,
#: `score`, `cut`.
Predictions = dict[str, Any]
#: Batches whose pairs are sorted by length together, after being shuffled.
POOL = 50


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
    """Sentence pairs as token ids, and as texts where these are asked for.

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
        ended, decoded = with_special_tokens(sources, [], [END]), with_special_tokens(targets, [BEGIN], [END])
        widths = [
            sentence_widths(sentences.lengths, None if train is None else known)
            for sentences, known in (
                (ended, None if train is None else train.source_widths),
                (decoded, None if train is None else train.target_widths),
            )
        ]
        return cls(ended, decoded, batch_size, widths[0], widths[1], split)

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
            return [self._planned(rows) for rows in slices(order, self.batch_size)]
        random = np.random.default_rng(seed)
        order = random.permutation(len(self.sources))
        plans = []
        for pool in slices(order, POOL * self.batch_size):
            ordered = pool[np.lexsort((self.sources.lengths[pool], buckets[pool]))]
            plans += [self._planned(rows) for rows in slices(ordered, self.batch_size)]
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

    def gather(self, plans: list[PairPlan], outputs: list[dict[str, np.ndarray]]) -> Predictions:
        """`token_nll` and `token_correct` of each target token (`END` included), in order, `(tokens,)`."""
        which, widths = [plan.which for plan in plans], [plan.target_width - 1 for plan in plans]
        return gather_tokens(self.decoded.lengths - 1, which, widths, outputs)
