from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.zoo.reference.running import NumericGradient


def _numeric_gradient(function: Callable[[], float], array: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Central finite differences of `function()` with respect to each entry of `array`, changed in place."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(*array.shape):
        value = array[index]
        array[index] = value + step
        above = function()
        array[index] = value - step
        below = function()
        array[index] = value
        gradient[index] = (above - below) / (2 * step)
    return gradient


@pytest.fixture(scope="session")
def numeric_gradient() -> NumericGradient:
    return _numeric_gradient
