"""The gated recurrent unit (Cho et al. 2014), in both its conventions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights


@dataclass(frozen=True)
class GRU:
    """One state, h, moved by a gate from its old value towards a candidate.

        z = σ(x W_z + h U_z + b_z)      how much of the state to keep
        r = σ(x W_r + h U_r + b_r)      how much of the state the candidate sees
        n = φ(x W_h + (r h) U_h + b_h)              reset_after=False: reset before the recurrent product
        n = φ(x W_h + b_h + r (h U_h + b'_h))       reset_after=True: reset after it
        h' = z h + (1 - z) n

    σ is `recurrent_activation`, φ is `activation`, and products of gates and states are element by element.
    `reset_after=False` is the published version of Cho et al. and that of most lecture notes;
    `reset_after=True` is that of torch, cuDNN and the default of Keras. Many texts write z for what is 1 - z
    here.

    Weights:
        kernel W `(features, 3 * units)`, recurrent_kernel U `(units, 3 * units)`; the gates stand side by
        side in the order z, r, h, as in Keras (torch: r, z, h). bias `(3 * units,)` for `reset_after=False`,
        `(2, 3 * units)` for `reset_after=True`: row 0 is added to the input product, row 1 to the recurrent
        product.

    Raises:
        ValueError: if an activation is none of tanh, relu, sigmoid, linear.
    """

    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"
    reset_after: bool = True

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __post_init__(self) -> None:
        activation(self.activation)
        activation(self.recurrent_activation)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        bias = (2, 3 * units) if self.reset_after else (3 * units,)
        return {"kernel": (features, 3 * units), "recurrent_kernel": (units, 3 * units), "bias": bias}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        phi, sigma = activation(self.activation).value, activation(self.recurrent_activation).value
        (h,) = states
        input_bias, recurrent_bias = self._biases(weights)
        U_z, U_r, U_h = np.split(weights["recurrent_kernel"], 3, axis=-1)
        x_z, x_r, x_h = np.split(inputs @ weights["kernel"] + input_bias, 3, axis=-1)
        b_z, b_r, b_h = np.split(recurrent_bias, 3)
        z = sigma(x_z + h @ U_z + b_z)
        r = sigma(x_r + h @ U_r + b_r)
        if self.reset_after:
            product = h @ U_h + b_h
            candidate = phi(x_h + r * product)
        else:
            product = (r * h) @ U_h
            candidate = phi(x_h + product)
        return (z * h + (1.0 - z) * candidate,), (inputs, h, z, r, product, candidate)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_phi = activation(self.activation).derivative
        d_sigma = activation(self.recurrent_activation).derivative
        inputs, h, z, r, product, candidate = saved
        (d_new_h,) = d_states
        U_h = np.split(weights["recurrent_kernel"], 3, axis=-1)[2]

        d_a_z = d_new_h * (h - candidate) * d_sigma(z)
        d_a_h = d_new_h * (1.0 - z) * d_phi(candidate)
        if self.reset_after:
            d_r, d_product = d_a_h * product, d_a_h * r
            d_h_candidate, h_in_product = d_product @ U_h.T, h
        else:
            d_reset, d_product = d_a_h @ U_h.T, d_a_h
            d_r, d_h_candidate, h_in_product = d_reset * h, d_reset * r, r * h
        d_a_r = d_r * d_sigma(r)

        d_gates = np.concatenate([d_a_z, d_a_r], axis=-1)
        U_gates = weights["recurrent_kernel"][:, : d_gates.shape[-1]]
        d_h = d_new_h * z + d_gates @ U_gates.T + d_h_candidate
        d_input = np.concatenate([d_gates, d_a_h], axis=-1)
        d_bias = d_input.sum(axis=0)
        if self.reset_after:
            d_bias = np.stack([d_bias, np.concatenate([d_gates, d_product], axis=-1).sum(axis=0)])
        d_recurrent_kernel = np.concatenate([h.T @ d_gates, h_in_product.T @ d_product], axis=-1)
        d_weights = {"kernel": inputs.T @ d_input, "recurrent_kernel": d_recurrent_kernel, "bias": d_bias}
        return d_input @ weights["kernel"].T, (d_h,), d_weights

    def _biases(self, weights: Weights) -> tuple[Array, Array]:
        """The bias of the input product and that of the recurrent product, zeros where there is none."""
        none = np.zeros(weights["kernel"].shape[-1])
        if "bias" not in weights:
            return none, none
        bias = weights["bias"]
        return (bias[0], bias[1]) if self.reset_after else (bias, none)
