"""The gated recurrent unit, in both its conventions."""

from __future__ import annotations

from typing import ClassVar, Unpack

import keras

from zoo.cells.base import DERIVATIVES, Cell, CellArguments, masked_state, no_derivative
from zoo.cells.gate_bias import Initialize, memory_spans, refuse_spans
from zoo.cells.normalisation import normalised
from zoo.cells.zoneout import refuse_rates
from zoo.keras_types import Activation, Config, Initializer
from zoo.tensors import Projected, RecurrentMask, Rows, Shape, State, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class GRUCell(Cell):
    r"""One step of a gated recurrent unit (Cho et al. 2014).

    $$z_t = \sigma(x_t W_z + h_{t-1} U_z + b_z) \qquad r_t = \sigma(x_t W_r + h_{t-1} U_r + b_r)$$

    The candidate, with the reset gate before the recurrent product (`reset_after=False`: Cho et al. as published,
    and most lecture notes) or after it (`reset_after=True`: torch, cuDNN and the default of Keras):

    $$\tilde h_t = \tanh(x_t W_h + (r_t \odot h_{t-1}) U_h + b_h)$$
    $$\tilde h_t = \tanh(x_t W_h + b_h + r_t \odot (h_{t-1} U_h + b'_h))$$

    $$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$

    Some texts let z stand for 1 - z; the two are the same model with the sign of z's weights turned.

    Args:
        units: size of the state and of the output.
        activation: of the candidate.
        recurrent_activation: of the two gates.
        reset_after: the convention, as above.
        chrono: start the bias of the update gate for memories of up to so many steps (Tallec and Ollivier 2018); None:
            do not. See `zoo.cells.gate_bias.memory_spans`.
        layer_norm: every product is normalised and scaled before its bias is added: those of the two gates together,
            that of the candidate by itself, each of the inputs and of the state apart (Ba et al. 2016, supplementary
            material, where the reset gate comes after the product). See docs/equations.md.
        zoneout_h: the rate at which h stays as it was; see `zoo.cells.zoneout.zoned_out`.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, 3 * units)`, recurrent_kernel U `(units, 3 * units)`; the gates stand side by side in the
        order z, r, h, as in Keras (torch: r, z, h). bias `(3 * units,)` for `reset_after=False`; `(2, 3 * units)` for
        `reset_after=True`: the first row is added to the input product, the second to the recurrent one. With
        layer_norm, kernel_scale and recurrent_scale `(3 * units,)`.

    Raises:
        ValueError: if a rate is outside [0, 1), `chrono` is below 2, or asked for without a bias.
    """

    gates = 3
    gate_order = "zrh"
    keeping_gates = "z"
    gate_names: ClassVar = {"z": "update gate z (1 keeps)", "r": "reset gate r", "h": "candidate n"}

    def __init__(
        self,
        units: int,
        *,
        activation: Activation | str = "tanh",
        recurrent_activation: Activation | str = "sigmoid",
        reset_after: bool = True,
        chrono: int | None = None,
        layer_norm: bool = False,
        zoneout_h: float = 0.0,
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        super().__init__(units, **cell_arguments)
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.reset_after = reset_after
        self.chrono = chrono
        self.layer_norm = layer_norm
        self.zoneout_h = zoneout_h
        refuse_spans(chrono, self.use_bias)
        refuse_rates(zoneout_h=zoneout_h)

    @property
    def zoneout_rates(self) -> tuple[float, ...]:
        """See `Cell.zoneout_rates`."""
        return (self.zoneout_h,)

    def bias_shape(self) -> tuple[int, ...]:
        """`(2, 3 * units)` where the reset comes after the product, else `(3 * units,)`."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def build(self, input_shape: Shape) -> None:
        """Create the weights, and with layer_norm the scales."""
        super().build(input_shape)
        if self.layer_norm:
            wide = (3 * self.units,)
            self.kernel_scale = self.add_weight(shape=wide, name="kernel_scale", initializer="ones")
            self.recurrent_scale = self.add_weight(shape=wide, name="recurrent_scale", initializer="ones")

    def build_bias_initializer(self) -> Initializer | Initialize:
        """Spans of memory for the update gate with `chrono`, in the row of the inputs; the rest as it is."""
        rest = self.bias_initializer
        if self.chrono is None:
            return rest
        spans = memory_spans(self, self.chrono)
        if not self.reset_after:
            return spans

        def two_rows(_: Shape, *args: object, **kwargs: object) -> Tensor:
            shape = (3 * self.units,)
            return keras.ops.stack([spans(shape, *args, **kwargs), rest(shape, *args, **kwargs)])

        return two_rows

    def project(self, inputs: Tensor) -> Projected:
        """See `Cell.project`; of two rows of bias the first belongs to the inputs."""
        projected = keras.ops.matmul(inputs, self.kernel)
        if self.layer_norm:
            projected = self._normalised(projected) * self.kernel_scale
        if self.bias is None:
            return projected
        return projected + (self.bias[0] if self.reset_after else self.bias)

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the only state is h."""
        (h,) = states
        z, _, candidate = self.gate_values(projected, states, recurrent_mask).values()
        h = z * h + (1 - z) * candidate
        return h, [h]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        h = masked_state(states[0], recurrent_mask)
        gates = self._reset_after_product if self.reset_after else self._reset_before_product
        z, r, candidate = gates(projected, h)
        return {"z": z, "r": r, "h": candidate}

    def _reset_after_product(self, projected: Projected, h: State) -> tuple[Tensor, Tensor, Tensor]:
        recurrent = keras.ops.matmul(h, self.recurrent_kernel)
        if self.layer_norm:
            recurrent = self._normalised(recurrent) * self.recurrent_scale
        if self.bias is not None:
            recurrent = recurrent + self.bias[1]
        x_z, x_r, x_h = keras.ops.split(projected, 3, axis=-1)
        h_z, h_r, h_h = keras.ops.split(recurrent, 3, axis=-1)
        z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        return z, r, self.activation(x_h + r * h_h)

    def _reset_before_product(self, projected: Projected, h: State) -> tuple[Tensor, Tensor, Tensor]:
        gates = 2 * self.units
        x_z, x_r, x_h = keras.ops.split(projected, 3, axis=-1)
        recurrent = keras.ops.matmul(h, self.recurrent_kernel[:, :gates])
        if self.layer_norm:
            recurrent = normalised(recurrent) * self.recurrent_scale[:gates]
        h_z, h_r = keras.ops.split(recurrent, 2, axis=-1)
        z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        h_h = keras.ops.matmul(r * h, self.recurrent_kernel[:, gates:])
        if self.layer_norm:
            h_h = normalised(h_h) * self.recurrent_scale[gates:]
        return z, r, self.activation(x_h + h_h)

    def _normalised(self, product: Tensor) -> Tensor:
        """The columns of z and r normalised together, those of the candidate by themselves."""
        gates, candidate = keras.ops.split(product, [2 * self.units], axis=-1)
        return keras.ops.concatenate([normalised(gates), normalised(candidate)], axis=-1)

    def no_backward(self) -> str | None:
        """See `Cell.no_backward`."""
        if self.layer_norm:
            return "its layer normalisation has no backward step of its own"
        return no_derivative(self.activation, self.recurrent_activation)

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`: of z and r side by side, the input's part of the candidate, and the state's part of it.

        With the reset before the product the state's part has to wait for r, and there are two tensors.
        """
        h, gates = masked_state(states[0], recurrent_mask), 2 * self.units
        if not self.reset_after:
            recurrent = keras.ops.matmul(h, self.recurrent_kernel[:, :gates])
            return [projected[:, :gates] + recurrent, projected[:, gates:]]
        recurrent = keras.ops.matmul(h, self.recurrent_kernel)
        if self.bias is not None:
            recurrent = recurrent + self.bias[1]
        return [projected[:, :gates] + recurrent[:, :gates], projected[:, gates:], recurrent[:, gates:]]

    def advance(
        self, products: list[Tensor], states: States, recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`.

        The residuals: z, r and the candidate side by side; h before the step without the candidate; and, with the reset
        after the product, the state's part of the candidate, else the state as the product saw it.
        """
        (h_before,) = states
        gates = self.recurrent_activation(products[0])
        z, r = keras.ops.split(gates, 2, axis=-1)
        if self.reset_after:
            recurrent = products[2]
            candidate = self.activation(products[1] + r * recurrent)
        else:
            recurrent = masked_state(h_before, recurrent_mask)
            kernel = self.recurrent_kernel[:, 2 * self.units :]
            candidate = self.activation(products[1] + keras.ops.matmul(r * recurrent, kernel))
        difference = h_before - candidate
        h = candidate + z * difference
        return [h], [keras.ops.concatenate([gates, candidate], axis=-1), difference, recurrent]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        derivative, gate_derivative = DERIVATIVES[self.activation], DERIVATIVES[self.recurrent_activation]
        gates, difference, recurrent = residuals
        z, r, candidate = keras.ops.split(gates, 3, axis=-1)
        (d_h,) = d_states
        d_z = d_h * difference * gate_derivative(z)
        d_candidate = d_h * (1 - z) * derivative(candidate)
        if self.reset_after:
            d_r = d_candidate * recurrent * gate_derivative(r)
            d_recurrent = keras.ops.concatenate([d_z, d_r, d_candidate * r], axis=-1)
            d_masked = keras.ops.matmul(d_recurrent, transposed[0])
        else:
            d_reset = keras.ops.matmul(d_candidate, transposed[1])
            d_r = d_reset * recurrent * gate_derivative(r)
            d_masked = d_reset * r + keras.ops.matmul(
                keras.ops.concatenate([d_z, d_r], axis=-1), transposed[0]
            )
        d_projected = keras.ops.concatenate([d_z, d_r, d_candidate], axis=-1)
        return d_projected, [d_h * z + masked_state(d_masked, recurrent_mask)]

    def recurrent_weights(self) -> list[keras.Variable]:
        """See `Cell.recurrent_weights`; with the reset after the product, the second row of the bias is among them."""
        return (
            [self.recurrent_kernel, self.bias]
            if self.reset_after and self.use_bias
            else [self.recurrent_kernel]
        )

    def transposed_kernels(self) -> list[Tensor]:
        """See `Cell.transposed_kernels`."""
        kernel, gates = keras.ops.transpose(self.recurrent_kernel), 2 * self.units
        return [kernel] if self.reset_after else [kernel[:gates], kernel[gates:]]

    def recurrent_gradients(
        self, d_projected: Rows, residuals: list[Rows], state_before: Rows, /
    ) -> list[Tensor]:
        """See `Cell.recurrent_gradients`."""
        gates = 2 * self.units
        r = residuals[0][:, self.units : gates]
        d_gates, d_candidate = d_projected[:, :gates], d_projected[:, gates:]
        if not self.reset_after:
            by_gates = keras.ops.matmul(keras.ops.transpose(state_before), d_gates)
            by_candidate = keras.ops.matmul(keras.ops.transpose(r * state_before), d_candidate)
            return [keras.ops.concatenate([by_gates, by_candidate], axis=-1)]
        d_recurrent = keras.ops.concatenate([d_gates, d_candidate * r], axis=-1)
        d_kernel = keras.ops.matmul(keras.ops.transpose(state_before), d_recurrent)
        if self.bias is None:
            return [d_kernel]
        d_bias = keras.ops.sum(d_recurrent, axis=0)
        return [d_kernel, keras.ops.stack([keras.ops.zeros_like(d_bias), d_bias])]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
            "chrono": self.chrono,
            "layer_norm": self.layer_norm,
            "zoneout_h": self.zoneout_h,
        }


CELL = GRUCell
YEAR = 2014
