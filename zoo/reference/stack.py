"""Stacked and bidirectional: layers of cells, the outputs of one being the inputs of the next.

A layer is a list of directions: `[weights]` runs forward, `[weights, weights]` forward and in reverse, with
the two outputs side by side (Schuster and Paliwal 1997). Every layer uses the same mask. States are nested as
the weights are: `states[layer][direction]` is one tuple of arrays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zoo.reference.cell import Array, Cell, States
from zoo.reference.unroll import Gradients, Tape, backward, forward


@dataclass(frozen=True)
class StackTape:
    """`outputs` of the last layer, `(batch, time, directions * units)`; `final_states[layer][direction]`."""

    outputs: Array
    final_states: list[list[States]]
    tapes: list[list[Tape]]


@dataclass(frozen=True)
class StackGradients:
    """`inputs` `(batch, time, features)`; `weights[layer][direction]`; `initial_states[layer][direction]`."""

    inputs: Array
    weights: list[list[dict[str, Array]]]
    initial_states: list[list[States]]


def forward_stack(
    cell: Cell,
    layers: Sequence[Sequence[Mapping[str, Array | None]]],
    inputs: Array,
    mask: Array | None = None,
    initial_states: Sequence[Sequence[Sequence[Array]]] | None = None,
) -> StackTape:
    """Run all layers.

    Args:
        cell: the cell of every layer.
        layers: `layers[layer][direction]` is a dictionary of weights; one or two directions.
        inputs: `(batch, time, features)`.
        mask: `(batch, time)`, as in `forward`.
        initial_states: `initial_states[layer][direction]`; None: zeros.

    Raises:
        ValueError: if a layer has neither one nor two directions, or as in `forward`.
    """
    tapes = []
    outputs = inputs
    for number, directions in enumerate(layers):
        if len(directions) not in (1, 2):
            raise ValueError(f"layer {number} has {len(directions)} directions, expected 1 or 2")
        states = [None] * len(directions) if initial_states is None else initial_states[number]
        layer = [
            forward(cell, weights, outputs, mask, state, reverse)
            for weights, state, reverse in zip(directions, states, (False, True), strict=False)
        ]
        outputs = np.concatenate([tape.outputs for tape in layer], axis=-1)
        tapes.append(layer)
    return StackTape(outputs, [[tape.final_states for tape in layer] for layer in tapes], tapes)


def backward_stack(
    cell: Cell,
    tape: StackTape,
    d_outputs: Array,
    d_final_states: Sequence[Sequence[Sequence[Array]]] | None = None,
    truncate: int | None = None,
) -> StackGradients:
    """Back through all layers: the gradient of a layer's inputs is that of the outputs of the layer below.

    Args:
        cell: the cell of the run.
        tape: what `forward_stack` returned.
        d_outputs: gradient with respect to the outputs of the last layer, `(batch, time, directions *
            units)`.
        d_final_states: gradient with respect to `final_states[layer][direction]`; None: zeros.
        truncate: as in `backward`.
    """
    gradients: list[list[Gradients]] = []
    for number in reversed(range(len(tape.tapes))):
        layer = tape.tapes[number]
        d_states = [None] * len(layer) if d_final_states is None else d_final_states[number]
        d_each = np.split(d_outputs, len(layer), axis=-1)
        parts = zip(layer, d_each, d_states, strict=True)
        gradients.insert(0, [backward(cell, *part, truncate) for part in parts])
        d_outputs = sum((direction.inputs for direction in gradients[0]), np.zeros(()))
    return StackGradients(
        d_outputs,
        [[direction.weights for direction in layer] for layer in gradients],
        [[direction.initial_states for direction in layer] for layer in gradients],
    )
