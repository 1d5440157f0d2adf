"""How the compiled loops see a cell: a step forward, a step backward, and what is left to do after the loops.

There are two ways to come by the derivatives. A cell that knows them is run as it is written (`Written`). From any
other cell with `project` and `step` the backend derives them, step by step (`Derived`): the loop forward stores the
states, the loop backward runs each step again. Either way the loops find the derivatives that are passed from step to
step, and those by weights and inputs follow after them, for all steps of all sequences at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Tensor = Any
Tensors = list[Any]
#: `vjp(function, arguments, slopes)`: the derivatives by each of a list of arguments, given those by what the function
#: of them gives; zeros where it does not depend on one.
Vjp = Callable[[Callable[..., Any], Tensors, Tensors], Tensors]


class Written:
    """A cell with a backward step of its own."""

    #: So many of the last stored tensors are read after the loops only.
    later = 1

    def __init__(self, cell: Any, vjp: Vjp):
        self.cell, self.vjp = cell, vjp

    def products(self, projected: Tensor, states: Tensors, recurrent_mask: Tensor | None) -> Tensors:
        """What the next turn of the loop starts from; see `Cell.products`."""
        return self.cell.products(projected, states, recurrent_mask)

    def advance(
        self, products: Tensors, states: Tensors, recurrent_mask: Tensor | None
    ) -> tuple[Tensor, Tensors, Tensors]:
        """Output, states after the step, and what to store of it: the first takes the place of the projected inputs."""
        after, residuals = self.cell.advance(products, states, recurrent_mask)
        return after[0], after, [*residuals, states[0]]

    def fixed(self) -> Tensors:
        """What `backward` needs at every step alike."""
        return self.cell.transposed_kernels()

    def backward(
        self,
        stored: Tensors,
        d_output: Tensor,
        d_states: Tensors,
        recurrent_mask: Tensor | None,
        fixed: Tensors,
    ) -> tuple[Tensor, Tensors]:
        """One step: what `gradients` needs of it, and the derivatives by the states before it."""
        d_states = [d_states[0] + d_output, *d_states[1:]]
        return self.cell.step_backward(stored, d_states, recurrent_mask, fixed)

    def gradients(
        self, inputs: Tensor, found: Tensor, stored: Tensors, recurrent_mask: Tensor | None
    ) -> tuple[Tensor, Tensors]:
        """Derivatives by the inputs and by `cell.weights`.

        Args:
            inputs: `(steps, features)`, all steps of all sequences in rows.
            found: what `backward` gave for each, zero where masked.
            stored: what `advance` stored of each.
            recurrent_mask: one for each, or None.
        """
        weights = [keras.ops.convert_to_tensor(weight.value) for weight in self.cell.weights]
        d_inputs, *d_weights = self.vjp(_projection(self.cell), [inputs, *weights], [found])
        *residuals, seen = stored
        if recurrent_mask is not None:
            seen = seen * recurrent_mask
        d_recurrent = self.cell.recurrent_gradients(found, residuals, seen)
        places = [id(weight) for weight in self.cell.weights]
        for weight, slope in zip(self.cell.recurrent_weights(), d_recurrent, strict=True):
            place = places.index(id(weight))
            d_weights[place] = d_weights[place] + slope
        return d_inputs, d_weights


class Derived:
    """Any cell with `project` and `step`, if the step is the same function of its arguments whenever it runs."""

    later = 0

    def __init__(self, cell: Any, vjp: Vjp):
        self.cell, self.vjp = cell, vjp

    def products(self, projected: Tensor, states: Tensors, recurrent_mask: Tensor | None) -> Tensors:
        """See `Written.products`."""
        return [projected]

    def advance(
        self, products: Tensors, states: Tensors, recurrent_mask: Tensor | None
    ) -> tuple[Tensor, Tensors, Tensors]:
        """See `Written.advance`; the projected inputs and the states before the step are stored."""
        output, after = self.cell.step(products[0], states, recurrent_mask)
        return output, list(after), [products[0], *states]

    def fixed(self) -> Tensors:
        """See `Written.fixed`."""
        return []

    def backward(
        self,
        stored: Tensors,
        d_output: Tensor,
        d_states: Tensors,
        recurrent_mask: Tensor | None,
        fixed: Tensors,
    ) -> tuple[Tensor, Tensors]:
        """See `Written.backward`; what is found is the derivatives by all that the step gave, side by side."""
        projected, *states = stored

        def step(*states: Tensor) -> Tensors:
            output, after = self.cell.step(projected, list(states), recurrent_mask)
            return [output, *after]

        slopes = [d_output, *d_states]
        return keras.ops.concatenate(slopes, axis=-1), self.vjp(step, states, slopes)

    def gradients(
        self, inputs: Tensor, found: Tensor, stored: Tensors, recurrent_mask: Tensor | None
    ) -> tuple[Tensor, Tensors]:
        """See `Written.gradients`."""
        states = stored[1:]
        sizes = [self.cell.output_size, *[state.shape[-1] for state in states]]
        borders = [sum(sizes[:n]) for n in range(1, len(sizes))]
        weights = [keras.ops.convert_to_tensor(weight.value) for weight in self.cell.weights]

        def whole_step(inputs: Tensor, *weights: Tensor) -> Tensors:
            with standing_for(self.cell.weights, list(weights)):
                output, after = self.cell.step(self.cell.project(inputs), states, recurrent_mask)
            return [output, *after]

        d_inputs, *d_weights = self.vjp(
            whole_step, [inputs, *weights], list(keras.ops.split(found, borders, axis=-1))
        )
        return d_inputs, d_weights


def _projection(cell: Any) -> Callable[..., Tensors]:
    def project(inputs: Tensor, *weights: Tensor) -> Tensors:
        with standing_for(cell.weights, list(weights)):
            return [cell.project(inputs)]

    return project


def standing_for(variables: list[Any], tensors: Tensors) -> keras.StatelessScope:
    """Inside, Keras variables stand for these tensors."""
    pairs = list(zip(variables, tensors, strict=True))
    return keras.StatelessScope(state_mapping=pairs, initialize_variables=False)
