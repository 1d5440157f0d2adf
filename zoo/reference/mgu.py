"""The minimal gated unit (Zhou et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights


@dataclass(frozen=True)
class MGU:
    """One state, h, moved by one gate, which also says how much of it the candidate sees.

        f = σ(x W_f + h U_f + b_f)          how much to forget
        n = φ(x W_h + (f h) U_h + b_h)      the candidate
        h' = (1 - f) h + f n

    σ is `recurrent_activation`, φ is `activation`, and products of gates and states are element by element.

    Weights:
        kernel W `(features, 2 * units)`, recurrent_kernel U `(units, 2 * units)`, bias b `(2 * units,)`; side by side
        in the order f, h.

    Raises:
        ValueError: if an activation is none of tanh, relu, sigmoid, linear.
    """

    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __post_init__(self) -> None:
        activation(self.activation)
        activation(self.recurrent_activation)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 2 * units), "recurrent_kernel": (units, 2 * units), "bias": (2 * units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        phi, sigma = activation(self.activation).value, activation(self.recurrent_activation).value
        (h,) = states
        U_f, U_h = np.split(weights["recurrent_kernel"], 2, axis=-1)
        x_f, x_h = np.split(inputs @ weights["kernel"] + weights.get("bias", 0.0), 2, axis=-1)
        f = sigma(x_f + h @ U_f)
        candidate = phi(x_h + (f * h) @ U_h)
        return ((1.0 - f) * h + f * candidate,), (inputs, h, f, candidate)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_phi = activation(self.activation).derivative
        d_sigma = activation(self.recurrent_activation).derivative
        inputs, h, f, candidate = saved
        (d_new_h,) = d_states
        U_f, U_h = np.split(weights["recurrent_kernel"], 2, axis=-1)
        d_a_h = d_new_h * f * d_phi(candidate)
        d_gated = d_a_h @ U_h.T
        d_a_f = (d_new_h * (candidate - h) + d_gated * h) * d_sigma(f)
        d_h = d_new_h * (1.0 - f) + d_gated * f + d_a_f @ U_f.T
        d_a = np.concatenate([d_a_f, d_a_h], axis=-1)
        d_recurrent_kernel = np.concatenate([h.T @ d_a_f, (f * h).T @ d_a_h], axis=-1)
        d_weights = {
            "kernel": inputs.T @ d_a,
            "recurrent_kernel": d_recurrent_kernel,
            "bias": d_a.sum(axis=0),
        }
        return d_a @ weights["kernel"].T, (d_h,), d_weights
