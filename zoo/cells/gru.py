"""The gated recurrent unit, in both its conventions."""

from __future__ import annotations

from typing import Any

import keras

from zoo.cells.base import Cell, States, Tensor, masked_state


@keras.saving.register_keras_serializable(package="zoo")
class GRUCell(Cell):
    r"""One step of a gated recurrent unit (Cho et al. 2014).

    $$z_t = \sigma(x_t W_z + h_{t-1} U_z + b_z) \qquad r_t = \sigma(x_t W_r + h_{t-1} U_r + b_r)$$

    The candidate, with the reset gate before the recurrent product (`reset_after=False`: the first version of Cho et
    al., and most lecture notes) or after it (`reset_after=True`: torch, cuDNN and the default of Keras):

    $$\tilde h_t = \tanh(x_t W_h + (r_t \odot h_{t-1}) U_h + b_h)$$
    $$\tilde h_t = \tanh(x_t W_h + b_h + r_t \odot (h_{t-1} U_h + b'_h))$$

    $$h_t = z_t \odot h_{t-1} + (1 - z_t) \odot \tilde h_t$$

    Some texts let z stand for 1 - z; the two are the same model with the sign of z's weights turned.

    Args:
        units: size of the state and of the output.
        activation: of the candidate.
        recurrent_activation: of the two gates.
        reset_after: the convention, as above.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, 3 * units)`, recurrent_kernel U `(units, 3 * units)`; the gates stand side by side in the
        order z, r, h, as in Keras (torch: r, z, h). bias `(3 * units,)` for `reset_after=False`; `(2, 3 * units)` for
        `reset_after=True`: the first row is added to the input product, the second to the recurrent one.
    """

    gates = 3
    gate_order = "zrh"

    def __init__(
        self,
        units: int,
        *,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        reset_after: bool = True,
        **cell_arguments: Any,
    ):
        super().__init__(units, **cell_arguments)
        self.activation = keras.activations.get(activation)
        self.recurrent_activation = keras.activations.get(recurrent_activation)
        self.reset_after = reset_after

    def bias_shape(self) -> tuple[int, ...]:
        """`(2, 3 * units)` where the reset comes after the product, else `(3 * units,)`."""
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def project(self, inputs: Tensor) -> Tensor:
        """See `Cell.project`; of two rows of bias the first belongs to the inputs."""
        projected = keras.ops.matmul(inputs, self.kernel)
        if self.bias is None:
            return projected
        return projected + (self.bias[0] if self.reset_after else self.bias)

    def step(self, projected: Tensor, states: States, recurrent_mask: Tensor | None = None) -> tuple[Tensor, States]:
        """See `Cell.step`; the only state is h."""
        (h,) = states
        seen = masked_state(h, recurrent_mask)
        if self.reset_after:
            z, candidate = self._reset_after_product(projected, seen)
        else:
            z, candidate = self._reset_before_product(projected, seen)
        h = z * h + (1 - z) * candidate
        return h, [h]

    def _reset_after_product(self, projected: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        recurrent = keras.ops.matmul(h, self.recurrent_kernel)
        if self.bias is not None:
            recurrent = recurrent + self.bias[1]
        x_z, x_r, x_h = keras.ops.split(projected, 3, axis=-1)
        h_z, h_r, h_h = keras.ops.split(recurrent, 3, axis=-1)
        z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        return z, self.activation(x_h + r * h_h)

    def _reset_before_product(self, projected: Tensor, h: Tensor) -> tuple[Tensor, Tensor]:
        x_z, x_r, x_h = keras.ops.split(projected, 3, axis=-1)
        h_z, h_r = keras.ops.split(keras.ops.matmul(h, self.recurrent_kernel[:, : 2 * self.units]), 2, axis=-1)
        z, r = self.recurrent_activation(x_z + h_z), self.recurrent_activation(x_r + h_r)
        return z, self.activation(x_h + keras.ops.matmul(r * h, self.recurrent_kernel[:, 2 * self.units :]))

    def get_config(self) -> dict[str, Any]:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }


CELL = GRUCell
