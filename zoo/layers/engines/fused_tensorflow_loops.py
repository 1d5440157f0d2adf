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
    inputs: Tensor,
    mask: Tensor | None,
    states: Tensors,
    recurrent_mask: Tensor | None,
    *,
    reverse: bool,
    sequences: bool,
    store: bool,
) -> tuple[Tensor, Tensors, Tensors]:
    """Run a cell over a part of the batch.

    Args:
        cell: its weights stand for the tensors of this call.
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool, or None.
        states: before the first step, each `(batch, size)`.
        recurrent_mask: `(batch, units)`, or None.
        reverse: from the last step to the first.
        sequences: give the first state after every step, `(batch, time, units)`; else after the last.
        store: keep what `backward` needs.

    Returns:
        Outputs; final states; and with `store` the residuals and the first state before each step, for every step.
    """
    batch, steps = tf.shape(inputs)[0], tf.shape(inputs)[1]
    turns = steps * tf.minimum(batch, 1)  # an empty part takes no step
    projected = _steps(cell.project(_rows(inputs)), batch, steps)

    def at(turn: Tensor) -> Tensor:
        return steps - 1 - turn if reverse else turn

    def step(turn, products, states, present, projected, outputs, stored):
        after, residuals = cell.advance(products, states, recurrent_mask)
        after = _where(present, after, states)
        if store:
            # The first residual takes the place of what it came from: one long tensor less.
            projected = _write(projected, residuals[0], at(turn))
            stored = _write_all(stored, [*residuals[1:], states[0]], at(turn))
        outputs = _write_all(outputs, after[: len(outputs)], at(turn))
        following = at(tf.minimum(turn + 1, steps - 1))
        products = cell.products(projected[:, following], after, recurrent_mask)
        return turn + 1, products, after, _present(mask, following), projected, outputs, stored

    first = at(tf.constant(0))
    # Not read from `projected`: XLA would copy all of it, to keep it as it was before the loop.
    products = cell.products(cell.project(inputs[:, first]), states, recurrent_mask)
    outputs = [_empty_sequence(states[0], steps)] if sequences else []
    stored = []
    if store:
        residuals = cell.advance(products, states, recurrent_mask)[1]
        stored = [_empty_sequence(value, steps) for value in [*residuals[1:], states[0]]]
    loop = (tf.constant(0), products, list(states), _present(mask, first), projected, outputs, stored)
    _, _, finals, _, projected, outputs, stored = tf.while_loop(lambda turn, *_: turn < turns, step, loop)
    return outputs[0] if sequences else finals[0], finals, [projected, *stored] if store else []


def backward(
    cell: Any,
    inputs: Tensor,
    mask: Tensor | None,
    recurrent_mask: Tensor | None,
    stored: Tensors,
    d_outputs: Tensor,
    d_states: Tensors,
    *,
    reverse: bool,
    sequences: bool,
) -> tuple[Tensor, Tensors, Tensors]:
    """Back-propagation through time.

    Args:
        cell, inputs, mask, recurrent_mask, reverse, sequences: as in `forward`.
        stored: what `forward` kept.
        d_outputs, d_states: derivatives of the loss by the outputs and the final states of `forward`.

    Returns:
        Derivatives by the inputs, by the states before the first step, and by `cell.weights`.
    """
    batch, steps = tf.shape(inputs)[0], tf.shape(inputs)[1]
    turns = steps * tf.minimum(batch, 1)
    transposed = cell.transposed_kernels()
    *residuals, before = stored

    def at(turn: Tensor) -> Tensor:
        return turn if reverse else steps - 1 - turn

    def arriving(d_states: Tensors, position: Tensor, present: Tensors) -> Tensors:
        if not sequences:
            return d_states
        return [d_states[0] + _zero_unless(present, d_outputs[:, position]), *d_states[1:]]

    def step(turn, d_states, residual, present, d_projected):
        d_here, d_before = cell.step_backward(residual, d_states, recurrent_mask, transposed)
        d_before = _where(present, d_before, d_states)
        d_projected = _write(d_projected, _zero_unless(present, d_here), at(turn))
        following = at(tf.minimum(turn + 1, steps - 1))
        present = _present(mask, following)
        # Before the first step of the sequence no output arrives.
        d_next = arriving(d_before, following, present)
        d_before = [tf.where(turn + 1 < turns, d_next[0], d_before[0]), *d_before[1:]]
        return turn + 1, d_before, _read_all(residuals, following), present, d_projected

    first = at(tf.constant(0))
    present = _present(mask, first)
    d_states = arriving(d_states, first, present) if sequences else [d_states[0] + d_outputs, *d_states[1:]]
    residual = _read_all(residuals, first)
    d_here, _ = cell.step_backward(residual, d_states, recurrent_mask, transposed)
    loop = (tf.constant(0), d_states, residual, present, _empty_sequence(d_here, steps))
    _, d_states, _, _, d_projected = tf.while_loop(lambda turn, *_: turn < turns, step, loop)
    seen = before if recurrent_mask is None else before * recurrent_mask[:, None]
    d_projected = _rows(d_projected)
    d_recurrent = cell.recurrent_gradients(
        d_projected, [_rows(sequence) for sequence in residuals], _rows(seen)
    )
    d_inputs, d_weights = _project_gradients(cell, _rows(inputs), d_projected)
    for weight, slope in zip(cell.recurrent_weights(), d_recurrent, strict=True):
        d_weights[id(weight)] = d_weights[id(weight)] + slope
    return _steps(d_inputs, batch, steps), d_states, [d_weights[id(weight)] for weight in cell.weights]


def _project_gradients(cell: Any, rows: Tensor, d_projected: Tensor) -> tuple[Tensor, dict[int, Tensor]]:
    """Derivatives by the inputs and by each of `cell.weights` (by its id) through `cell.project`."""
    weights = [tf.convert_to_tensor(weight) for weight in cell.weights]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([rows, *weights])
        with standing_for(cell.weights, weights):
            projected = cell.project(rows)
    slopes = tape.gradient(
        projected, [rows, *weights], output_gradients=d_projected, unconnected_gradients="zero"
    )
    return slopes[0], {id(weight): slope for weight, slope in zip(cell.weights, slopes[1:], strict=True)}


def standing_for(variables: list[Any], tensors: Tensors) -> keras.StatelessScope:
    """Inside, Keras variables stand for these tensors."""
    pairs = list(zip(variables, tensors, strict=True))
    return keras.StatelessScope(state_mapping=pairs, initialize_variables=False)


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


def _write_all(sequences: Tensors, values: Tensors, position: Tensor) -> Tensors:
    return [_write(sequence, value, position) for sequence, value in zip(sequences, values, strict=True)]


def _read_all(sequences: Tensors, position: Tensor) -> Tensors:
    return [sequence[:, position] for sequence in sequences]


def _steps(rows: Tensor, batch: Tensor, steps: Tensor) -> Tensor:
    """The inverse of `_rows`."""
    return tf.reshape(rows, [batch, steps, rows.shape[-1]])


def _rows(sequence: Tensor) -> Tensor:
    """`(batch, time, size)` to `(batch * time, size)`."""
    return tf.reshape(sequence, [-1, sequence.shape[-1]])
