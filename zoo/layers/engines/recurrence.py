"""How the compiled loops see a cell: a step forward, a step backward, and what is left to do after the loops.

There are two ways to the gradients. A cell that has a backward step of its own is run as it is written
(`ManualGradients`). Of any other cell with `project` and `step` the backend derives the step (`AutomaticGradients`):
the loop forward stores the states, the loop backward runs each step again. Either way the loop backward gives the
gradients by the states, step by step. The gradients by weights and inputs follow after the loop, for all steps of all
sequences at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TypeAlias

import keras

from zoo.cells.base import Cell
from zoo.tensors import Projected, RecurrentMask, Rows, States, StepOutputs, Tensor

Tensors: TypeAlias = list[Tensor]
#: `vjp(function, arguments, gradients)`: the gradients by each of the arguments, given the gradients by what the
#: function gives (vector-Jacobian product); zeros where it does not depend on one.
Vjp: TypeAlias = Callable[[Callable[..., Tensors], Tensors, Tensors], Tensors]


class Recurrence(ABC):
    """A cell in a compiled loop.

    Args:
        cell: with `project` and `step`.
        vjp: of the backend.
    """

    #: How many of the last tensors that `advance` stores are deferred: read after the loop backward, not inside.
    deferred: int

    def __init__(self, cell: Cell, vjp: Vjp) -> None:
        self.cell, self.vjp = cell, vjp

    @abstractmethod
    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None, /
    ) -> Tensors:
        """What the next turn of the loop starts from; see `Cell.products`."""

    @abstractmethod
    def advance(
        self, products: Tensors, states: States, recurrent_mask: RecurrentMask | None
    ) -> tuple[StepOutputs, States, Tensors]:
        """Output, states after the step, and what to store of it: the first takes the place of the projected inputs."""

    @abstractmethod
    def fixed(self) -> Tensors:
        """What `backward` needs at every step alike."""

    @abstractmethod
    def backward(
        self,
        stored: Tensors,
        d_output: StepOutputs,
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        fixed: Tensors,
        /,
    ) -> tuple[Tensor, States]:
        """One step backward.

        Args:
            stored: what `advance` stored of this step, but for what is deferred.
            d_output: gradient by the output of this step.
            d_states: gradients by the states after it.
            recurrent_mask: see `Cell.step`.
            fixed: what `fixed` gave.

        Returns:
            What `gradients` needs of this step, `(batch, size)`; gradients by the states before it.
        """

    @abstractmethod
    def gradients(
        self, inputs: Rows, backward: Rows, stored: Tensors, recurrent_mask: Rows | None
    ) -> tuple[Rows, Tensors]:
        """Gradients by the inputs and by `cell.weights`.

        Args:
            inputs: `(rows, features)`, all steps of all sequences.
            backward: what `backward` gave for each, zero where masked.
            stored: what `advance` stored of each.
            recurrent_mask: one for each, or None.
        """

    def _weights(self) -> Tensors:
        return [keras.ops.convert_to_tensor(weight.value) for weight in self.cell.weights]


class ManualGradients(Recurrence):
    """A cell with a backward step of its own."""

    deferred = 1

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None, /
    ) -> Tensors:
        """See `Cell.products`."""
        return self.cell.products(projected, states, recurrent_mask)

    def advance(
        self, products: Tensors, states: States, recurrent_mask: RecurrentMask | None
    ) -> tuple[StepOutputs, States, Tensors]:
        """See `Recurrence.advance`; the residuals and the first state before the step are stored."""
        after, residuals = self.cell.advance(products, states, recurrent_mask)
        return after[0], after, [*residuals, states[0]]

    def fixed(self) -> Tensors:
        """See `Cell.transposed_kernels`."""
        return self.cell.transposed_kernels()

    def backward(
        self,
        stored: Tensors,
        d_output: StepOutputs,
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        fixed: Tensors,
        /,
    ) -> tuple[Projected, States]:
        """See `Recurrence.backward` and `Cell.step_backward`."""
        d_states = [d_states[0] + d_output, *d_states[1:]]
        return self.cell.step_backward(stored, d_states, recurrent_mask, fixed)

    def gradients(
        self, inputs: Rows, backward: Rows, stored: Tensors, recurrent_mask: Rows | None
    ) -> tuple[Rows, Tensors]:
        """See `Recurrence.gradients`; `backward` are the gradients by the projected inputs."""
        d_inputs, *d_weights = self.vjp(_projection(self.cell), [inputs, *self._weights()], [backward])
        *residuals, state_before = stored
        if recurrent_mask is not None:
            state_before = state_before * recurrent_mask
        d_recurrent = self.cell.recurrent_gradients(backward, residuals, state_before)
        places = [id(weight) for weight in self.cell.weights]
        for weight, gradient in zip(self.cell.recurrent_weights(), d_recurrent, strict=True):
            place = places.index(id(weight))
            d_weights[place] = d_weights[place] + gradient
        return d_inputs, d_weights


class AutomaticGradients(Recurrence):
    """Any cell with `project` and `step`, if the step is the same function of its arguments whenever it runs."""

    deferred = 0

    def products(self, projected: Projected, _: States, __: RecurrentMask | None, /) -> Tensors:
        """The projected inputs: such a step is not split in two."""
        return [projected]

    def advance(
        self, products: Tensors, states: States, recurrent_mask: RecurrentMask | None
    ) -> tuple[StepOutputs, States, Tensors]:
        """See `Recurrence.advance`; the projected inputs and the states before the step are stored."""
        output, after = self.cell.step(products[0], states, recurrent_mask)
        return output, list(after), [products[0], *states]

    def fixed(self) -> Tensors:
        """Nothing."""
        return []

    def backward(
        self,
        stored: Tensors,
        d_output: StepOutputs,
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        _: Tensors,
        /,
    ) -> tuple[Tensor, States]:
        """See `Recurrence.backward`; `gradients` needs those by all that the step gave, side by side."""
        projected, *states = stored

        def step(*states: Tensor) -> Tensors:
            output, after = self.cell.step(projected, list(states), recurrent_mask)
            return [output, *after]

        gradients = [d_output, *d_states]
        return keras.ops.concatenate(gradients, axis=-1), self.vjp(step, states, gradients)

    def gradients(
        self, inputs: Rows, backward: Rows, stored: Tensors, recurrent_mask: Rows | None
    ) -> tuple[Rows, Tensors]:
        """See `Recurrence.gradients`."""
        states = stored[1:]

        def whole_step(inputs: Rows, *weights: Tensor) -> Tensors:
            with standing_for(self.cell.weights, weights):
                output, after = self.cell.step(self.cell.project(inputs), states, recurrent_mask)
            return [output, *after]

        sizes = [self.cell.output_size, *[keras.ops.shape(state)[-1] for state in states]]
        borders = [sum(sizes[:n]) for n in range(1, len(sizes))]
        by_result = list(keras.ops.split(backward, borders, axis=-1))
        d_inputs, *d_weights = self.vjp(whole_step, [inputs, *self._weights()], by_result)
        return d_inputs, d_weights


def _projection(cell: Cell) -> Callable[..., Tensors]:
    def project(inputs: Rows, *weights: Tensor) -> Tensors:
        with standing_for(cell.weights, weights):
            return [cell.project(inputs)]

    return project


def weights_of(cell: Cell, recurrent_kernel: Tensor | None) -> list[Tensor | keras.Variable]:
    """`cell.weights`, with this tensor, unless it is None, in the place of the recurrent kernel."""
    if recurrent_kernel is None:
        return list(cell.weights)
    return [recurrent_kernel if weight is cell.recurrent_kernel else weight for weight in cell.weights]


def standing_for(variables: Sequence[keras.Variable], tensors: Sequence[Tensor]) -> keras.StatelessScope:
    """Inside, Keras variables stand for these tensors."""
    pairs = list(zip(variables, tensors, strict=True))
    return keras.StatelessScope(state_mapping=pairs, initialize_variables=False)
