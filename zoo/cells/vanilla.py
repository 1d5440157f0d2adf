"""The vanilla recurrent cell."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.cells.base import DERIVATIVES, Cell, CellArguments, masked_state, no_derivative
from zoo.keras_types import Activation, Config
from zoo.tensors import Projected, RecurrentMask, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class VanillaCell(Cell):
    r"""One step of a vanilla recurrent network (Elman 1990, "Finding structure in time").

    $$h_t = \tanh(x_t W + h_{t-1} U + b)$$

    Args:
        units: size of the state and of the output.
        activation: `tanh` as in the equation, `relu` (torch: `nonlinearity`), or any Keras activation.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, units)`, recurrent_kernel U `(units, units)`, bias b `(units,)`.
    """

    gates = 1
    gate_order: str | None = "h"

    def __init__(
        self, units: int, *, activation: Activation | str = "tanh", **cell_arguments: Unpack[CellArguments]
    ) -> None:
        super().__init__(units, **cell_arguments)
        self.activation = keras.activations.get(activation)

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the only state is h."""
        h = self.activation(self.products(projected, states, recurrent_mask)[0])
        return h, [h]

    def no_backward(self) -> str | None:
        """See `Cell.no_backward`."""
        return no_derivative(self.activation)

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`."""
        return [projected + keras.ops.matmul(masked_state(states[0], recurrent_mask), self.recurrent_kernel)]

    def advance(
        self, products: list[Tensor], _states: States, _recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`; the residual is the derivative of h by its pre-activation."""
        h = self.activation(products[0])
        return [h], [DERIVATIVES[self.activation](h)]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        d_projected = d_states[0] * residuals[0]
        return d_projected, [masked_state(keras.ops.matmul(d_projected, transposed[0]), recurrent_mask)]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {**super().get_config(), "activation": keras.activations.serialize(self.activation)}


CELL = VanillaCell
YEAR = 1990
