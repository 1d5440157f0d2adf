"""Mean and deviation of each channel of what a model reads, by which it is scaled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


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
