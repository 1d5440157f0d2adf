"""How windows of different level and size are made alike, in NumPy for what is fitted and in Keras for the model.

Each kind shifts a window and divides it by a scale, both from the window itself or from train:

    none         train's mean and deviation
    standard     the window's own mean and deviation (RevIN without weights, Kim et al. 2022)
    last         the window's last value, and train's deviation
    difference   the window's last value, and the mean of its own absolute differences
    log          as `difference`, of the logarithms: for positive values, which vary in proportion to their level
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np

from zoo.tasks.forecasting.options import KINDS

#: An array of NumPy or a tensor of Keras. What both have in common would need a cast at every operation.
Values: TypeAlias = Any

#: Of train's deviation, or of a value's size: the least scale of a window, so that a flat one is not blown up.
SMALLEST = 1e-3
#: Of the mean difference of logarithms in train: the same.
CALMEST = 0.1
#: Of a window's mean size: the least value whose logarithm is taken.
LEAST_SHARE = 1e-3
#: Farther than this from its last value's logarithm no forecast goes: a factor of 400.
FARTHEST = 6.0
TINY = 1e-30


@dataclass(frozen=True)
class Normalisation:
    """One kind, with what it needs to know of train.

    Attributes:
        kind: see the module.
        mean, deviation: of each variable in train.
        spread: the mean absolute difference of each variable's logarithms in train; for `log` alone.
    """

    kind: str
    mean: Sequence[float]
    deviation: Sequence[float]
    spread: Sequence[float] = ()

    def __post_init__(self) -> None:
        """Refuse a kind that there is not."""
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}")

    def __call__(self, values: Values, numeric: ModuleType = np) -> tuple[Values, Values, Values]:
        """Windows `(batch, window, variables)` float64 normalised, and their shift and scale `(batch, 1, variables)`.

        Args:
            numeric: the module whose functions fit the values: NumPy, or `keras.ops`.
        """
        if self.kind == "log":
            values = self.logarithm(values, values, numeric)
        shift, scale = self._shift_and_scale(values, numeric)
        zero = numeric.zeros_like(values[:, :1, :])
        return (values - shift) / scale, shift + zero, scale + zero

    def _shift_and_scale(self, values: Values, numeric: ModuleType) -> tuple[Values, Values]:
        deviation = numeric.array([[list(self.deviation)]], dtype="float64")
        last = values[:, -1:, :]
        if self.kind == "last":
            return last, deviation
        if self.kind == "none":
            return numeric.array([[list(self.mean)]], dtype="float64"), deviation
        if self.kind == "standard":
            mean = numeric.mean(values, axis=1, keepdims=True)
            own = numeric.sqrt(numeric.mean(numeric.square(values - mean), axis=1, keepdims=True))
            return mean, numeric.maximum(own, SMALLEST * deviation)
        own = _mean_difference(values, numeric)
        if self.kind == "log":
            return last, numeric.maximum(own, CALMEST * numeric.array([[list(self.spread)]], dtype="float64"))
        size = numeric.mean(numeric.abs(values), axis=1, keepdims=True)
        return last, numeric.maximum(own, SMALLEST * size + TINY)

    @staticmethod
    def logarithm(values: Values, window: Values, numeric: ModuleType = np) -> Values:
        """Of values `(batch, …, variables)`; those that are not positive count as a small share of their window."""
        size = numeric.mean(numeric.abs(window), axis=1, keepdims=True)
        return numeric.log(numeric.maximum(values, LEAST_SHARE * size + TINY))

    def back(self, normalised: Values, shift: Values, scale: Values, numeric: ModuleType = np) -> Values:
        """The inverse, of windows or of forecasts `(batch, steps, variables)`."""
        distance = normalised * scale
        if self.kind != "log":
            return distance + shift
        return numeric.exp(numeric.clip(distance, -FARTHEST, FARTHEST) + shift)


def _mean_difference(values: Values, numeric: ModuleType) -> Values:
    """Of each window `(batch, 1, variables)`; 0 where there is one step."""
    if values.shape[1] == 1:
        return numeric.zeros_like(values)
    return numeric.mean(numeric.abs(values[:, 1:, :] - values[:, :-1, :]), axis=1, keepdims=True)


def spread_of_logarithms(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Mean absolute difference of the logarithms of positive series `(time, variables)`: `(variables,)`; 1 for none."""
    differences = np.concatenate([np.abs(np.diff(np.log(part), axis=0)) for part in parts])
    spread = differences.mean(axis=0) if len(differences) else np.zeros(parts[0].shape[1])
    return np.where(spread > 0, spread, 1.0)
