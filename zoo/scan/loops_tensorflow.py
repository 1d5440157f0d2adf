"""The loops of the linear scan on TensorFlow, compiled by XLA; as plain graphs where these leave the process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import tensorflow as tf

from zoo import portable
from zoo.scan.numbers import conjugate, constant, plus, times
from zoo.tensors import Mask, Tensor

Tensors: TypeAlias = list[Tensor]
#: `forward` and `backward`.
Forward: TypeAlias = Callable[[Tensors, Tensors, Tensors, Mask | None], Tensors]
Backward: TypeAlias = Callable[
    [Tensors, Tensors, Mask | None, Tensors, Tensors], tuple[Tensors, Tensors, Tensors]
]


def run(a: Tensors, b: Tensors, h0: Tensors, mask: Mask | None) -> Tensors:
    """See `zoo.scan.linear.RunLoops`."""
    run_forward, run_backward = (forward, backward) if portable.wanted() else COMPILED[constant(a)]
    parts = len(h0)

    @tf.custom_gradient
    def scan(*tensors: Tensor) -> tuple[Tensors, Callable[..., Tensors]]:
        # Outside of a graph a tape would look into the compiled loop, and ask it for what it cannot give.
        fixed = [tf.stop_gradient(tensor) for tensor in tensors]
        a, b, h0 = (fixed[n * parts : (n + 1) * parts] for n in range(3))
        h = _of_shape(run_forward(a, b, h0, mask), b)

        def gradient(*d_h: Tensor) -> Tensors:
            d_a, d_b, d_h0 = run_backward(a, h0, mask, h, list(d_h))
            return _of_shape([*d_a, *d_b, *d_h0], tensors)

        return h, gradient

    return list(scan(*[tf.convert_to_tensor(tensor) for tensor in (*a, *b, *h0)]))


def forward(a: Tensors, b: Tensors, h0: Tensors, mask: Mask | None) -> Tensors:
    """All states, `(batch, time, units)`."""
    steps = tf.shape(b[0])[1]

    def step(t: Tensor, h: Tensors, written: list[tf.TensorArray]) -> tuple:
        after = plus(times(_at(a, t), h), _at(b, t))
        h = _where(mask, t, after, h)
        return t + 1, h, _write(written, t, h)

    written = [_arrays(state, steps) for state in h0]
    *_, written = tf.while_loop(lambda t, *_: t < steps, step, (0, h0, written), maximum_iterations=steps)
    return _stacked(written)


def backward(
    a: Tensors, h0: Tensors, mask: Mask | None, h: Tensors, d_h: Tensors
) -> tuple[Tensors, Tensors, Tensors]:
    """Gradients by a, b and h0.

    Args:
        a, h0, mask: as in `forward`.
        h: what it gave.
        d_h: the gradient by that.
    """
    steps = tf.shape(h[0])[1]
    nothing = [tf.zeros_like(state) for state in h0]

    def step(t: Tensor, carried: Tensors, written: list[tf.TensorArray]) -> tuple:
        arrived = plus(_at(d_h, t), carried)
        carried = _where(mask, t, times(conjugate(_at(a, t)), arrived), arrived)
        return t - 1, carried, _write(written, t, _where(mask, t, arrived, nothing))

    written = [_arrays(state, steps) for state in h0]
    _, d_h0, written = tf.while_loop(
        lambda t, *_: t >= 0, step, (steps - 1, nothing, written), maximum_iterations=steps
    )
    d_b = _stacked(written)
    before = [tf.concat([first[:, None], state[:, :-1]], axis=1) for first, state in zip(h0, h, strict=True)]
    d_a = times(d_b, conjugate(before))
    if constant(a):
        d_a = [tf.reduce_sum(part, axis=(0, 1)) for part in d_a]
    return d_a, d_b, d_h0


def _compiled() -> tuple[Forward, Backward]:
    def graph(function: Callable) -> Callable:
        return tf.function(function, jit_compile=True, autograph=False, reduce_retracing=True)

    return graph(forward), graph(backward)


#: Both loops compiled, for a that is the same at each step and for one that is not: the graphs of a function are
#: generalised to the shapes that it meets, and must not have to be so for two ranks.
COMPILED = {is_constant: _compiled() for is_constant in (False, True)}


def _of_shape(found: list[tf.Tensor], like: Sequence[Tensor]) -> Tensors:
    """`found` with the shapes of `like`, which a graph that was generalised to several shapes does not know."""
    for tensor, model in zip(found, like, strict=True):
        tensor.set_shape(model.shape)
    return found


def _at(sequences: Tensors, t: Tensor) -> Tensors:
    """One step of each; what is the same at each step stays."""
    return [sequence if constant([sequence]) else sequence[:, t] for sequence in sequences]


def _where(mask: Mask | None, t: Tensor, new: Tensors, old: Tensors) -> Tensors:
    """The new values where there is an input, else the old."""
    if mask is None:
        return new
    present = mask[:, t, None]
    return [tf.where(present, n, o) for n, o in zip(new, old, strict=True)]


def _arrays(state: Tensor, steps: Tensor) -> tf.TensorArray:
    return tf.TensorArray(state.dtype, steps, element_shape=state.shape)


def _write(written: list[tf.TensorArray], t: Tensor, values: Tensors) -> list[tf.TensorArray]:
    return [array.write(t, value) for array, value in zip(written, values, strict=True)]


def _stacked(written: list[tf.TensorArray]) -> Tensors:
    """`(batch, time, units)` of what was written step by step."""
    return [tf.transpose(array.stack(), (1, 0, 2)) for array in written]
