"""The two loops of one part of the batch, as graphs for XLA.

A turn of a loop first does what is done number by number, from values that the turn before prepared, then the matrix
product for the next turn. XLA joins everything between two products in as few kernels as it can; where such a kernel
also picks its inputs out of the whole sequence, it comes out several times slower. What crosses from one turn to the
next is in memory and is read straight.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

Tensor = Any
Tensors = list[Any]


def forward(
    cell: Any,
    projected: Tensor,
    mask: Tensor | None,
    states: Tensors,
    recurrent_mask: Tensor | None,
    *,
    reverse: bool,
    sequences: bool,
    store: bool,
) -> tuple[Tensor, Tensors, Any]:
    """Run a cell over its projected inputs.

    Args:
        cell: its weights stand for the tensors of this call.
        projected: `(batch, time, gates * units)`.
        mask: `(batch, time)` bool, or None.
        states: before the first step, each `(batch, size)`.
        recurrent_mask: `(batch, units)`, or None.
        reverse: from the last step to the first.
        sequences: give the first state after every step, `(batch, time, units)`; else after the last.
        store: keep what `backward` needs.

    Returns:
        Outputs; final states; and with `store` the first state after every step with the residuals of every step.
    """
    batch, steps = tf.shape(projected)[0], tf.shape(projected)[1]
    turns = steps * tf.minimum(batch, 1)  # an empty part takes no step

    def at(turn: Tensor) -> Tensor:
        return steps - 1 - turn if reverse else turn

    def step(turn: Tensor, products: Tensors, states: Tensors, present: Tensors, written: Tensors) -> Any:
        after, residuals = cell.advance(products, states, recurrent_mask)
        after = _where(present, after, states)
        values = [after[0], *residuals] if store else [after[0]][: len(written)]
        written = [_write(sequence, value, at(turn)) for sequence, value in zip(written, values, strict=True)]
        following = at(tf.minimum(turn + 1, steps - 1))
        products = cell.products(projected[:, following], after, recurrent_mask)
        return turn + 1, products, after, _present(mask, following), written

    first = at(tf.constant(0))
    products = cell.products(projected[:, first], states, recurrent_mask)
    written = [states[0]] if store or sequences else []
    if store:
        written += cell.advance(products, states, recurrent_mask)[1]
    written = [_empty_sequence(value, steps) for value in written]
    loop = (tf.constant(0), products, list(states), _present(mask, first), written)
    _, _, finals, _, written = tf.while_loop(lambda turn, *_: turn < turns, step, loop)
    outputs = written[0] if sequences else finals[0]
    return outputs, finals, ([written[0], written[1:]] if store else [])


def backward(
    cell: Any,
    mask: Tensor | None,
    states: Tensors,
    recurrent_mask: Tensor | None,
    after: Tensor,
    residuals: Tensors,
    d_outputs: Tensor,
    d_states: Tensors,
    *,
    reverse: bool,
    sequences: bool,
) -> tuple[Tensor, Tensors, Tensors]:
    """Back-propagation through time.

    Args:
        cell, mask, states, recurrent_mask, reverse, sequences: as in `forward`.
        after, residuals: what `forward` stored.
        d_outputs, d_states: derivatives of the loss by the outputs and the final states of `forward`.

    Returns:
        Derivatives by `projected`, by `states`, and by the cell's recurrent weights.
    """
    batch, steps = tf.shape(after)[0], tf.shape(after)[1]
    turns = steps * tf.minimum(batch, 1)
    transposed = cell.transposed_kernels()

    def at(turn: Tensor) -> Tensor:
        return turn if reverse else steps - 1 - turn

    def arriving(d_states: Tensors, position: Tensor, present: Tensors) -> Tensors:
        if not sequences:
            return d_states
        return [d_states[0] + _zero_unless(present, d_outputs[:, position]), *d_states[1:]]

    def step(
        turn: Tensor, d_states: Tensors, residual: Tensors, present: Tensors, d_projected: Tensor
    ) -> Any:
        d_here, d_before = cell.step_backward(residual, d_states, recurrent_mask, transposed)
        d_here = _zero_unless(present, d_here)
        d_before = _where(present, d_before, d_states)
        d_projected = _write(d_projected, d_here, at(turn))
        following = at(tf.minimum(turn + 1, steps - 1))
        present = _present(mask, following)
        # After the last step there is no output before it: what is added then is taken away below.
        d_next = arriving(d_before, following, present)
        d_before = [tf.where(turn + 1 < turns, d_next[0], d_before[0]), *d_before[1:]]
        return turn + 1, d_before, [sequence[:, following] for sequence in residuals], present, d_projected

    first = at(tf.constant(0))
    if not sequences:
        d_states = [d_states[0] + d_outputs, *d_states[1:]]
    present = _present(mask, first)
    d_states = arriving(d_states, first, present)
    residual = [sequence[:, first] for sequence in residuals]
    d_here, _ = cell.step_backward(residual, d_states, recurrent_mask, transposed)
    loop = (tf.constant(0), d_states, residual, present, _empty_sequence(d_here, steps))
    _, d_states, _, _, d_projected = tf.while_loop(lambda turn, *_: turn < turns, step, loop)
    seen = [after[:, 1:], states[0][:, None]] if reverse else [states[0][:, None], after[:, :-1]]
    seen = tf.concat(seen, axis=1)
    if recurrent_mask is not None:
        seen = seen * recurrent_mask[:, None]
    d_weights = cell.recurrent_gradients(
        _rows(d_projected), [_rows(sequence) for sequence in residuals], _rows(seen)
    )
    return d_projected, d_states, d_weights


def _empty_sequence(value: Tensor, steps: Tensor) -> Tensor:
    """Zeros for one such value a step: `(batch, size)` gives `(batch, time, size)`."""
    return tf.zeros([tf.shape(value)[0], steps, value.shape[1]], value.dtype)


def _write(sequence: Tensor, value: Tensor, position: Tensor) -> Tensor:
    return keras.ops.slice_update(sequence, tf.stack([0, position, 0]), value[:, None])


def _present(mask: Tensor | None, position: Tensor) -> Tensors:
    """Where there is an input, `(batch, 1)`, as a list of one; of none without a mask (a loop carries no None)."""
    return [] if mask is None else [mask[:, position][:, None]]


def _where(present: Tensors, new: Tensors, old: Tensors) -> Tensors:
    """The new values where there is an input, else the old."""
    return [tf.where(present[0], n, o) for n, o in zip(new, old, strict=True)] if present else list(new)


def _zero_unless(present: Tensors, value: Tensor) -> Tensor:
    return tf.where(present[0], value, tf.zeros_like(value)) if present else value


def _rows(sequence: Tensor) -> Tensor:
    """`(batch, time, size)` to `(batch * time, size)`."""
    return tf.reshape(sequence, [-1, sequence.shape[-1]])
