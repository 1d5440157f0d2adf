"""Sequences of different lengths in one array, and how they are put into batches of a few fixed shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

#: How many different widths a run pads its batches to; each is compiled once.
BUCKETS = 6


@dataclass(frozen=True)
class Ragged:
    """Sequences end to end: sequence n is `values[offsets[n]:offsets[n + 1]]`.

    Attributes:
        values: `(sum of lengths,)` of token ids, `(sum of lengths, …)` of vectors or larger items.
        offsets: `(sequences + 1,)`, from 0 to the number of values.
    """

    values: np.ndarray
    offsets: np.ndarray

    @classmethod
    def concatenate(cls, parts: Iterable[tuple[np.ndarray, np.ndarray]]) -> Ragged:
        """From pairs of values and lengths, in order."""
        values, lengths = [], [np.zeros(0, np.int64)]
        for part_values, part_lengths in parts:
            values.append(part_values)
            lengths.append(part_lengths)
        end_to_end = np.concatenate(values) if values else np.zeros(0, np.int32)
        return cls(end_to_end, np.concatenate([[0], np.cumsum(np.concatenate(lengths))]))

    @classmethod
    def of(cls, sequences: Iterable[np.ndarray]) -> Ragged:
        """From arrays of the same shape but for their first axis, which is time."""
        return cls.concatenate((sequence, np.array([len(sequence)])) for sequence in sequences)

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

    def take(self, which: np.ndarray) -> Ragged:
        """The sequences `which`, in their order."""
        lengths = self.lengths[which]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        places = np.arange(offsets[-1]) + np.repeat(self.offsets[which] - offsets[:-1], lengths)
        return Ragged(self.values[places], offsets)

    def pad(self, which: np.ndarray, width: int) -> np.ndarray:
        """The sequences `which` as one array `(len(which), width, …)`, filled up with 0 on the right."""
        inside = self.mask(which, width)
        padded = np.zeros((*inside.shape, *self.values.shape[1:]), self.values.dtype)
        padded[inside] = self.values[(self.offsets[which][:, None] + np.arange(width))[inside]]
        return padded

    def mask(self, which: np.ndarray, width: int) -> np.ndarray:
        """Where `pad` has values and no filling, `(len(which), width)` bool."""
        return np.arange(width) < self.lengths[which][:, None]


def bucket_widths(
    lengths: np.ndarray,
    buckets: int = BUCKETS,
    *,
    multiple: int = 8,
    least: int = 8,
    largest_ratio: float = 0.75,
) -> np.ndarray:
    """At most `buckets` widths, rising, that hold sequences of these lengths with little padding.

    They are quantiles of the length, rounded up; the last holds the longest. Each width is a shape to compile and must
    save enough padding to pay.

    Args:
        lengths: `(sequences,)`.
        buckets: at most so many widths.
        multiple: what widths are rounded up to a multiple of.
        least: no width is smaller.
        largest_ratio: a width that is a larger part of the next one is left out.
    """
    if len(lengths) == 0:
        return np.array([least])
    quantiles = np.quantile(lengths, np.linspace(0, 1, buckets + 1)[1:], method="higher")
    rounded = np.maximum(least, _rounded_up(quantiles.astype(int), multiple))
    widths = [int(rounded[-1])]
    for width in rounded[::-1]:
        if width <= largest_ratio * widths[-1]:
            widths.append(int(width))
    return np.array(widths[::-1])


def widened(widths: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The widths, with one more where a sequence of another split needs it."""
    longest = int(lengths.max(initial=1))
    return widths if longest <= widths[-1] else np.append(widths, _rounded_up(longest, 8))


Whole = TypeVar("Whole", int, np.ndarray)


def _rounded_up(number: Whole, multiple: int) -> Whole:
    return -(-number // multiple) * multiple


@dataclass(frozen=True)
class BatchPlan:
    """Which examples make up one batch, and how wide it is padded.

    Attributes:
        which: indices of examples, at most `size`; a shorter batch is filled up with rows of weight 0.
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
