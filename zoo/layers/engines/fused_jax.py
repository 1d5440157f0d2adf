"""The fused engine on JAX: `lax.scan` forward, and a backward of its own around it.

Nothing is split and nothing is written in place here: JAX compiles what surrounds the layer as well, and `lax.scan`
stacks what each step gives. Sequences stand time first, so that a step is one block of memory.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from zoo.layers.engines.recurrence import standing_for

Tensor = Any
Tensors = list[Any]


def run(
    kind: type,
    cell: Any,
    inputs: Tensor,
    mask: Tensor | None,
    states: Tensors,
    recurrent_mask: Tensor | None,
    *,
    reverse: bool,
    sequences: bool,
    training: bool,
    beside: int,
) -> tuple[Tensor, Tensors]:
    """See `zoo.layers.engines.fused_tensorflow.run`."""
    recurrence = kind(cell, vjp)
    weights = [jnp.asarray(weight.value, inputs.dtype) for weight in cell.weights]

    @jax.custom_vjp
    def call(*tensors: Any) -> Any:
        outputs, finals, _ = forward(recurrence, *tensors, reverse=reverse, sequences=sequences, store=False)
        return outputs, finals

    def call_and_keep(*tensors: Any) -> Any:
        outputs, finals, stored = forward(
            recurrence, *tensors, reverse=reverse, sequences=sequences, store=True
        )
        inputs, mask, _, recurrent_mask, weights = tensors
        return (outputs, finals), (inputs, mask, recurrent_mask, weights, stored)

    def gradient(kept: Any, slopes: Any) -> Any:
        d_inputs, d_states, d_weights = backward(
            recurrence, *kept, *slopes, reverse=reverse, sequences=sequences
        )
        return d_inputs, None, d_states, None, d_weights  # masks have no derivative

    call.defvjp(call_and_keep, gradient)
    return call(inputs, mask, list(states), recurrent_mask, weights)


def forward(
    recurrence: Any,
    inputs: Tensor,
    mask: Tensor | None,
    states: Tensors,
    recurrent_mask: Tensor | None,
    weights: Tensors,
    *,
    reverse: bool,
    sequences: bool,
    store: bool,
) -> tuple[Tensor, Tensors, Tensors]:
    """Run a cell over a batch.

    Args:
        recurrence: `Written` or `Derived`.
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

    def step(states: Tensors, here: Any) -> Any:
        projected, present = here
        products = recurrence.products(projected, states, recurrent_mask)
        output, after, kept = recurrence.advance(products, states, recurrent_mask)
        return _where(present, after, states), (output if sequences else None, kept if store else [])

    with standing_for(recurrence.cell.weights, weights):
        projected = recurrence.cell.project(_time_first(inputs))
        finals, (outputs, stored) = jax.lax.scan(step, states, (projected, _present(mask)), reverse=reverse)
    return _time_first(outputs) if sequences else finals[0], finals, stored


def backward(
    recurrence: Any,
    inputs: Tensor,
    mask: Tensor | None,
    recurrent_mask: Tensor | None,
    weights: Tensors,
    stored: Tensors,
    d_outputs: Tensor,
    d_states: Tensors,
    *,
    reverse: bool,
    sequences: bool,
) -> tuple[Tensor, Tensors, Tensors]:
    """Back-propagation through time.

    Args:
        recurrence, inputs, mask, recurrent_mask, weights, reverse, sequences: as in `forward`.
        stored: what `forward` stored.
        d_outputs, d_states: derivatives of the loss by the outputs and the final states of `forward`.

    Returns:
        Derivatives by the inputs, by the states before the first step, and by `cell.weights`.
    """
    nothing = jnp.zeros_like(d_states[0])
    if not sequences:
        d_states = [d_states[0] + d_outputs, *d_states[1:]]

    def step(d_states: Tensors, here: Any) -> Any:
        kept, d_output, present = here
        d_output = nothing if d_output is None else d_output
        d_output, *arrived = _where(present, [d_output, *d_states], [nothing, *map(jnp.zeros_like, d_states)])
        found, d_before = recurrence.backward(kept, d_output, arrived, recurrent_mask, fixed)
        return _where(present, d_before, d_states), found

    with standing_for(recurrence.cell.weights, weights):
        fixed = recurrence.fixed()
        read = stored[: len(stored) - recurrence.later]
        steps = (read, _time_first(d_outputs) if sequences else None, _present(mask))
        d_states, found = jax.lax.scan(step, d_states, steps, reverse=not reverse)
        inputs = _time_first(inputs)
        if recurrent_mask is not None:
            recurrent_mask = _rows(jnp.broadcast_to(recurrent_mask, (len(inputs), *recurrent_mask.shape)))
        rows = [_rows(sequence) for sequence in stored]
        d_inputs, d_weights = recurrence.gradients(_rows(inputs), _rows(found), rows, recurrent_mask)
    return _time_first(d_inputs.reshape(inputs.shape)), d_states, d_weights


def vjp(function: Any, arguments: Tensors, slopes: Tensors) -> Tensors:
    """See `zoo.layers.engines.recurrence.Vjp`."""
    _, pull = jax.vjp(function, *arguments)
    return list(pull(slopes))


def _time_first(sequence: Tensor) -> Tensor:
    """`(batch, time, size)` to `(time, batch, size)`, and back."""
    return jnp.swapaxes(sequence, 0, 1)


def _rows(sequence: Tensor) -> Tensor:
    """`(time, batch, size)` to `(time * batch, size)`."""
    return sequence.reshape(-1, sequence.shape[-1])


def _present(mask: Tensor | None) -> Tensor | None:
    """Where there is an input, `(time, batch, 1)`."""
    return None if mask is None else _time_first(mask)[..., None]


def _where(present: Tensor | None, new: Tensors, old: Tensors) -> Tensors:
    """The new values where there is an input, else the old."""
    if present is None:
        return list(new)
    return [jnp.where(present, n, o) for n, o in zip(new, old, strict=True)]
