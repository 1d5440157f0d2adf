"""Mean and deviation of each channel of what a model reads, by which it is scaled; or those of each sequence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.data.ragged import Ragged

#: Sequences are of different scale where in one of ten a channel varies so many times less than over all of them.
DIFFERENT = 100.0


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
    """The scale of each channel within a sequence, as a model reads it beside values that are measured by it: the
    spread is the logarithm of the deviation, the level the inverse hyperbolic sine of the mean in deviations.

    Attributes:
        least: the smallest deviation of each channel, but for 0; smaller ones count as this.
        spread, level: mean and deviation of both over all sequences, of each channel.
        ratio: by how much scales differ: the deviation of a channel over all sequences to that in one of which nine of
            ten vary more, the largest of all channels.
    """

    least: tuple[float, ...]
    spread: tuple[tuple[float, float], ...]
    level: tuple[tuple[float, float], ...]
    ratio: float

    @classmethod
    def of(cls, sequences: Ragged) -> OwnScales:
        """Of the sequences of a training split, `(time, channels)` each, NaN where a value is missing."""
        moments = np.array([own_moments(values) for values in parts_of(sequences)])
        mean, deviation = moments[:, 0], moments[:, 1]
        positive = np.where(deviation > 0, deviation, np.nan)
        positive[:, np.isnan(positive).all(axis=0)] = 1.0  # a channel that is constant in every sequence
        least = np.nanmin(positive, axis=0)
        floored = np.maximum(deviation, least)
        of_all = np.array(Channels.of(sequences.values).deviation)
        return cls(
            tuple(least.tolist()),
            _mean_and_deviation(np.log(floored)),
            _mean_and_deviation(np.arcsinh(mean / floored)),
            float((of_all / np.nanquantile(positive, 0.1, axis=0)).max()),
        )

    def scaled(self, values: np.ndarray) -> np.ndarray:
        """A sequence `(time, channels)` as `zoo.layers.own_scaling.OwnScaling` gives it without missing values said
        beside, `(time, 3 * channels)`; NaN where a value is missing.
        """
        mean, deviation = own_moments(values)
        deviation = np.maximum(deviation, self.least)
        beside = [
            _standard(np.log(deviation), self.spread),
            _standard(np.arcsinh(mean / deviation), self.level),
        ]
        course = (values - mean) / deviation
        return np.concatenate([course, *(np.broadcast_to(part, course.shape) for part in beside)], axis=1)

    @property
    def differ(self) -> bool:
        """Whether one scale for all would hide what the small ones hold."""
        return self.ratio >= DIFFERENT


def parts_of(sequences: Ragged) -> list[np.ndarray]:
    """The values of each sequence."""
    return np.split(sequences.values, sequences.offsets[1:-1])


def own_moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of each channel of a sequence `(time, channels)`; 0 where all is missing."""
    mean, deviation = zip(*(_moments(values[:, channel]) for channel in range(values.shape[1])), strict=True)
    return np.array(mean), np.array(deviation)


def _standard(values: np.ndarray, moments: tuple[tuple[float, float], ...]) -> np.ndarray:
    mean, deviation = np.array(moments).T
    return (values - mean) / np.where(deviation > 0, deviation, 1)


def _mean_and_deviation(values: np.ndarray) -> tuple[tuple[float, float], ...]:
    return tuple(zip(values.mean(axis=0).tolist(), values.std(axis=0).tolist(), strict=True))
