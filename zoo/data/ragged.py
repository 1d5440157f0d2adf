"""Sequences of different lengths in one array, and how they are put into batches of a few fixed shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ragged:
    """Integer sequences end to end: sequence n is `values[offsets[n]:offsets[n + 1]]`.

    Attributes:
        values: `(sum of lengths,)`.
        offsets: `(sequences + 1,)`, from 0 to the number of values.
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def concatenate(cls, parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> Ragged:
        """From pairs of values and lengths, in order."""
        values, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
        for part_values, part_lengths in parts:
            values.append(part_values)
            lengths.append(part_lengths)
        return cls(np.concatenate(values), np.concatenate([[0], np.cumsum(np.concatenate(lengths))]))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Length of each sequence, `(sequences,)`."""
        return np.diff(self.offsets)

    def truncate(self, longest: int, side: str) -> Ragged:
        """At most `longest` values of each sequence; what is too many is cut off on the `left` or the `right`."""
        lengths = np.minimum(self.lengths, longest)
        starts = self.offsets[1:] - lengths if side == "left" else self.offsets[:-1]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], lengths)
        return Ragged(self.values[places], offsets)

    def pad(self, which: np.ndarray, width: int) -> np.ndarray:
        """The sequences `which` as one `(len(which), width)` array, filled up with 0 on the right."""
        starts, lengths = self.offsets[which], self.lengths[which]
        steps = np.arange(width)
        inside = steps < lengths[:, None]
        padded = np.zeros((len(which), width), self.values.dtype)
        padded[inside] = self.values[(starts[:, None] + steps)[inside]]
        return padded


def bucket_widths(lengths: np.ndarray, buckets: int) -> np.ndarray:
    """At most `buckets` widths, rising, that hold sequences of these lengths with little padding.

    They are quantiles of the length, rounded up to a multiple of 8; the last holds the longest. One that is more than
    three quarters of the next is left out: each width is a shape to compile and must save enough padding to pay.
    """
    if len(lengths) == 0:
        return np.array([8])
    quantiles = np.quantile(lengths, np.linspace(0, 1, buckets + 1)[1:], method="higher")
    widths = np.maximum(8, -(-quantiles.astype(int) // 8) * 8)
    kept = [int(widths[-1])]
    for width in widths[::-1]:
        if width <= 0.75 * kept[-1]:
            kept.append(int(width))
    return np.array(kept[::-1])


@dataclass(frozen=True)
class BatchPlan:
    """Which examples make up one batch, and how wide it is padded.

    Attributes:
        which: example numbers, at most `size`; a shorter batch is filled up with rows of weight 0.
        width: time steps.
        size: rows.
    """

    which: np.ndarray
    width: int
    size: int


def shuffled_plan(lengths: np.ndarray, widths: np.ndarray, size: int, seed: Sequence[int]) -> list[BatchPlan]:
    """One epoch's batches of examples of about the same length, in an order that `seed` alone decides."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(lengths))
    bucket = np.searchsorted(widths, lengths[order])
    plans = []
    for n, width in enumerate(widths):
        members = order[bucket == n]
        plans += [BatchPlan(members[k : k + size], int(width), size) for k in range(0, len(members), size)]
    return [plans[k] for k in random.permutation(len(plans))]


def sorted_plan(lengths: np.ndarray, widths: np.ndarray, size: int) -> list[BatchPlan]:
    """All examples once, by length, for evaluation."""
    order = np.argsort(lengths, kind="stable")
    bucket = np.searchsorted(widths, lengths[order])
    return [
        BatchPlan(members[k : k + size], int(width), size)
        for n, width in enumerate(widths)
        for members in [order[bucket == n]]
        for k in range(0, len(members), size)
    ]
