"""What a cell may answer by Keras' contract: one state or many, of any shape, nested or bare, and outputs of any size.

All that runs cells asks here, so that whatever `keras.layers.RNN` takes runs everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import keras
import numpy as np

from zoo.tensors import StackedStates, States, StepInputs, StepOutputs, Tensor, last_axis

Entry = TypeVar("Entry")


def listed(states: Entry | list[Entry] | tuple[Entry, ...]) -> list[Entry]:
    """The states as a list; a cell may give its only state bare."""
    return list(states) if isinstance(states, (list, tuple)) else [states]


def initial_states(cell: keras.layers.Layer, batch_size: int | Tensor) -> States:
    """The states that a cell starts from: its own, or zeros where it has no say, in its compute type.

    Args:
        cell: a cell; built, if its first states are weights.
    """
    if hasattr(cell, "get_initial_state"):
        states = listed(cell.get_initial_state(batch_size=batch_size))
    else:
        states = [
            keras.ops.zeros((batch_size, *listed(size)), dtype=cell.compute_dtype)
            for size in listed(cell.state_size)
        ]
    return keras.tree.map_structure(lambda state: keras.ops.cast(state, cell.compute_dtype), states)


def step(cell: keras.layers.Layer, inputs: StepInputs, states: States) -> tuple[StepOutputs, States]:
    """One step of a cell without dropout; the states are nested as those before the step."""
    output, after = cell(inputs, states, training=False)
    return output, keras.tree.pack_sequence_as(states, keras.tree.flatten(after))


def state_shapes(cell: keras.layers.Layer) -> list[tuple[int, ...]]:
    """The shape of each state of a built cell without the batch, nested ones one after the other."""
    return [tuple(state.shape[1:]) for state in keras.tree.flatten(initial_states(cell, 1))]


def fixed_first_states(cell: keras.layers.Layer) -> set[int]:
    """The places of the states that must start as the cell starts them; see `zoo.cells.base.Cell`."""
    fixed = getattr(cell, "fixed_first_states", ())
    return {n for n, name in enumerate(getattr(cell, "state_names", ())) if name in fixed}


def made_states(maps: Sequence[keras.layers.Layer | None], states: States, start: Tensor) -> States:
    """First states made of a vector: what the map of each makes of it, in the shape that the state has.

    Args:
        maps: one for each state, nested ones one after the other; None leaves the state as it is.
        states: the cell's own first states.
        start: `(batch, features)`.
    """
    made = [
        state if of_state is None else keras.ops.reshape(of_state(start), (-1, *state.shape[1:]))
        for of_state, state in zip(maps, keras.tree.flatten(states), strict=True)
    ]
    return keras.tree.pack_sequence_as(states, made)


def summary(states: StackedStates) -> Tensor:
    """All final states of a recurrent layer, whatever they are, side by side: `(batch, features)`.

    States of a single number beside larger ones (a counter, say) are left out, as the decoder's bridges leave them out.
    """
    flat = keras.tree.flatten(states)
    larger = [state for state in flat if math.prod(state.shape[1:]) > 1]
    chosen = [
        state if len(state.shape) == 2 else keras.ops.reshape(state, (-1, math.prod(state.shape[1:])))
        for state in larger or flat
    ]
    return chosen[0] if len(chosen) == 1 else keras.ops.concatenate(chosen, axis=-1)


def output_size(cell: keras.layers.Layer, features: int) -> int:
    """Size of the outputs of a built cell: what it says, or what one step gives."""
    said: int | None = getattr(cell, "output_size", None)
    if said is not None:
        return said
    output, _ = step(cell, keras.ops.zeros((1, features), cell.compute_dtype), initial_states(cell, 1))
    return last_axis(output.shape)


def check_cell(cell: keras.layers.Layer, features: int) -> keras.layers.Layer:
    """Run a cell as a recurrent layer does, on a batch of two sequences.

    Args:
        cell: as the user's class makes it.
        features: size of the inputs that it is tried on.

    Returns:
        A copy of it, built.

    Raises:
        ValueError: says in one line what Keras' contract asks for and the cell does not do.
    """
    try:
        copy = type(cell).from_config(cell.get_config())
    except Exception as problem:
        raise ValueError(f"from_config(get_config()) makes no copy of it: {problem}") from None
    try:
        if not copy.built:
            copy.build((2, features))
            copy.built = True
        before = initial_states(copy, 2)
    except Exception as problem:
        raise ValueError(f"its build or its get_initial_state(batch_size=2) fails: {problem}") from None
    shapes = [tuple(state.shape) for state in keras.tree.flatten(before)]
    if any(shape[:1] != (2,) for shape in shapes):
        raise ValueError(f"get_initial_state(batch_size=2) gives states of the shapes {shapes}, not (2, …)")
    try:
        output, after = copy(keras.ops.zeros((2, features), copy.compute_dtype), before, training=False)
        shape, after_shapes = tuple(output.shape), [tuple(state.shape) for state in keras.tree.flatten(after)]
    except Exception as problem:
        raise ValueError(f"its call gives no output and states for one step: {problem}") from None
    if after_shapes != shapes:
        raise ValueError(f"its states have the shapes {shapes} before a step, and {after_shapes} after it")
    said = getattr(copy, "output_size", shape[-1] if shape else None)
    if shape != (2, said):
        raise ValueError(f"its output_size is {said}, and one step of 2 sequences gives the shape {shape}")
    _run_over_time(copy, features)
    return copy


def _run_over_time(cell: keras.layers.Layer, features: int) -> None:
    values, present = np.zeros((2, 3, features)), np.array([[True, True, True], [True, False, False]])
    try:
        keras.layers.RNN(cell, return_state=True, dtype=cell.dtype_policy)(
            keras.ops.convert_to_tensor(values, cell.compute_dtype), mask=keras.ops.convert_to_tensor(present)
        )
    except Exception as problem:
        raise ValueError(f"keras.layers.RNN cannot run it: {problem}") from None
    inputs, mask = keras.Input((3, features)), keras.Input((3,), dtype="bool")
    try:
        outputs = keras.layers.RNN(cell, dtype=cell.dtype_policy)(inputs, mask=mask)
        keras.Model([inputs, mask], outputs).predict_on_batch([values, present])
    except Exception as problem:  # in a graph no value of a tensor can decide what Python does
        raise ValueError(f"keras.layers.RNN cannot run it in a graph: {problem}") from None
