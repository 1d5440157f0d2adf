"""Types that the tests of the reference share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

#: The gradient of a function of nothing with respect to an array that it reads.
NumericGradient: TypeAlias = Callable[[Callable[[], float], np.ndarray], np.ndarray]
