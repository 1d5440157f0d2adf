"""Batches of token sequences with one target each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.ragged import BatchPlan, Ragged, bucket_widths, shuffled_plan, sorted_plan
from zoo.tasks.base import Batch

#: How many different widths a run pads its batches to; each is compiled once.
BUCKETS = 6


@dataclass(frozen=True)
class SequenceBatches:
    """Token sequences with one class number each, in batches of about equal length.

    Attributes:
        tokens: the sequences.
        targets: `(sequences,)` class ids.
        batch_size: rows of a batch.
        widths: rising widths, the last at least as long as the longest sequence.
    """

    tokens: Ragged
    targets: np.ndarray
    batch_size: int
    widths: np.ndarray

    @classmethod
    def of(
        cls, tokens: Ragged, targets: np.ndarray, batch_size: int, widths: np.ndarray | None = None
    ) -> SequenceBatches:
        """Batches with `widths` (those of the training split), longer ones added where a sequence needs them."""
        if widths is None:
            widths = bucket_widths(tokens.lengths, BUCKETS)
        longest = tokens.lengths.max(initial=1)
        if longest > widths[-1]:
            widths = np.append(widths, -(-longest // 8) * 8)
        return cls(tokens, targets, batch_size, widths)

    def plan(self, seed: Sequence[int] | None) -> list[BatchPlan]:
        """See `zoo.tasks.base.Batches`."""
        if seed is None:
            return sorted_plan(self.tokens.lengths, self.widths, self.batch_size)
        return shuffled_plan(self.tokens.lengths, self.widths, self.batch_size, seed)

    def load(self, planned: BatchPlan) -> Batch:
        """See `zoo.tasks.base.Batches`; the input `tokens` is `(batch_size, width)`."""
        missing = planned.size - len(planned.which)
        tokens = self.tokens.pad(planned.which, planned.width)
        targets = self.targets[planned.which]
        weights = np.ones(len(planned.which), np.float32)
        return Batch(
            {"tokens": np.pad(tokens, ((0, missing), (0, 0)))},
            np.pad(targets, (0, missing)),
            np.pad(weights, (0, missing)),
        )

    def gather(self, plans: list[BatchPlan], outputs: list[np.ndarray]) -> np.ndarray:
        """See `zoo.tasks.base.Batches`."""
        gathered = np.zeros((len(self.tokens), *outputs[0].shape[1:]), outputs[0].dtype)
        for planned, output in zip(plans, outputs, strict=True):
            gathered[planned.which] = output[: len(planned.which)]
        return gathered
