"""Mean and deviation of each channel of what a model reads, by which it is scaled; or those of each sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.data.ragged import Ragged

#: Sequences are of different scale where in one of ten a channel varies so many times less than over all of them.
DIFFERENT = 100.0
#: A deviation below this share of that over all sequences is rounding.
LEAST_SHARE = 1e-6
#: A number that varies less from sequence to sequence is not blown up; it is one of logarithms.
LEAST_VARIATION = 0.1


@dataclass(frozen=True)
class Channels:
    """Of each channel over all steps of all sequences.

    Attributes:
        mean, deviation: of what is not missing; 0 where all is.
        missing: whether any value is.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    missing: bool

    @classmethod
    def of(cls, values: np.ndarray) -> Channels:
        """Of values `(steps, channels)`."""
        moments = [_moments(values[:, channel]) for channel in range(values.shape[1])]
        mean, deviation = zip(*moments, strict=True)
        missing = any(np.isnan(values[:, channel]).any() for channel in range(values.shape[1]))
        return cls(mean, deviation, missing)


def _moments(column: np.ndarray) -> tuple[float, float]:
    present = column[~np.isnan(column)].astype(np.float64)
    return (float(present.mean()), float(present.std())) if len(present) else (0.0, 0.0)


@dataclass(frozen=True)
class OwnScales:
    """The scale of channels within a sequence, as a model reads it beside values that are measured by it: the spread
    is the logarithm of the deviation, the level the inverse hyperbolic sine of the mean in deviations.

    Attributes:
        channels: those that are measured so; the other attributes but the last are of these.
        least: a smaller deviation counts as this, that of the sequence in which a channel varies least, unless it is
            constant there or below a millionth of the deviation over all.
        spread, level: mean and deviation of both over all sequences; a deviation below `LEAST_VARIATION` is 1 here.
        ratio: by how much scales differ: the deviation of a channel over all sequences to that in one of which nine of
            ten vary more, the largest of all channels.
    """

    channels: tuple[int, ...]
    least: tuple[float, ...]
    spread: tuple[tuple[float, float], ...]
    level: tuple[tuple[float, float], ...]
    ratio: float

    @classmethod
    def of(cls, sequences: Ragged, every: bool = False) -> OwnScales:
        """Of the channels of a training split whose scales differ, or of every one.

        Args:
            sequences: `(time, channels)` each, NaN where a value is missing.
            every: whether they differ or not.
        """
        mean, deviation = own_moments(sequences)
        of_all = np.array(Channels.of(sequences.values).deviation)
        positive = np.where(deviation > 0, deviation, np.nan)
        positive[:, np.isnan(positive).all(axis=0)] = 1.0  # a channel that is constant in every sequence
        ratios = of_all / np.nanquantile(positive, 0.1, axis=0)
        channels = np.flatnonzero((ratios >= DIFFERENT) | every)
        tiny = np.finfo(np.float32).tiny
        least = np.maximum(np.maximum(np.nanmin(positive, axis=0), LEAST_SHARE * of_all), tiny)
        floored = np.maximum(deviation, least)
        return cls(
            tuple(channels.tolist()),
            tuple(least[channels].tolist()),
            _variation(np.log(floored)[:, channels]),
            _variation(np.arcsinh(mean / floored)[:, channels]),
            float(ratios.max()),
        )

    def beside(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What `zoo.layers.own_scaling.OwnScaling` says of a sequence `(time, channels)`: the course of each of these
        channels, `(time, n)`, NaN where a value is missing, and spread and level, `(2 * n,)`.
        """
        chosen = values[:, list(self.channels)].astype(np.float64)
        mean, deviation = own_moments(Ragged(chosen, np.array([0, len(chosen)])))
        deviation = np.maximum(deviation[0], self.least)
        numbers = np.log(deviation), np.arcsinh(mean[0] / deviation)
        scaled = [
            (number - np.array(moments)[:, 0]) / np.array(moments)[:, 1]
            for number, moments in zip(numbers, (self.spread, self.level), strict=True)
        ]
        return (chosen - mean[0]) / deviation, np.concatenate(scaled)


def own_moments(sequences: Ragged) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each channel in each sequence, `(sequences, channels)`; 0 where all is missing."""
    present = ~np.isnan(sequences.values)
    known = np.where(present, sequences.values, 0).astype(np.float64)
    starts, lengths = sequences.offsets[:-1], sequences.lengths
    count = np.maximum(np.add.reduceat(present, starts, axis=0, dtype=np.int64), 1)
    mean = np.add.reduceat(known, starts, axis=0) / count
    squares = np.square(np.where(present, known - np.repeat(mean, lengths, axis=0), 0))
    return mean, np.sqrt(np.add.reduceat(squares, starts, axis=0) / count)


def _variation(numbers: np.ndarray) -> tuple[tuple[float, float], ...]:
    deviation = numbers.std(axis=0)
    deviation = np.where(deviation >= LEAST_VARIATION, deviation, 1.0)
    return tuple(zip(numbers.mean(axis=0).tolist(), deviation.tolist(), strict=True))
