"""The two loops of one part of the batch, as graphs for XLA.

A turn of a loop first does the element-wise work, on values that the turn before prepared, and then the matrix product
for the next turn. XLA joins everything between two products in as few kernels as it can. A kernel that also picks its
inputs out of the whole sequence is several times slower, so each turn hands the next one what it needs.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import tensorflow as tf

from zoo.layers.engines.recurrence import Recurrence, Tensors
from zoo.tensors import Inputs, Mask, RecurrentMask, Rows, Scalar, States, Tensor


def forward(
    recurrence: Recurrence,
    inputs: Inputs,
    mask: Mask | None,
    states: States,
    recurrent_mask: RecurrentMask | None,
    *,
    reverse: Scalar,
    sequences: bool,
    store: bool,
) -> tuple[Tensor, States, Tensors]:
    """Run a cell over a part of the batch.

    Args:
        recurrence: the cell.
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool, or None.
        states: before the first step, each `(batch, size)`.
        recurrent_mask: `(batch, units)`, or None.
        reverse: bool, from the last step to the first; a tensor, so that both directions run the same program.
        sequences: give the output of every step, `(batch, time, units)`; else the first of the final states.
        store: keep what `backward` needs.

    Returns:
        Outputs; final states; and with `store` what is to be stored of every step.
    """
    cell = recurrence.cell
    batch, steps = tf.shape(inputs)[0], tf.shape(inputs)[1]
    turns = steps * tf.minimum(batch, 1)  # an empty part takes no step
    projected = _steps(cell.project(_rows(inputs)), batch, steps)

    def at(turn: Tensor) -> Tensor:
        return tf.where(reverse, steps - 1 - turn, turn)

    def step(
        turn: Tensor,
        products: Tensors,
        states: States,
        present: Tensors,
        projected: Tensor,
        outputs: Tensors,
        stored: Tensors,
    ) -> tuple[Tensor, Tensors, States, Tensors, Tensor, Tensors, Tensors]:
        output, after, to_store = recurrence.advance(products, states, recurrent_mask)
        after = _where(present, after, states)
        if store:
            # The first takes the place of what it came from: one long tensor less.
            projected = _write(projected, to_store[0], at(turn))
            stored = _write_all(stored, to_store[1:], at(turn))
        outputs = _write_all(outputs, [output][: len(outputs)], at(turn))
        following = at(tf.minimum(turn + 1, steps - 1))
        products = recurrence.products(_read(projected, following), after, recurrent_mask)
        return turn + 1, products, after, _present(mask, following), projected, outputs, stored

    first = at(tf.constant(0))
    # Not read from `projected`: XLA would copy all of it, to keep it as it was before the loop.
    products = recurrence.products(cell.project(_read(inputs, first)), states, recurrent_mask)
    output, _, to_store = recurrence.advance(products, states, recurrent_mask)
    outputs = [_empty_sequence(output, steps)] if sequences else []
    stored = [_empty_sequence(value, steps) for value in to_store[1:]] if store else []
    loop = (tf.constant(0), products, list(states), _present(mask, first), projected, outputs, stored)
    _, _, final_states, _, projected, outputs, stored = tf.while_loop(
        lambda turn, *_: turn < turns, step, loop
    )
    return (
        outputs[0] if sequences else final_states[0],
        final_states,
        [projected, *stored] if store else [],
    )


def backward(
    recurrence: Recurrence,
    inputs: Inputs,
    mask: Mask | None,
    recurrent_mask: RecurrentMask | None,
    stored: Tensors,
    d_outputs: Tensor,
    d_states: States,
    *,
    reverse: Scalar,
    sequences: bool,
) -> tuple[Inputs, States, Tensors]:
    """Back-propagation through time.

    Args:
        recurrence, inputs, mask, recurrent_mask, reverse, sequences: as in `forward`.
        stored: what `forward` stored.
        d_outputs, d_states: gradients of the loss by the outputs and the final states of `forward`.

    Returns:
        Gradients by the inputs, by the states before the first step, and by `cell.weights`.
    """
    batch, steps = tf.shape(inputs)[0], tf.shape(inputs)[1]
    turns = steps * tf.minimum(batch, 1)
    fixed = recurrence.fixed()
    read = stored[: len(stored) - recurrence.deferred]
    if not sequences:
        d_states = [d_states[0] + d_outputs, *d_states[1:]]

    def at(turn: Tensor) -> Tensor:
        return tf.where(reverse, turn, steps - 1 - turn)

    def arriving(position: Tensor, present: Tensors) -> Tensor:
        if not sequences:
            return tf.zeros_like(d_states[0])
        return _zero_unless(present, _read(d_outputs, position))

    def step(
        turn: Tensor,
        d_states: States,
        d_output: Tensor,
        stored_here: Tensors,
        present: Tensors,
        by_step: Tensor,
    ) -> tuple[Tensor, States, Tensor, Tensors, Tensors, Tensor]:
        d_after = [_zero_unless(present, d_state) for d_state in d_states]
        here, d_before = recurrence.backward(stored_here, d_output, d_after, recurrent_mask, fixed)
        d_before = _where(present, d_before, d_states)
        by_step = _write(by_step, here, at(turn))
        following = at(tf.minimum(turn + 1, steps - 1))
        present = _present(mask, following)
        return turn + 1, d_before, arriving(following, present), _read_all(read, following), present, by_step

    first = at(tf.constant(0))
    present, stored_first = _present(mask, first), _read_all(read, first)
    d_output = arriving(first, present)
    here, _ = recurrence.backward(stored_first, d_output, d_states, recurrent_mask, fixed)
    loop = (tf.constant(0), d_states, d_output, stored_first, present, _empty_sequence(here, steps))
    _, d_states, _, _, _, by_step = tf.while_loop(lambda turn, *_: turn < turns, step, loop)
    if recurrent_mask is not None:
        recurrent_mask = _rows(tf.repeat(recurrent_mask[:, None], steps, axis=1))
    rows = [_rows(sequence) for sequence in stored]
    d_inputs, d_weights = recurrence.gradients(_rows(inputs), _rows(by_step), rows, recurrent_mask)
    return _steps(d_inputs, batch, steps), d_states, d_weights


def vjp(function: Callable[..., Tensors], arguments: Tensors, gradients: Tensors) -> Tensors:
    """See `zoo.layers.engines.recurrence.Vjp`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(arguments)
        values = function(*arguments)
    return tape.gradient(values, arguments, output_gradients=gradients, unconnected_gradients="zero")


def _empty_sequence(value: Tensor, steps: Tensor) -> Tensor:
    """Zeros for one such value a step: `(batch, size)` gives `(batch, time, size)`."""
    return tf.zeros([tf.shape(value)[0], steps, value.shape[1]], value.dtype)


def _write(sequence: Tensor, value: Tensor, position: Tensor) -> Tensor:
    return keras.ops.slice_update(sequence, tf.stack([0, position, 0]), value[:, None])


def _read(sequence: Tensor, position: Tensor) -> Tensor:
    """One step of `(batch, time, …)`; XLA would compile a program of its own for each direction of a slice."""
    return tf.gather(sequence, position, axis=1)


def _present(mask: Mask | None, position: Tensor) -> Tensors:
    """Where there is an input, `(batch, 1)`, as a list of one; of none without a mask (a loop carries no None)."""
    return [] if mask is None else [_read(mask, position)[:, None]]


def _where(present: Tensors, new: Tensors, old: Tensors) -> Tensors:
    """The new values where there is an input, else the old."""
    return [tf.where(present[0], n, o) for n, o in zip(new, old, strict=True)] if present else list(new)


def _zero_unless(present: Tensors, value: Tensor) -> Tensor:
    return tf.where(present[0], value, tf.zeros_like(value)) if present else value


def _write_all(sequences: Tensors, values: Tensors, position: Tensor) -> Tensors:
    return [_write(sequence, value, position) for sequence, value in zip(sequences, values, strict=True)]


def _read_all(sequences: Tensors, position: Tensor) -> Tensors:
    return [_read(sequence, position) for sequence in sequences]


def _steps(rows: Rows, batch: Tensor, steps: Tensor) -> Tensor:
    """The inverse of `_rows`."""
    return tf.reshape(rows, [batch, steps, rows.shape[-1]])


def _rows(sequence: Tensor) -> Rows:
    """`(batch, time, size)` to `(batch * time, size)`."""
    return tf.reshape(sequence, [-1, sequence.shape[-1]])
