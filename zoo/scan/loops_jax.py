"""The loops of the linear scan on JAX: `lax.scan`, and a backward of its own around it."""

from __future__ import annotations

from typing import TypeAlias

import jax
import jax.numpy as jnp

from zoo.scan.numbers import conjugate, constant, plus, times
from zoo.tensors import Mask, Tensor

Tensors: TypeAlias = list[Tensor]
#: What the way back needs: a, h0, mask and all states.
Residuals: TypeAlias = tuple[Tensors, Tensors, Mask | None, Tensors]


def run(a: Tensors, b: Tensors, h0: Tensors, mask: Mask | None) -> Tensors:
    """See `zoo.scan.linear.RunLoops`."""
    h: Tensors = _scan([jnp.asarray(part) for part in a], b, h0, mask)
    return h


@jax.custom_vjp
def _scan(a: Tensors, b: Tensors, h0: Tensors, mask: Mask | None) -> Tensors:
    return _forward(a, b, h0, mask)[0]


def _forward(a: Tensors, b: Tensors, h0: Tensors, mask: Mask | None) -> tuple[Tensors, Residuals]:
    def step(h: Tensors, here: tuple[Tensors | None, Tensors, Tensor | None]) -> tuple[Tensors, Tensors]:
        a_t, b_t, present = here
        after = _where(present, plus(times(a if a_t is None else a_t, h), b_t), h)
        return after, after

    _, h = jax.lax.scan(step, h0, (_steps_of(a), _time_first(b), _present(mask)))
    h = _time_first(h)
    return h, (a, h0, mask, h)


def _backward(residuals: Residuals, d_h: Tensors) -> tuple[Tensors, Tensors, Tensors, None]:
    a, h0, mask, h = residuals
    nothing = [jnp.zeros_like(state) for state in h0]

    def step(
        carried: Tensors, here: tuple[Tensors | None, Tensors, Tensor | None]
    ) -> tuple[Tensors, Tensors]:
        a_t, d_t, present = here
        arrived = plus(d_t, carried)
        before = times(conjugate(a if a_t is None else a_t), arrived)
        return _where(present, before, arrived), _where(present, arrived, nothing)

    steps = (_steps_of(a), _time_first(d_h), _present(mask))
    d_h0, d_b = jax.lax.scan(step, nothing, steps, reverse=True)
    d_b = _time_first(d_b)
    before = [
        jnp.concatenate([first[:, None], state[:, :-1]], axis=1) for first, state in zip(h0, h, strict=True)
    ]
    d_a = times(d_b, conjugate(before))
    if constant(a):
        d_a = [jnp.sum(part, axis=(0, 1)) for part in d_a]
    return d_a, d_b, d_h0, None  # a mask has no gradient


_scan.defvjp(_forward, _backward)


def _time_first(sequences: Tensors) -> Tensors:
    """`(batch, time, units)` to `(time, batch, units)`, and back."""
    return [jnp.swapaxes(sequence, 0, 1) for sequence in sequences]


def _steps_of(a: Tensors) -> Tensors | None:
    """Each step's a; None where it is the same at each."""
    return None if constant(a) else _time_first(a)


def _present(mask: Mask | None) -> Tensor | None:
    """Where there is an input, `(time, batch, 1)`."""
    return None if mask is None else jnp.swapaxes(mask, 0, 1)[..., None]


def _where(present: Tensor | None, new: Tensors, old: Tensors) -> Tensors:
    """The new values where there is an input, else the old."""
    if present is None:
        return new
    return [jnp.where(present, n, o) for n, o in zip(new, old, strict=True)]
