from __future__ import annotations

import numpy as np
import pytest


def _numeric_gradient(function, array, step=1e-5):
    """Central finite differences of `function()` with respect to each entry of `array`, changed in place."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(*array.shape):
        kept = array[index]
        array[index] = kept + step
        above = function()
        array[index] = kept - step
        below = function()
        array[index] = kept
        gradient[index] = (above - below) / (2 * step)
    return gradient


@pytest.fixture(scope="session")
def numeric_gradient():
    return _numeric_gradient
