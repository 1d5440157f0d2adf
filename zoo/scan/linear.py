"""h_t = a_t * h_{t-1} + b_t over all steps: with masks, any length, and a backward of its own.

The steps run one after the other in a compiled loop, each of them element by element, so nothing is divided by
products of many a_t and no number grows that is not in the result. On two cores that is faster than a scan by doubling,
which reads and writes whole sequences several times; docs/engines.md has the measurements.

Backward, with d_t the gradient that the loss sends into h_t, and a* the conjugate of a (a itself where it is real):

    g_t = d_t + a*_{t+1} g_{t+1},    gradient by b_t: g_t,    by a_t: g_t h*_{t-1},    by h_0: a*_1 g_1
"""

from __future__ import annotations

import importlib
from typing import Protocol

import keras

from zoo.tensors import Mask, Outputs, State, Tensor

#: The module that holds the loops, for each backend of Keras.
BACKENDS = {"tensorflow": "zoo.scan.loops_tensorflow", "jax": "zoo.scan.loops_jax"}


class RunLoops(Protocol):
    """`run` of a backend's module."""

    def __call__(self, a: list[Tensor], b: list[Tensor], h0: list[Tensor], mask: Mask | None) -> list[Tensor]:
        """All states; arguments and result are lists of one real tensor, or of the two parts of a complex one."""


def linear_scan(a: Tensor, b: Tensor, h0: State, mask: Mask | None = None) -> Outputs:
    """All states of h_t = a_t * h_{t-1} + b_t, in one differentiable operation.

    Args:
        a: `(batch, time, units)`, or `(units,)` where it is the same at each step of each sequence.
        b: `(batch, time, units)`, at least one step.
        h0: `(batch, units)`, the state before the first step.
        mask: `(batch, time)` bool, True where there is an input, or None where all steps are. A masked step hands the
            state on as it is, whatever a and b hold there, NaN included.

    Returns:
        h `(batch, time, units)`; the final state is `h[:, -1]`.
    """
    (h,) = _loops()([a], [b], [h0], mask)
    return h


def complex_linear_scan(
    a: list[Tensor], b: list[Tensor], h0: list[State], mask: Mask | None = None
) -> list[Outputs]:
    """The same of complex numbers in real arithmetic: arguments and result are a real and an imaginary part each."""
    return _loops()(a, b, h0, mask)


def _loops() -> RunLoops:
    backend = keras.backend.backend()
    if backend not in BACKENDS:
        raise NotImplementedError(f"there is no linear scan for Keras' {backend} backend")
    run: RunLoops = importlib.import_module(BACKENDS[backend]).run
    return run
