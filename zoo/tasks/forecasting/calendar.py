"""Where a time stamp stands in the day, the week and the year, as sines and cosines."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from zoo.tensors import Tensor

#: An array of NumPy or a tensor of TensorFlow.
Seconds = TypeVar("Seconds", bound="Tensor")

DAY = 86_400.0
#: Seconds of each cycle; the epoch, a Thursday, is the phase 0 of all.
CYCLES = {"day": DAY, "week": 7 * DAY, "year": 365.2425 * DAY}
#: A cycle is told only where it has at least this many steps.
FEWEST_STEPS = 3
#: Columns for each cycle: a sine and a cosine.
WAVES = 2


def cycles(step_seconds: float) -> tuple[str, ...]:
    """The cycles that steps of this length can follow."""
    return tuple(name for name, seconds in CYCLES.items() if seconds >= FEWEST_STEPS * step_seconds)


def phases(seconds: Seconds, names: tuple[str, ...], numeric: ModuleType) -> Seconds:
    """`(…,)` seconds since 1970 as `(…, 2 * cycles)` sines and cosines.

    Args:
        seconds: float64, an array or a tensor: float32 cannot tell the hours of our time apart.
        numeric: the module whose `sin`, `cos`, `stack` and `math.floormod`-like `%` fit: NumPy or TensorFlow.
    """
    waves = []
    for name in names:
        angle = (seconds % CYCLES[name]) * (2 * 3.141592653589793 / CYCLES[name])
        waves += [numeric.sin(angle), numeric.cos(angle)]
    return numeric.stack(waves, axis=-1)
