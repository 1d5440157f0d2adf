"""What the tests of the reference share: types, and the sizes of a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from zoo.reference import Cell

#: The gradient of a function of nothing with respect to an array that it reads.
NumericGradient: TypeAlias = Callable[[Callable[[], float], np.ndarray], np.ndarray]


def units_of(cell: Cell, units: int) -> int:
    """More where they are normalised: two numbers become nearly -1 and 1, and differences of them no gradient."""
    return max(units, 5) if getattr(cell, "layer_norm", False) else units


def state_sizes(cell: Cell, units: int) -> list[int]:
    """The size of each state, the first of which is the output."""
    sizes = [units_of(cell, units)] * len(cell.state_names)
    projection = cell.weight_shapes(1, units).get("projection_kernel")
    return sizes if projection is None else [projection[1], *sizes[1:]]
