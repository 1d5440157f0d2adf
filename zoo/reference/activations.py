"""Activations, and their derivatives in terms of the output, which is all that back-propagation has to remember.

For y = tanh(a), for instance, dy/da = 1 - y², so the backward step needs y and not a.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Activation(NamedTuple):
    """`value(a)` gives y; `derivative(y)` gives dy/da where y is what `value` returned."""

    value: Callable[[Array], Array]
    derivative: Callable[[Array], Array]


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a)), written with tanh because exp(-a) overflows for a below about -700."""
    return 0.5 * (1.0 + np.tanh(0.5 * a))


ACTIVATIONS = {
    "tanh": Activation(np.tanh, lambda y: 1.0 - y * y),
    "sigmoid": Activation(sigmoid, lambda y: y * (1.0 - y)),
    "relu": Activation(lambda a: np.maximum(a, 0.0), lambda y: (y > 0.0).astype(y.dtype)),
    "linear": Activation(lambda a: a, np.ones_like),
}


def activation(name: str) -> Activation:
    """The activation called `name`.

    Raises:
        ValueError: if there is none of that name.
    """
    if name not in ACTIVATIONS:
        raise ValueError(f"activation {name!r} is unknown: take one of {', '.join(sorted(ACTIVATIONS))}")
    return ACTIVATIONS[name]
