"""The fused engine on JAX: `lax.scan` forward, and a backward of its own around it.

Nothing is split and nothing is written in place here: JAX compiles what surrounds the layer as well, and `lax.scan`
stacks what each step gives. Sequences stand time first, so that a step is one block of memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeAlias

import jax
import jax.numpy as jnp
import keras

from zoo.layers.engines.engine import Call
from zoo.layers.engines.recurrence import Recurrence, Tensors, standing_for, weights_of
from zoo.tensors import Inputs, Mask, RecurrentMask, Rows, States, Tensor

#: What the loop backward needs of the loop forward: inputs, mask, recurrent mask, weights, what it stored.
Residuals: TypeAlias = tuple[Inputs, Mask | None, RecurrentMask | None, Tensors, Tensors]


def run(
    recurrence_class: type[Recurrence], call: Call, recurrent_mask: RecurrentMask | None
) -> tuple[Tensor, States]:
    """See `zoo.layers.engines.compiled.RunLoops`."""
    recurrence = recurrence_class(call.cell, vjp)
    weights = [
        jnp.asarray(keras.ops.convert_to_tensor(weight), call.inputs.dtype)
        for weight in weights_of(call.cell, call.recurrent_kernel)
    ]

    def run_forward(
        store: bool,
        inputs: Inputs,
        mask: Mask | None,
        states: States,
        recurrent_mask: RecurrentMask | None,
        weights: Tensors,
    ) -> tuple[tuple[Tensor, States], Residuals]:
        outputs, final_states, stored = forward(
            recurrence,
            inputs,
            mask,
            states,
            recurrent_mask,
            weights,
            reverse=call.reverse,
            sequences=call.sequences,
            store=store,
        )
        return (outputs, final_states), (inputs, mask, recurrent_mask, weights, stored)

    def run_backward(
        residuals: Residuals, gradients: tuple[Tensor, States]
    ) -> tuple[Inputs, None, States, None, Tensors]:
        d_inputs, d_states, d_weights = backward(
            recurrence, *residuals, *gradients, reverse=call.reverse, sequences=call.sequences
        )
        return d_inputs, None, d_states, None, d_weights  # masks have no gradient

    differentiable = jax.custom_vjp(lambda *arguments: run_forward(False, *arguments)[0])
    differentiable.defvjp(functools.partial(run_forward, True), run_backward)
    return differentiable(call.inputs, call.mask, list(call.states), recurrent_mask, weights)


def forward(
    recurrence: Recurrence,
    inputs: Inputs,
    mask: Mask | None,
    states: States,
    recurrent_mask: RecurrentMask | None,
    weights: Tensors,
    *,
    reverse: bool,
    sequences: bool,
    store: bool,
) -> tuple[Tensor, States, Tensors]:
    """Run a cell over a batch.

    Args:
        recurrence: the cell.
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool, or None.
        states: before the first step, each `(batch, size)`.
        recurrent_mask: `(batch, units)`, or None.
        weights: what stands for `cell.weights`.
        reverse: from the last step to the first.
        sequences: give the output of every step, `(batch, time, units)`; else the first of the final states.
        store: keep what `backward` needs.

    Returns:
        Outputs; final states; and with `store` what is to be stored, each `(time, batch, size)`.
    """

    def step(
        states: States, here: tuple[Tensor, Tensor | None]
    ) -> tuple[States, tuple[Tensor | None, Tensors]]:
        projected, present = here
        products = recurrence.products(projected, states, recurrent_mask)
        output, after, to_store = recurrence.advance(products, states, recurrent_mask)
        return _where(present, after, states), (output if sequences else None, to_store if store else [])

    with standing_for(recurrence.cell.weights, weights):
        projected = recurrence.cell.project(_time_first(inputs))
        steps = (projected, _present(mask))
        final_states, (outputs, stored) = jax.lax.scan(step, states, steps, reverse=reverse)
    return _time_first(outputs) if sequences else final_states[0], final_states, stored


def backward(
    recurrence: Recurrence,
    inputs: Inputs,
    mask: Mask | None,
    recurrent_mask: RecurrentMask | None,
    weights: Tensors,
    stored: Tensors,
    d_outputs: Tensor,
    d_states: States,
    *,
    reverse: bool,
    sequences: bool,
) -> tuple[Inputs, States, Tensors]:
    """Back-propagation through time.

    Args:
        recurrence, inputs, mask, recurrent_mask, weights, reverse, sequences: as in `forward`.
        stored: what `forward` stored.
        d_outputs, d_states: gradients of the loss by the outputs and the final states of `forward`.

    Returns:
        Gradients by the inputs, by the states before the first step, and by `cell.weights`.
    """
    nothing = jnp.zeros_like(d_states[0])
    if not sequences:
        d_states = [d_states[0] + d_outputs, *d_states[1:]]

    def step(d_states: States, here: tuple[Tensors, Tensor | None, Tensor | None]) -> tuple[States, Tensor]:
        stored_here, d_output, present = here
        d_output = nothing if d_output is None else d_output
        d_output, *d_after = _where(present, [d_output, *d_states], [nothing, *map(jnp.zeros_like, d_states)])
        by_step, d_before = recurrence.backward(stored_here, d_output, d_after, recurrent_mask, fixed)
        return _where(present, d_before, d_states), by_step

    with standing_for(recurrence.cell.weights, weights):
        fixed = recurrence.fixed()
        read = stored[: len(stored) - recurrence.deferred]
        steps = (read, _time_first(d_outputs) if sequences else None, _present(mask))
        d_states, by_step = jax.lax.scan(step, d_states, steps, reverse=not reverse)
        inputs = _time_first(inputs)
        if recurrent_mask is not None:
            recurrent_mask = _rows(jnp.broadcast_to(recurrent_mask, (inputs.shape[0], *recurrent_mask.shape)))
        rows = [_rows(sequence) for sequence in stored]
        d_inputs, d_weights = recurrence.gradients(_rows(inputs), _rows(by_step), rows, recurrent_mask)
    return _time_first(jnp.reshape(d_inputs, inputs.shape)), d_states, d_weights


def vjp(function: Callable[..., Tensors], arguments: Tensors, gradients: Tensors) -> Tensors:
    """See `zoo.layers.engines.recurrence.Vjp`."""
    _, pull = jax.vjp(function, *arguments)
    return list(pull(gradients))


def _time_first(sequence: Tensor) -> Tensor:
    """`(batch, time, size)` to `(time, batch, size)`, and back."""
    return jnp.swapaxes(sequence, 0, 1)


def _rows(sequence: Tensor) -> Rows:
    """`(time, batch, size)` to `(time * batch, size)`."""
    return jnp.reshape(sequence, (-1, sequence.shape[-1]))


def _present(mask: Mask | None) -> Tensor | None:
    """Where there is an input, `(time, batch, 1)`."""
    return None if mask is None else _time_first(mask)[..., None]


def _where(present: Tensor | None, new: Tensors, old: Tensors) -> Tensors:
    """The new values where there is an input, else the old."""
    if present is None:
        return list(new)
    return [jnp.where(present, n, o) for n, o in zip(new, old, strict=True)]
