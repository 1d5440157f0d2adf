"""A look into a recurrent layer while its model runs: the states after every step, as tensors to derive by.

    with traced(layer) as traces, tf.GradientTape() as tape:
        loss = …model(inputs)…
    gradients = tape.gradient(loss, traces[0].states)

It works for any cell in any model: for the time being the layer's engine is a plain loop of this file. Nothing is
compiled, so that no path of the gradient is hidden; dropout is off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from zoo.keras_private import all_layers
from zoo.layers.engines import Choice
from zoo.layers.engines.engine import Call, Engine
from zoo.layers.recurrent import Recurrent
from zoo.layers.states import state_shapes
from zoo.tensors import Mask, Outputs, Scalar, States, StepInputs, StepOutputs, Tensor


@dataclass
class Trace:
    """One cell's way over a batch, in the order in which it read the steps.

    Attributes:
        cell: the cell.
        reverse: whether it read from the end.
        mask: `(batch, time)` bool, or None, in the order of time.
        inputs: of each step, `(batch, features)`.
        states_before, states: before and after each step, a list of `(batch, size)` each, or as the cell has them.
    """

    cell: keras.layers.Layer
    reverse: bool
    mask: Mask | None
    inputs: list[StepInputs] = field(default_factory=list)
    states_before: list[States] = field(default_factory=list)
    states: list[States] = field(default_factory=list)

    @property
    def present(self) -> np.ndarray:
        """Where there is an input, `(batch, time)`, in the order of reading."""
        shape = (len(np.array(self.inputs[0])), len(self.inputs))
        mask = np.ones(shape, bool) if self.mask is None else np.array(self.mask)
        return mask[:, ::-1] if self.reverse else mask


class Loop(Engine):
    """An engine that records what some cells do.

    Args:
        cells: those that are looked into.
        only_last: cut the gradient of all their outputs but the last of each sequence, so that what arrives at a state
            came through the recurrence.
    """

    def __init__(self, cells: Sequence[keras.layers.Layer], only_last: bool) -> None:
        self.cells, self.only_last = cells, only_last
        self.traces: list[Trace] = []

    def unsupported_reason(self, _cell: keras.layers.Layer, /) -> str | None:
        """None: it calls the cell at every step, as `keras.layers.RNN` does."""
        return None

    def run(self, call: Call, /) -> tuple[Outputs | StepOutputs, States]:
        """One cell over a batch."""
        cell, mask, reverse = call.cell, call.mask, call.reverse
        inputs = tf.cast(call.inputs, cell.compute_dtype)
        states = keras.tree.map_structure(lambda state: tf.cast(state, cell.compute_dtype), list(call.states))
        trace = Trace(cell, reverse, mask)
        traced = any(cell is other for other in self.cells)
        last = last_steps(mask, inputs.shape[0], inputs.shape[1], reverse)
        outputs: dict[int, StepOutputs] = {}
        for t in reversed(range(inputs.shape[1])) if reverse else range(inputs.shape[1]):
            trace.inputs.append(inputs[:, t])
            trace.states_before.append(states)
            output, states = _step(cell, inputs[:, t], states, None if mask is None else mask[:, t, None])
            if traced and self.only_last:
                output = tf.where(last[:, t, None], output, tf.stop_gradient(output))
            outputs[t] = output
            trace.states.append(states)
        if traced:
            self.traces.append(trace)
        stacked = tf.stack([outputs[t] for t in sorted(outputs)], axis=1)
        if call.sequences:
            return stacked, states
        return tf.einsum("bt,btu->bu", tf.cast(last, stacked.dtype), stacked), states


def _step(
    cell: keras.layers.Layer, inputs: StepInputs, states: States, present: Tensor | None
) -> tuple[StepOutputs, States]:
    """A step. Where there is no input, the output is zero and the states are handed on as they are.

    Args:
        cell: the cell.
        inputs: `(batch, features)`.
        states: before the step.
        present: `(batch, 1)` bool, True where there is an input; None where all have one.
    """
    output, after = cell(inputs, states)
    flat, before = keras.tree.flatten(after), keras.tree.flatten(states)
    output_is_state = output is flat[0]
    if present is not None:
        flat = [
            tf.where(tf.reshape(present, (-1, *[1] * (len(old.shape) - 1))), new, old)
            for new, old in zip(flat, before, strict=True)
        ]
    flat = [tf.identity(state) for state in flat]
    if output_is_state:
        output = flat[0]  # so that what the loss sends into the output is counted as sent into the state
    output = output if present is None else tf.where(present, output, tf.zeros_like(output))
    return output, keras.tree.pack_sequence_as(states, flat)


def last_steps(mask: Mask | None, batch: int, time: int, reverse: bool) -> Tensor:
    """`(batch, time)` bool: True at the step that is read last in each sequence; nowhere where all are masked."""
    present = np.ones((batch, time), bool) if mask is None else np.array(mask)
    number = np.arange(time)[::-1] if reverse else np.arange(time)
    last = np.where(present, number, -1).max(axis=1)
    return tf.constant(present & (number == last[:, None]))


def gates_of(trace: Trace) -> dict[str, np.ndarray]:
    """The gates that a cell shows, by what it calls them, `(batch, time, units)` each in the order of reading.

    Empty for a cell that names no gates (`zoo.cells.base.Cell.gate_names`).
    """
    cell = trace.cell
    names: dict[str, str] = dict(getattr(cell, "gate_names", {}))
    if not names:
        return {}
    steps = [
        cell.gate_values(cell.project(inputs), states)
        for inputs, states in zip(trace.inputs, trace.states_before, strict=True)
    ]
    return {
        name: np.stack([np.array(values[letter]) for values in steps], axis=1)
        for letter, name in names.items()
    }


def state_names(cell: keras.layers.Layer) -> tuple[str, ...]:
    """What a cell calls its states (`zoo.cells.base.Cell.state_names`), or their numbers where it does not say it."""
    count = len(state_shapes(cell))
    names = tuple(getattr(cell, "state_names", ("h",)))
    return names if len(names) == count else tuple(str(n + 1) for n in range(count))


@contextmanager
def traced(layer: Recurrent, only_last: bool = True) -> Iterator[list[Trace]]:
    """While it lasts, the layer runs step by step, and gives the traces of its top cells, one for each direction."""
    loop = Loop(layer.cells[-1], only_last)
    engine = layer.engine_choice
    layer.engine_choice = Choice("traced", "a probe looks into it", loop)
    try:
        yield loop.traces
    finally:
        layer.engine_choice = engine


def find_layer(model: keras.Model, name: str | None) -> Recurrent:
    """A recurrent layer of a model: the one of that name; else the one called `recurrent`, or the last one.

    Raises:
        UserError: if there is none of that name.
    """
    layers = [layer for layer in all_layers(model) if isinstance(layer, Recurrent)]
    if not layers:
        raise UserError("the model of this run has no recurrent layer")
    named = {layer.name: layer for layer in layers}
    if name is None:
        return named.get("recurrent", layers[-1])
    if name not in named:
        raise UserError(f"--layer {name}: there are {', '.join(named)}")
    return named[name]


def norms_by_lag(tape: tf.GradientTape, loss: Scalar, trace: Trace) -> np.ndarray:
    """Norm of the gradient of a loss by all states after the step that is `lag` steps before the last one.

    Args:
        tape: watched the model run.
        loss: a number; the sum over the sequences, so that each has its own gradient.
        trace: of the cell.

    Returns:
        `(batch, lags)`, NaN where a sequence has no such step. At lag 0 it is what arrives without the recurrence, and
        NaN for a cell whose output is none of its states.
    """
    gradients = tape.gradient(loss, trace.states)
    squares = [
        [
            np.square(np.array(gradient, np.float64)).reshape(len(gradient), -1).sum(axis=1)
            for gradient in keras.tree.flatten(step)
            if gradient is not None
        ]
        for step in gradients
    ]
    batch, time = trace.present.shape
    sums = np.stack([sum(step) if step else np.full(batch, np.nan) for step in squares], axis=1)
    norms = np.full((batch, time), np.nan)
    for row, present in enumerate(trace.present):
        steps = np.flatnonzero(present)[::-1]
        norms[row, : len(steps)] = np.sqrt(sums[row, steps])
    return norms
