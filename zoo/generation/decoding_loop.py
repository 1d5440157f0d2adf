"""The loop over steps in which sequences grow, and what searches do with tensors in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import tensorflow as tf

from zoo.generation.hypotheses import Count, Nest, SpecialTokens, Step

#: What is known of the sequences so far, by name; `extras` is a nest.
Record: TypeAlias = dict[str, tf.Tensor]
#: Variables of the loop: the step, the last tokens, the model's states, the record.
LoopVariables: TypeAlias = tuple[tf.Tensor, tf.Tensor, Nest, Record]


def most_steps(limits: tf.Tensor) -> tf.Tensor:
    """Steps of the longest sequence that `limits` allow, at least one."""
    return tf.maximum(1, tf.reduce_max(tf.concat([limits, [1]], 0)))


def decoding_loop(
    condition: Callable[[tf.Tensor, Record], tf.Tensor],
    body: Callable[[tf.Tensor, tf.Tensor, Nest, Record], LoopVariables],
    variables: LoopVariables,
) -> LoopVariables:
    """`tf.while_loop` in which the number of rows, and of steps, may be unknown.

    Args:
        condition: whether there is another step, given the number of steps made and the record.
        body: one step.
        variables: before the first step.
    """

    def body_of_same_shapes(n: tf.Tensor, last: tf.Tensor, rows: Nest, record: Record) -> LoopVariables:
        n, last, rows, record = body(n, last, rows, record)
        return n, last, tf.nest.map_structure(same_but_rows, rows, variables[2]), record

    free = tf.nest.map_structure(lambda t: tf.TensorShape([None] * len(t.shape)), variables[3])
    rows = tf.nest.map_structure(lambda t: tf.TensorShape([None, *t.shape[1:]]), variables[2])
    shapes = [tf.TensorShape([]), tf.TensorShape([None]), rows, free]
    return tf.while_loop(
        lambda n, _last, _rows, record: condition(n, record),
        body_of_same_shapes,
        list(variables),
        shape_invariants=shapes,
    )


def room_for_extras(
    step: Step, tokens: tf.Tensor, states: Nest, slots: list[Count], steps: tf.Tensor
) -> tuple[tf.DType, Nest]:
    """The logits' type, and zeros `(*slots, steps, …)` for the extras of all steps; calls the model once."""
    logits, _, extras = step(tokens, states)

    def zeros(extra: tf.Tensor) -> tf.Tensor:
        return tf.zeros(tf.concat([tf.stack([*slots, steps]), tf.shape(extra)[1:]], 0), extra.dtype)

    return logits.dtype, tf.nest.map_structure(zeros, extras)


def without_end(tokens: tf.Tensor, special: SpecialTokens) -> tuple[tf.Tensor, tf.Tensor]:
    """Tokens `(…, steps)` with padding in the place of `end`; and 1 where a sequence had it, else 0, `(…)` int32."""
    ends = tokens == special.end
    return tf.where(ends, special.padding, tokens), tf.cast(tf.reduce_any(ends, axis=-1), tf.int32)


def same_but_rows(new: tf.Tensor, old: tf.Tensor) -> tf.Tensor:
    """`new`, of which TensorFlow then knows that it has the shape of `old` but for the rows."""
    new.set_shape([None, *old.shape[1:]])
    return new


def write_at(values: tf.Tensor, n: tf.Tensor, new: tf.Tensor, axis: int) -> tf.Tensor:
    """`values` with `new`, which has no such axis, at place n of the axis."""
    here = tf.range(tf.shape(values)[axis]) == n
    here = tf.reshape(here, [-1 if other == axis else 1 for other in range(len(values.shape))])
    return tf.where(here, tf.expand_dims(new, axis), values)


def zero_where(done: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """0 where `done`, whose axes are the first of `values`."""
    for _ in range(len(values.shape) - len(done.shape)):
        done = done[..., None]
    return tf.where(done, tf.zeros_like(values), values)
