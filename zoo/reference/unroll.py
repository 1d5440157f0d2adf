"""Running a reference cell over time, and back-propagation through time (Werbos 1990).

Shapes: inputs `(batch, time, features)`, mask `(batch, time)`, outputs `(batch, time, units)`, states
`(batch, units)`. With a projection the outputs and the first state are of its size.

A masked step is no step: the state is carried past it and its output is zero, whatever its input holds. With
padding on the right this gives what `keras.layers.RNN` and torch's packed sequences give, in both directions:
the backward direction meets the padding first, carries the initial state past it, and begins at each
sequence's own last step. Its outputs stand where their inputs stand (as in torch and
`keras.layers.Bidirectional`; a bare Keras layer with `go_backwards` returns them in the order of processing).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.reference.cell import Array, Cell, Saved, States


@dataclass(frozen=True)
class Tape:
    """What a run over time gives, and what the way back needs.

    Attributes:
        outputs: `(batch, time, units)`, zero at masked steps.
        final_states: the states after the last step of each sequence.
        weights, mask: what the run used.
        order: the time steps in the order of processing.
        saved: for each time step what the cell's step kept for its backward step.
        separate_output: whether the output of a step is none of its states.
    """

    outputs: Array
    final_states: States
    weights: dict[str, Array]
    mask: Array
    order: tuple[int, ...]
    saved: dict[int, Saved]
    separate_output: bool = False


@dataclass(frozen=True)
class Gradients:
    """Gradients of the loss with respect to the inputs, to each weight and to each initial state."""

    inputs: Array
    weights: dict[str, Array]
    initial_states: States


def forward(
    cell: Cell,
    weights: Mapping[str, Array | None],
    inputs: Array,
    mask: Array | None = None,
    initial_states: Sequence[Array] | None = None,
    reverse: bool = False,
) -> Tape:
    """Run `cell` over time.

    Args:
        cell: one of `zoo.reference.CELLS`, with its options.
        weights: `kernel`, `recurrent_kernel` and `bias`; without bias, leave it out or give None.
        inputs: `(batch, time, features)`.
        mask: `(batch, time)`, true where there is a step; None: everywhere.
        initial_states: one `(batch, units)` for each of `cell.state_names`; None: zeros.
        reverse: from the last step to the first.

    Raises:
        ValueError: if a shape does not fit, or a weight is missing or unknown.
    """
    inputs = np.asarray(inputs, dtype=np.float64)
    arrays = _checked_weights(cell, weights, inputs)
    batch, time, _ = inputs.shape
    mask = np.ones((batch, time), dtype=bool) if mask is None else mask
    mask = _checked("mask", mask, (batch, time)).astype(bool)
    shapes = [(batch, size) for size in _state_sizes(cell, arrays)]
    states = _checked_states(cell, initial_states, shapes)
    inputs = np.where(mask[:, :, None], inputs, 0.0)  # so that not even a NaN in the padding can get through

    outputs = np.zeros((batch, time, shapes[0][1]))
    order = tuple(reversed(range(time))) if reverse else tuple(range(time))
    saved = {}
    for t in order:
        here = mask[:, t, None]
        given, saved[t] = cell.step(arrays, inputs[:, t], states)
        new_states = given[-len(states) :]  # an output that is none of them stands before them
        states = tuple(np.where(here, new, old) for new, old in zip(new_states, states, strict=True))
        outputs[:, t] = np.where(here, given[0], 0.0)
    return Tape(outputs, states, arrays, mask, order, saved, len(given) > len(states) if order else False)


def backward(
    cell: Cell,
    tape: Tape,
    d_outputs: Array | None = None,
    d_final_states: Sequence[Array] | None = None,
    truncate: int | None = None,
) -> Gradients:
    """Back-propagation through time: walk the tape back, handing the gradient of the state from step to step.

    Truncated (Williams and Peng 1990, BPTT(h; h') with h = h' = `truncate`): each sequence is cut into chunks
    of `truncate` steps, counted in the order of processing and not counting masked steps, so that padding
    moves no border. The forward pass runs through; on the way back the gradient of the state is dropped at
    each border. A gradient thus passes through at most `truncate` steps, and only the first chunk reaches the
    initial states.

    Args:
        cell: the cell of the run.
        tape: what `forward` returned.
        d_outputs: gradient of the loss with respect to the outputs, `(batch, time, units)`; None: zeros.
        d_final_states: gradient with respect to each final state, `(batch, units)`; None: zeros.
        truncate: length of a chunk, at least 1; None: one chunk.

    Returns:
        Gradients; those of the weights have the keys of the weights.

    Raises:
        ValueError: if a shape does not fit or `truncate` is below 1.
    """
    shape = tape.outputs.shape
    d_outputs = _checked("d_outputs", np.zeros(shape) if d_outputs is None else d_outputs, shape)
    d_states = _checked_states(
        cell, d_final_states, [state.shape for state in tape.final_states], "d_final_states"
    )
    starts_chunk = _chunk_starts(tape, truncate)

    d_weights = {name: np.zeros_like(weight) for name, weight in tape.weights.items()}
    d_inputs = np.zeros((*shape[:2], tape.weights["kernel"].shape[0]))
    for t in reversed(tape.order):
        here = tape.mask[:, t, None]
        d_new_states = [np.where(here, d, 0.0) for d in d_states]
        d_output = np.where(here, d_outputs[:, t], 0.0)
        if tape.separate_output:
            d_new_states.insert(0, d_output)
        else:
            d_new_states[0] += d_output  # the output is the first state
        d_step = cell.step_backward(tape.weights, tape.saved[t], tuple(d_new_states))
        d_inputs[:, t], d_old_states, d_step_weights = d_step
        # Past a masked step the gradient is carried as the state was; at the start of a chunk it stops.
        d_states = tuple(
            np.where(starts_chunk[:, t, None], 0.0, np.where(here, d_old, d))
            for d_old, d in zip(d_old_states, d_states, strict=True)
        )
        for name in d_weights:
            d_weights[name] += d_step_weights[name]
    return Gradients(d_inputs, d_weights, d_states)


def _chunk_starts(tape: Tape, truncate: int | None) -> Array:
    """`(batch, time)`: true at the first step of every chunk but the first."""
    if truncate is None:
        return np.zeros_like(tape.mask)
    if truncate < 1:
        raise ValueError(f"truncate must be at least 1 or None, not {truncate}")
    in_order = tape.mask[:, list(tape.order)]
    steps_before = np.cumsum(in_order, axis=1) - in_order
    starts = np.zeros_like(tape.mask)
    starts[:, list(tape.order)] = in_order & (steps_before > 0) & (steps_before % truncate == 0)
    return starts


def _checked(name: str, array: Array, shape: tuple[int, ...]) -> Array:
    array = np.asarray(array)
    if array.shape != shape:
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _checked_states(
    cell: Cell,
    states: Sequence[Array] | None,
    shapes: Sequence[tuple[int, ...]],
    name: str = "initial_states",
) -> States:
    """The states in float64, zeros for None."""
    if states is None:
        return tuple(np.zeros(shape) for shape in shapes)
    if len(states) != len(cell.state_names):
        names = ", ".join(cell.state_names)
        raise ValueError(f"{name} holds {len(states)} arrays, expected one for each of {names}")
    return tuple(
        _checked(f"{name} {state_name}", state, shape).astype(np.float64)
        for state_name, state, shape in zip(cell.state_names, states, shapes, strict=True)
    )


def _checked_weights(cell: Cell, weights: Mapping[str, Array | None], inputs: Array) -> dict[str, Array]:
    """The weights in float64, without a bias that is None.

    A wrong shape must not pass: `(3 * units,)` where `(2, 3 * units)` is meant would broadcast without a
    word.
    """
    if inputs.ndim != 3:
        raise ValueError(f"inputs have shape {inputs.shape}, expected (batch, time, features)")
    given = {name: np.asarray(weight, float) for name, weight in weights.items() if weight is not None}
    if "kernel" not in given:
        raise ValueError(f"weights hold {', '.join(sorted(given)) or 'nothing'}: kernel is missing")
    shapes = cell.weight_shapes(inputs.shape[-1], _units(cell, given))
    for name in shapes:
        if name not in given and name != "bias":
            raise ValueError(f"weights hold {', '.join(sorted(given))}: {name} is missing")
    if set(given) - set(shapes):
        raise ValueError(f"weights hold {', '.join(sorted(given))}; expected {', '.join(shapes)}")
    return {name: _checked(f"weight {name}", weight, shapes[name]) for name, weight in given.items()}


def _units(cell: Cell, weights: Mapping[str, Array]) -> int:
    """How many units the cell has.

    Rows of its projection, or of its recurrent kernel, or else columns of the kernel for each gate.
    """
    for name in ("projection_kernel", "recurrent_kernel"):
        if name in weights:
            return weights[name].shape[0]
    return max(1, weights["kernel"].shape[-1] // cell.weight_shapes(1, 1)["kernel"][-1])


def _state_sizes(cell: Cell, weights: Mapping[str, Array]) -> list[int]:
    """The size of each state: the units; of the first with a projection, the size of that."""
    sizes = [_units(cell, weights)] * len(cell.state_names)
    return [weights["projection_kernel"].shape[1], *sizes[1:]] if "projection_kernel" in weights else sizes
