"""The minimal gated unit."""

from __future__ import annotations

from typing import ClassVar, Unpack

import keras

from zoo.cells.base import DERIVATIVES, Cell, CellArguments, masked_state, no_derivative
from zoo.keras_types import Activation, Config
from zoo.tensors import Projected, RecurrentMask, Rows, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class MGUCell(Cell):
    r"""One step of a minimal gated unit (Zhou et al. 2016, arXiv:1603.09420): a GRU with one gate for both of its own.

    $$f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)$$
    $$\tilde h_t = \tanh(x_t W_h + (f_t \odot h_{t-1}) U_h + b_h)$$
    $$h_t = (1 - f_t) \odot h_{t-1} + f_t \odot \tilde h_t$$

    Args:
        units: size of the state and of the output.
        activation: of the candidate.
        recurrent_activation: of the gate.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, 2 * units)`, recurrent_kernel U `(units, 2 * units)`, bias b `(2 * units,)`; the gate and
        the candidate stand side by side in the order f, h.
    """

    gates = 2
    gate_order = "fh"
    writing_gates = "f"
    gate_names: ClassVar = {"f": "forget gate f (0 keeps)", "h": "candidate h"}

    def __init__(
        self,
        units: int,
        *,
        activation: Activation | str = "tanh",
        recurrent_activation: Activation | str = "sigmoid",
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        super().__init__(units, **cell_arguments)
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the only state is h."""
        (h,) = states
        f, candidate = self.gate_values(projected, states, recurrent_mask).values()
        h = (1 - f) * h + f * candidate
        return h, [h]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        products = self.products(projected, states, recurrent_mask)
        f, candidate = self._gate_and_candidate(products, masked_state(states[0], recurrent_mask))
        return {"f": f, "h": candidate}

    def _gate_and_candidate(self, products: list[Tensor], h: Tensor) -> tuple[Tensor, Tensor]:
        f = self.recurrent_activation(products[0])
        kernel = self.recurrent_kernel[:, self.units :]
        return f, self.activation(products[1] + keras.ops.matmul(f * h, kernel))

    def no_backward(self) -> str | None:
        """See `Cell.no_backward`."""
        return no_derivative(self.activation, self.recurrent_activation)

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`: of the gate, and the input's part of the candidate, whose product waits for the gate."""
        h, kernel = masked_state(states[0], recurrent_mask), self.recurrent_kernel[:, : self.units]
        return [projected[:, : self.units] + keras.ops.matmul(h, kernel), projected[:, self.units :]]

    def advance(
        self, products: list[Tensor], states: States, recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`.

        The residuals: f and the candidate side by side, the candidate without h before the step, and the state as the
        product saw it.
        """
        (h_before,) = states
        seen = masked_state(h_before, recurrent_mask)
        f, candidate = self._gate_and_candidate(products, seen)
        difference = candidate - h_before
        return [h_before + f * difference], [
            keras.ops.concatenate([f, candidate], axis=-1),
            difference,
            seen,
        ]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        derivative, gate_derivative = DERIVATIVES[self.activation], DERIVATIVES[self.recurrent_activation]
        both, difference, seen = residuals
        f, candidate = keras.ops.split(both, 2, axis=-1)
        (d_h,) = d_states
        d_candidate = d_h * f * derivative(candidate)
        d_gated = keras.ops.matmul(d_candidate, transposed[1])
        d_f = (d_h * difference + d_gated * seen) * gate_derivative(f)
        d_seen = d_gated * f + keras.ops.matmul(d_f, transposed[0])
        d_projected = keras.ops.concatenate([d_f, d_candidate], axis=-1)
        return d_projected, [d_h * (1 - f) + masked_state(d_seen, recurrent_mask)]

    def transposed_kernels(self) -> list[Tensor]:
        """See `Cell.transposed_kernels`."""
        kernel = keras.ops.transpose(self.recurrent_kernel)
        return [kernel[: self.units], kernel[self.units :]]

    def recurrent_gradients(
        self, d_projected: Rows, residuals: list[Rows], state_before: Rows, /
    ) -> list[Tensor]:
        """See `Cell.recurrent_gradients`."""
        f = residuals[0][:, : self.units]
        by_gate = keras.ops.matmul(keras.ops.transpose(state_before), d_projected[:, : self.units])
        by_candidate = keras.ops.matmul(keras.ops.transpose(f * state_before), d_projected[:, self.units :])
        return [keras.ops.concatenate([by_gate, by_candidate], axis=-1)]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
        }


CELL = MGUCell
