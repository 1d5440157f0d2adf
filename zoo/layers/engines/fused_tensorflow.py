"""The fused engine on TensorFlow: loops compiled by XLA, the batch split over the cores.

A step of a small recurrent network is too little work for two threads. So the batch is split in as many parts as there
are cores, each part runs its whole loop in one compiled call, and TensorFlow runs the calls of one graph side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import tensorflow as tf

from zoo.layers.engines import fused_tensorflow_loops as loops
from zoo.layers.engines.recurrence import standing_for
from zoo.layers.engines.sharing import step_key
from zoo.runtime.cores import cores

Tensor = Any
Tensors = list[Any]

#: Rows below which a part of the batch is not worth a core of its own.
ROWS_OF_A_PART = 4


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
    """Run the cell over `inputs` `(batch, time, features)`; `kind` is `Written` or `Derived`.

    Returns:
        The first state after every step `(batch, time, units)`, or after the last for `sequences=False`; final states.
    """
    parts = most_parts(beside)
    if inputs.shape[0] is not None:
        parts = max(1, min(parts, inputs.shape[0] // ROWS_OF_A_PART))
    return graph_of(kind, cell, reverse, sequences, training, parts)(inputs, mask, states, recurrent_mask)


def most_parts(beside: int) -> int:
    """In how many parts a batch is split at most: the cores, shared among the runs that go side by side."""
    if tf.config.list_logical_devices("GPU"):
        return 1
    return max(1, cores() // beside)


class Loops:
    """The compiled loops of all cells with one step, so that the next layer or model finds them compiled."""

    def __init__(self, recurrence: Any):
        self.recurrence = recurrence
        self.compiled: dict[tuple[Any, ...], Callable[..., Any]] = {}

    def forward(self, reverse: bool, sequences: bool, store: bool) -> Callable[..., Any]:
        """The loop forward of one part; `store` keeps what the backward loop needs."""

        def forward(weights: Tensors, *tensors: Any) -> Any:
            with standing_for(self.recurrence.cell.weights, weights):
                return loops.forward(
                    self.recurrence, *tensors, reverse=reverse, sequences=sequences, store=store
                )

        return self._compiled(("forward", reverse, sequences, store), forward)

    def backward(self, reverse: bool, sequences: bool) -> Callable[..., Any]:
        """The loop backward of one part."""

        def backward(weights: Tensors, *tensors: Any) -> Any:
            with standing_for(self.recurrence.cell.weights, weights):
                return loops.backward(self.recurrence, *tensors, reverse=reverse, sequences=sequences)

        return self._compiled(("backward", reverse, sequences), backward)

    def _compiled(self, key: tuple[Any, ...], function: Callable[..., Any]) -> Callable[..., Any]:
        if key not in self.compiled:
            compiled = tf.function(function, jit_compile=True, autograph=False, reduce_retracing=True)
            self.compiled[key] = compiled
        return self.compiled[key]


_LOOPS: dict[Hashable, Loops] = {}
_MOST_LOOPS = 64


def loops_of(cell: Any, kind: type) -> Loops:
    """The loops of all cells whose steps are the same function as this one's."""
    key = (kind, step_key(cell))
    if key not in _LOOPS:
        if len(_LOOPS) >= _MOST_LOOPS:
            _LOOPS.clear()
        _LOOPS[key] = Loops(kind(cell, loops.vjp))
    return _LOOPS[key]


def graph_of(
    kind: type, cell: Any, reverse: bool, sequences: bool, training: bool, parts: int
) -> Callable[..., Any]:
    """All parts with their gradient; a graph, because only in a graph the parts run side by side.

    It reads the cell's weights, so it is the cell's own; it stands in `__dict__`, past Keras, which would track it.
    """
    graphs = cell.__dict__.setdefault("_fused_graphs", {})
    key = (kind, reverse, sequences, training, parts)
    if key not in graphs:

        def whole(inputs: Tensor, mask: Tensor | None, states: Tensors, recurrent_mask: Tensor | None) -> Any:
            return differentiable(cell, inputs, mask, states, recurrent_mask, *key)

        graphs[key] = tf.function(whole, autograph=False, reduce_retracing=True)
    return graphs[key]


def differentiable(
    cell: Any,
    inputs: Tensor,
    mask: Tensor | None,
    given_states: Tensors,
    recurrent_mask: Tensor | None,
    kind: type,
    reverse: bool,
    sequences: bool,
    training: bool,
    parts: int,
) -> tuple[Tensor, Tensors]:
    """All parts forward, with the gradient by `inputs`, `states` and the cell's weights.

    Only in training the forward loop stores what the backward loop reads. A gradient that is asked for elsewhere runs
    the forward loop again.
    """
    weights = [tf.cast(tf.convert_to_tensor(weight), inputs.dtype) for weight in cell.weights]
    compiled = loops_of(cell, kind)
    pieces = split(tf.shape(inputs)[0], parts)

    def forward(store: bool, inputs: Tensor, states: Tensors, weights: Tensors) -> list[Any]:
        loop = compiled.forward(reverse, sequences, store)
        return [loop(weights, *pieces(n, [inputs, mask, states, recurrent_mask])) for n in range(parts)]

    @tf.custom_gradient
    def call(inputs: Tensor, *tensors: Tensor) -> Any:
        states, weights = list(tensors[: len(given_states)]), list(tensors[len(given_states) :])
        results = forward(training, inputs, states, weights)

        def gradient(d_outputs: Tensor, *d_states: Tensor) -> Any:
            kept = results if training else forward(True, inputs, states, weights)
            loop = compiled.backward(reverse, sequences)
            slopes = [
                loop(
                    weights,
                    *pieces(n, [inputs, mask, recurrent_mask]),
                    kept[n][2],
                    *pieces(n, [d_outputs, list(d_states)]),
                )
                for n in range(parts)
            ]
            d_inputs, d_states_before = _joined([slope[:2] for slope in slopes])
            d_weights = [tf.add_n(list(pair)) for pair in zip(*[slope[2] for slope in slopes], strict=True)]
            return d_inputs, *d_states_before, *d_weights

        outputs, finals = _joined([result[:2] for result in results])
        return (outputs, *finals), gradient

    outputs, *finals = call(inputs, *given_states, *weights)
    return outputs, finals


def split(batch: Tensor, parts: int) -> Callable[[int, Any], Any]:
    """A function that gives the n-th part of a nest of tensors; None stays None."""
    borders = [batch * n // parts for n in range(parts + 1)]

    def piece(n: int, nest: Any) -> Any:
        if parts == 1:
            return nest
        return tf.nest.map_structure(lambda t: None if t is None else t[borders[n] : borders[n + 1]], nest)

    return piece


def _joined(parts: list[Any]) -> Any:
    return (
        parts[0] if len(parts) == 1 else tf.nest.map_structure(lambda *tensors: tf.concat(tensors, 0), *parts)
    )
