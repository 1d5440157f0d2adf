"""What the reference cells have in common: names, shapes and random weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import numpy as np

Array = np.ndarray
Weights: TypeAlias = Mapping[str, Array]
States: TypeAlias = tuple[Array, ...]
#: What a step keeps for its backward step.
Saved: TypeAlias = tuple[Array, ...]


class Cell(Protocol):
    """One step of recurrence, forward and backward. It knows nothing of time, masks, direction or stacking.

    The output of a step is its first state, h; of a cell whose output is no state, it stands before the states in what
    `step` gives and `step_backward` is given. A cell holds options and no weights: those are passed to each
    call as a dictionary with the keys `kernel`, `recurrent_kernel` and `bias`, in the layout of Keras. A cell
    without bias has no `bias` there.
    """

    @property
    def state_names(self) -> tuple[str, ...]:
        """What the states are called, in their order."""
        ...

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        ...

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """One step forward.

        Args:
            weights: as above.
            inputs: x of this step, `(batch, features)`.
            states: the states before the step, each `(batch, units)`.

        Returns:
            The states after the step, the first of which is the output, and the values that `step_backward`
            needs.
        """
        ...

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """One step backward: the chain rule, by hand.

        `d_y` stands for the gradient of the loss with respect to y, and has the shape of y.

        Args:
            weights: as in `step`.
            saved: what `step` returned beside the states.
            d_states: the gradient with respect to each state after the step.

        Returns:
            The gradient with respect to the inputs of the step, to each state before it, and to each weight, `bias`
            among them also where the model has none: the caller leaves it out.
        """
        ...


def random_weights(
    cell: Cell, features: int, units: int, rng: np.random.Generator, *, use_bias: bool = True
) -> dict[str, Array]:
    """Normal weights with standard deviation 1/sqrt(units), biases included, in float64.

    Biases are not zero because a check with a zero bias cannot see a bias that is added in the wrong place.

    Args:
        cell: whose weights.
        features: size of one input.
        units: size of one state.
        rng: where the numbers come from.
        use_bias: without it there is no `bias` among the weights.
    """
    shapes = cell.weight_shapes(features, units)
    if not use_bias:
        del shapes["bias"]
    return {name: rng.normal(0.0, units**-0.5, shape) for name, shape in shapes.items()}
