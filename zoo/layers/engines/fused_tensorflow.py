"""The compiled loops on TensorFlow: compiled by XLA, the batch split over the cores.

A step of a small recurrent network is too little work for two threads. So the batch is split in as many parts as there
are cores, each part runs its whole loop in one compiled call, and TensorFlow runs the calls of one graph side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import tensorflow as tf

from zoo.cells.base import Cell
from zoo.layers.engines import fused_tensorflow_loops as loops
from zoo.layers.engines.engine import Call
from zoo.layers.engines.recurrence import Recurrence, Tensors, standing_for, weights_of
from zoo.layers.engines.sharing import step_key
from zoo.runtime.cores import cores
from zoo.tensors import Inputs, Mask, RecurrentMask, Scalar, States, Tensor

#: Rows below which a part of the batch is not worth a core of its own.
ROWS_OF_A_PART = 4

Nest = TypeVar("Nest")
#: Outputs and final states.
Result: TypeAlias = tuple[Tensor, States]
#: `loop(weights, …)`: outputs or gradients of one part of the batch, see `fused_tensorflow_loops`.
CompiledLoop: TypeAlias = Callable[..., tuple[Tensor, Tensors, Tensors]]


@dataclass(frozen=True)
class Plan:
    """How a batch is run; all that decides which graph runs it.

    Attributes:
        recurrence_class: how to come by the gradients.
        reverse, sequences, training: see `Call`.
        parts: in how many parts the batch is split.
    """

    recurrence_class: type[Recurrence]
    reverse: bool
    sequences: bool
    training: bool
    parts: int


def run(recurrence_class: type[Recurrence], call: Call, recurrent_mask: RecurrentMask | None) -> Result:
    """See `zoo.layers.engines.compiled.RunLoops`."""
    parts = most_parts(call.concurrent)
    batch = call.inputs.shape[0]
    if batch is not None:
        parts = max(1, min(parts, batch // ROWS_OF_A_PART))
    plan = Plan(recurrence_class, call.reverse, call.sequences, call.training, parts)
    arguments = (call.inputs, call.mask, call.states, recurrent_mask, call.recurrent_kernel)
    return graph_of(call.cell, plan)(*arguments)


def most_parts(concurrent: int) -> int:
    """In how many parts a batch is split at most: the cores, shared among the calls that run at the same time."""
    if tf.config.list_logical_devices("GPU"):
        return 1
    return max(1, cores() // concurrent)


class Loops:
    """The compiled loops of all cells with one step, so that the next layer or model finds them compiled."""

    def __init__(self, recurrence: Recurrence) -> None:
        self.recurrence = recurrence
        self.compiled: dict[Hashable, CompiledLoop] = {}

    def forward(self, plan: Plan, store: bool) -> CompiledLoop:
        """The loop forward of one part; `store` keeps what the backward loop needs."""

        def forward(
            weights: Tensors,
            reverse: Scalar,
            inputs: Inputs,
            mask: Mask | None,
            states: States,
            recurrent_mask: RecurrentMask | None,
        ) -> tuple[Tensor, States, Tensors]:
            with standing_for(self.recurrence.cell.weights, weights):
                return loops.forward(
                    self.recurrence,
                    inputs,
                    mask,
                    states,
                    recurrent_mask,
                    reverse=reverse,
                    sequences=plan.sequences,
                    store=store,
                )

        return self._compiled(("forward", plan.sequences, store), forward)

    def backward(self, plan: Plan) -> CompiledLoop:
        """The loop backward of one part."""

        def backward(
            weights: Tensors,
            reverse: Scalar,
            inputs: Inputs,
            mask: Mask | None,
            recurrent_mask: RecurrentMask | None,
            stored: Tensors,
            d_outputs: Tensor,
            d_states: States,
        ) -> tuple[Inputs, States, Tensors]:
            with standing_for(self.recurrence.cell.weights, weights):
                return loops.backward(
                    self.recurrence,
                    inputs,
                    mask,
                    recurrent_mask,
                    stored,
                    d_outputs,
                    d_states,
                    reverse=reverse,
                    sequences=plan.sequences,
                )

        return self._compiled(("backward", plan.sequences), backward)

    def _compiled(self, key: Hashable, function: CompiledLoop) -> CompiledLoop:
        if key not in self.compiled:
            compiled = tf.function(function, jit_compile=True, autograph=False, reduce_retracing=True)
            self.compiled[key] = compiled
        return self.compiled[key]


_LOOPS: dict[Hashable, Loops] = {}
_MOST_LOOPS = 64


def loops_of(cell: Cell, recurrence_class: type[Recurrence]) -> Loops:
    """The loops of all cells whose steps are the same function as this one's."""
    key = (recurrence_class, step_key(cell))
    if key not in _LOOPS:
        if len(_LOOPS) >= _MOST_LOOPS:
            _LOOPS.clear()
        _LOOPS[key] = Loops(recurrence_class(cell, loops.vjp))
    return _LOOPS[key]


def graph_of(cell: Cell, plan: Plan) -> Callable[..., Result]:
    """`differentiable` as a graph, because only in a graph the parts run side by side.

    It reads the cell's weights, so it is the cell's own; it stands in `__dict__`, past Keras, which would track it.
    """
    graphs = cell.__dict__.setdefault("_fused_graphs", {})
    if plan not in graphs:

        def whole(
            inputs: Inputs,
            mask: Mask | None,
            states: States,
            recurrent_mask: RecurrentMask | None,
            recurrent_kernel: Tensor | None,
        ) -> Result:
            return differentiable(cell, plan, inputs, mask, states, recurrent_mask, recurrent_kernel)

        graphs[plan] = tf.function(whole, autograph=False, reduce_retracing=True)
    return graphs[plan]


def differentiable(
    cell: Cell,
    plan: Plan,
    inputs: Inputs,
    mask: Mask | None,
    states: States,
    recurrent_mask: RecurrentMask | None,
    recurrent_kernel: Tensor | None,
) -> Result:
    """All parts forward, with the gradient by `inputs`, `states` and the cell's weights, or what stands for one.

    Only in training the forward loop stores what the backward loop reads. A gradient that is asked for elsewhere runs
    the forward loop again.
    """
    weights = [
        tf.cast(tf.convert_to_tensor(weight), inputs.dtype) for weight in weights_of(cell, recurrent_kernel)
    ]
    reverse = tf.constant(plan.reverse)
    compiled = loops_of(cell, plan.recurrence_class)
    piece = split(tf.shape(inputs)[0], plan.parts)
    parts = range(plan.parts)

    def forward(store: bool, inputs: Inputs, states: States, weights: Tensors) -> list[tuple]:
        loop = compiled.forward(plan, store)
        return [loop(weights, reverse, *piece(n, [inputs, mask, states, recurrent_mask])) for n in parts]

    @tf.custom_gradient
    def call(inputs: Inputs, *tensors: Tensor) -> tuple[Tensors, Callable[..., Tensors]]:
        states_before, weights = list(tensors[: len(states)]), list(tensors[len(states) :])
        results = forward(plan.training, inputs, states_before, weights)

        def gradient(d_outputs: Tensor, *d_states: Tensor) -> Tensors:
            stored = results if plan.training else forward(True, inputs, states_before, weights)
            loop = compiled.backward(plan)
            gradients = [
                loop(
                    weights,
                    reverse,
                    *piece(n, [inputs, mask, recurrent_mask]),
                    stored[n][2],
                    *piece(n, [d_outputs, list(d_states)]),
                )
                for n in parts
            ]
            d_inputs, d_states_before = _joined([part[:2] for part in gradients])
            d_weights = [
                tf.add_n(list(of_parts)) for of_parts in zip(*[part[2] for part in gradients], strict=True)
            ]
            return [d_inputs, *d_states_before, *d_weights]

        outputs, final_states = _joined([result[:2] for result in results])
        return [outputs, *final_states], gradient

    outputs, *final_states = call(inputs, *states, *weights)
    return outputs, final_states


def split(batch: Tensor, parts: int) -> Callable[[int, Nest], Nest]:
    """A function that gives the n-th part of a nest of tensors; None stays None."""
    borders = [batch * n // parts for n in range(parts + 1)]

    def piece(n: int, nest: Nest) -> Nest:
        if parts == 1:
            return nest
        return tf.nest.map_structure(lambda t: None if t is None else t[borders[n] : borders[n + 1]], nest)

    return piece


def _joined(parts: list[Nest]) -> Nest:
    return (
        parts[0] if len(parts) == 1 else tf.nest.map_structure(lambda *tensors: tf.concat(tensors, 0), *parts)
    )
