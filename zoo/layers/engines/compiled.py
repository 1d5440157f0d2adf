"""What the engines with compiled loops share: dropout, masks, the choice of the backend's loops, and whom they take."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from dataclasses import replace
from typing import Protocol

import keras

from zoo import portable
from zoo.cells.base import Cell
from zoo.layers.engines import loop
from zoo.layers.engines.engine import Call, Engine
from zoo.layers.engines.recurrence import Recurrence
from zoo.tensors import Inputs, RecurrentMask, States, Tensor

#: The module that holds the loops, for each backend of Keras.
BACKENDS = {
    "tensorflow": "zoo.layers.engines.fused_tensorflow",
    "jax": "zoo.layers.engines.fused_jax",
}
#: Below this `auto` takes another engine on TensorFlow.
FEWEST_UNITS = 16


class RunLoops(Protocol):
    """`run` of a backend's module."""

    def __call__(
        self, recurrence_class: type[Recurrence], call: Call, recurrent_mask: RecurrentMask | None
    ) -> tuple[Tensor, States]:
        """Run the cell of a call whose inputs have their dropout already.

        Args:
            recurrence_class: how to come by the gradients.
            call: see there; with `training` the loop forward stores what the gradients need.
            recurrent_mask: `(batch, units)`, or None.

        Returns:
            Outputs `(batch, time, units)`, anything where masked, or for `sequences=False` the first of the final
            states; and the final states.
        """


class Compiled(Engine):
    """An engine with compiled loops; a subclass says how it comes by the gradients."""

    @property
    @abstractmethod
    def recurrence_class(self) -> type[Recurrence]:
        """How the loops come by the gradients."""

    def unsupported_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """A cell must be `project` and `step` in a row, and the backend must have loops."""
        if keras.backend.backend() not in BACKENDS:
            return f"there are no loops for Keras' {keras.backend.backend()} backend"
        if not isinstance(cell, Cell) or type(cell).step is Cell.step:
            return "it has no project and step"
        if type(cell).call is not Cell.call:
            return "it has a call of its own beside project and step"
        if any(cell.zoneout_rates):
            return "its zoneout draws other numbers at each step"
        if not all(isinstance(size, int) for size in cell.state_size):
            return "a state of it is no vector"
        return None

    def discouraged_reason(self, cell: keras.layers.Layer, /) -> str | None:
        """Compiling takes about two seconds for each kind of layer; a very small cell never gives them back.

        JAX compiles whatever it runs.
        """
        if keras.backend.backend() == "jax" or cell.units >= FEWEST_UNITS:
            return None
        return f"{cell.units} units do not repay the compilation"

    def run(self, call: Call, /) -> tuple[Tensor, States]:
        """See `Engine.run`."""
        if portable.wanted() or any(len(state.shape) != 2 for state in keras.tree.flatten(call.states)):
            return loop.ENGINE.run(call)
        call, recurrent_mask = _with_dropout(call)
        run_loops: RunLoops = importlib.import_module(BACKENDS[keras.backend.backend()]).run
        outputs, final_states = run_loops(self.recurrence_class, call, recurrent_mask)
        if call.mask is None:
            return outputs, final_states
        present = call.mask[..., None] if call.sequences else keras.ops.any(call.mask, axis=1)[:, None]
        return keras.ops.where(present, outputs, keras.ops.zeros_like(outputs)), final_states


def _with_dropout(call: Call) -> tuple[Call, RecurrentMask | None]:
    """The call with the dropout of a whole sequence on its inputs, and the mask of the recurrent dropout or None.

    Masks are drawn as `keras.layers.RNN` draws them, so that every engine drops the same numbers from the same seed.
    """
    cell = call.cell
    inputs: Inputs = keras.ops.cast(call.inputs, cell.compute_dtype)
    states: States = [keras.ops.cast(state, cell.compute_dtype) for state in call.states]
    input_mask = cell.get_dropout_mask(inputs[:, 0])
    recurrent_mask = cell.get_recurrent_dropout_mask(states[0])
    cell.reset_masks()
    if call.training and input_mask is not None:
        inputs = inputs * input_mask[:, None]
    return replace(call, inputs=inputs, states=states), recurrent_mask if call.training else None
