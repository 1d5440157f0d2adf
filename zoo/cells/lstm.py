"""Long short-term memory."""

from __future__ import annotations

from typing import ClassVar, Unpack

import keras

from zoo.cells.base import DERIVATIVES, Cell, CellArguments, masked_state, no_derivative
from zoo.cells.gate_bias import Initialize, side_by_side
from zoo.keras_types import Activation, Config, Initializer
from zoo.tensors import Projected, RecurrentMask, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class LSTMCell(Cell):
    r"""One step of long short-term memory (Hochreiter and Schmidhuber 1997; forget gate: Gers et al. 2000).

    $$i_t = \sigma(x_t W_i + h_{t-1} U_i + b_i) \qquad f_t = \sigma(x_t W_f + h_{t-1} U_f + b_f)$$
    $$g_t = \tanh(x_t W_g + h_{t-1} U_g + b_g) \qquad o_t = \sigma(x_t W_o + h_{t-1} U_o + b_o)$$
    $$c_t = f_t \odot c_{t-1} + i_t \odot g_t \qquad h_t = o_t \odot \tanh(c_t)$$

    Args:
        units: size of the states h and c and of the output.
        activation: of the candidate g and of the cell state on its way out.
        recurrent_activation: of the three gates.
        unit_forget_bias: start the forget gate's bias at 1: the cell remembers at first (Jozefowicz et al. 2015).
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, 4 * units)`, recurrent_kernel U `(units, 4 * units)`, bias b `(4 * units,)`; the gates
        stand side by side in the order i, f, g, o, as in Keras and torch.
    """

    gates = 4
    gate_order = "ifgo"
    gate_names: ClassVar = {
        "i": "input gate i",
        "f": "forget gate f",
        "g": "candidate g",
        "o": "output gate o",
    }
    state_names = ("h", "c")

    def __init__(
        self,
        units: int,
        *,
        activation: Activation | str = "tanh",
        recurrent_activation: Activation | str = "sigmoid",
        unit_forget_bias: bool = True,
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        super().__init__(units, **cell_arguments)
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """The states are h and c."""
        return [self.units, self.units]

    def build_bias_initializer(self) -> Initializer | Initialize:
        """Ones for the forget gate where `unit_forget_bias`, `bias_initializer` for the rest."""
        if not self.unit_forget_bias:
            return self.bias_initializer
        rest = self.bias_initializer
        return side_by_side(self.units, [rest, keras.initializers.Ones(), rest, rest])

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the states are h and c."""
        i, f, g, o = self.gate_values(projected, states, recurrent_mask).values()
        c = f * states[1] + i * g
        h = o * self.activation(c)
        return h, [h, c]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        (gates,) = self.products(projected, states, recurrent_mask)
        i, f, g, o = keras.ops.split(gates, 4, axis=-1)
        i, f, o = self.recurrent_activation(i), self.recurrent_activation(f), self.recurrent_activation(o)
        return {"i": i, "f": f, "g": self.activation(g), "o": o}

    def no_backward(self) -> str | None:
        """See `Cell.no_backward`."""
        return no_derivative(self.activation, self.recurrent_activation)

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`."""
        return [projected + keras.ops.matmul(masked_state(states[0], recurrent_mask), self.recurrent_kernel)]

    def advance(
        self, products: list[Tensor], states: States, _recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`; the residuals are the gates side by side, c before the step, and what o lets out of c."""
        gates = self._activated(products[0])
        i, f, g, o = keras.ops.split(gates, 4, axis=-1)
        c_before = states[1]
        c = f * c_before + i * g
        c_activated = self.activation(c)
        return [o * c_activated, c], [gates, c_before, c_activated]

    def _activated(self, gates: Tensor) -> Tensor:
        """The gates `(batch, 4 * units)`, activated where they stand.

        All in one where they are the textbook's: $\\sigma(x) = (1 + \\tanh(x / 2)) / 2$.
        """
        if (self.activation, self.recurrent_activation) == (
            keras.activations.tanh,
            keras.activations.sigmoid,
        ):
            half = keras.ops.convert_to_tensor([0.5, 0.5, 1.0, 0.5], gates.dtype)
            half = keras.ops.repeat(half, self.units)
            return half * keras.ops.tanh(half * gates) + (1 - half)
        i, f, g, o = keras.ops.split(gates, 4, axis=-1)
        i, f, o = self.recurrent_activation(i), self.recurrent_activation(f), self.recurrent_activation(o)
        return keras.ops.concatenate([i, f, self.activation(g), o], axis=-1)

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        derivative, gate_derivative = DERIVATIVES[self.activation], DERIVATIVES[self.recurrent_activation]
        gates, c_before, c_activated = residuals
        i, f, g, o = keras.ops.split(gates, 4, axis=-1)
        d_h, d_c = d_states
        d_c = d_c + d_h * o * derivative(c_activated)
        d_i, d_f = d_c * g * gate_derivative(i), d_c * c_before * gate_derivative(f)
        d_g, d_o = d_c * i * derivative(g), d_h * c_activated * gate_derivative(o)
        d_projected = keras.ops.concatenate([d_i, d_f, d_g, d_o], axis=-1)
        return d_projected, [
            masked_state(keras.ops.matmul(d_projected, transposed[0]), recurrent_mask),
            d_c * f,
        ]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


CELL = LSTMCell
YEAR = 1997
