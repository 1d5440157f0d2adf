"""Long short-term memory."""

from __future__ import annotations

from typing import Any

import keras

from zoo.cells.base import DERIVATIVES, Cell, States, Tensor, masked_state, no_derivative


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

    def __init__(
        self,
        units: int,
        *,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        unit_forget_bias: bool = True,
        **cell_arguments: Any,
    ):
        super().__init__(units, **cell_arguments)
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """The states are h and c."""
        return [self.units, self.units]

    def build_bias_initializer(self) -> Any:
        """Ones for the forget gate where `unit_forget_bias`, `bias_initializer` for the rest."""
        if not self.unit_forget_bias:
            return self.bias_initializer

        def forget_gate_open(_: Any, *args: Any, **kwargs: Any) -> Tensor:
            rest = self.bias_initializer
            return keras.ops.concatenate(
                [
                    rest((self.units,), *args, **kwargs),
                    keras.initializers.Ones()((self.units,), *args, **kwargs),
                    rest((2 * self.units,), *args, **kwargs),
                ]
            )

        return forget_gate_open

    def step(
        self, projected: Tensor, states: States, recurrent_mask: Tensor | None = None
    ) -> tuple[Tensor, States]:
        """See `Cell.step`; the states are h and c."""
        h, c = states
        gates = projected + keras.ops.matmul(masked_state(h, recurrent_mask), self.recurrent_kernel)
        i, f, g, o = keras.ops.split(gates, 4, axis=-1)
        i, f, o = self.recurrent_activation(i), self.recurrent_activation(f), self.recurrent_activation(o)
        c = f * c + i * self.activation(g)
        h = o * self.activation(c)
        return h, [h, c]

    def no_backward(self) -> str | None:
        """See `Cell.no_backward`."""
        return no_derivative(self.activation, self.recurrent_activation)

    def products(
        self, projected: Tensor, states: States, recurrent_mask: Tensor | None = None
    ) -> list[Tensor]:
        """See `Cell.products`."""
        return [projected + keras.ops.matmul(masked_state(states[0], recurrent_mask), self.recurrent_kernel)]

    def advance(
        self, products: list[Tensor], states: States, recurrent_mask: Tensor | None = None
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`.

        The residuals: derivatives of c by the pre-activations of i, f and g and of h by that of o, side by side;
        derivative of c by the c before, which is f; derivative of h by c.
        """
        derivative, gate_derivative = DERIVATIVES[self.activation], DERIVATIVES[self.recurrent_activation]
        i, f, g, o = keras.ops.split(products[0], 4, axis=-1)
        i, f, o = self.recurrent_activation(i), self.recurrent_activation(f), self.recurrent_activation(o)
        g, c_before = self.activation(g), states[1]
        c = f * c_before + i * g
        seen = self.activation(c)
        gains = [
            g * gate_derivative(i),
            c_before * gate_derivative(f),
            i * derivative(g),
            seen * gate_derivative(o),
        ]
        return [o * seen, c], [keras.ops.concatenate(gains, axis=-1), f, o * derivative(seen)]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: Tensor | None,
        transposed: list[Tensor],
    ) -> tuple[Tensor, States]:
        """See `Cell.step_backward`."""
        gains, f, h_by_c = residuals
        d_h, d_c = d_states
        d_c = d_c + d_h * h_by_c
        by_i, by_f, by_g, by_o = keras.ops.split(gains, 4, axis=-1)
        d_projected = keras.ops.concatenate([d_c * by_i, d_c * by_f, d_c * by_g, d_h * by_o], axis=-1)
        return d_projected, [
            masked_state(keras.ops.matmul(d_projected, transposed[0]), recurrent_mask),
            d_c * f,
        ]

    def get_config(self) -> dict[str, Any]:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


CELL = LSTMCell
