"""The bistable recurrent cell (Vecoven et al. 2021), and its neuromodulated form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import sigmoid
from zoo.reference.cell import Array, Saved, States, Weights


@dataclass(frozen=True)
class BRC:
    """One state, h, which feeds itself back.

        a = 1 + tanh(x W_a + u_a h + b_a)       the gain of the feedback: above 1 there are two stable states
        c = σ(x W_c + u_c h + b_c)              how much of the state to keep
        n = tanh(x W_h + a h + b_h)             the candidate
        h' = c h + (1 - c) n

    All products with h are element by element; with `neuromodulated`, h U_a and h U_c stand for u_a h and u_c h.

    Weights:
        kernel W `(features, 3 * units)` and bias b `(3 * units,)`, in the order a, c, h; recurrent_kernel `(units, 2)`,
        neuromodulated `(units, 2 * units)`, in the order a, c.
    """

    neuromodulated: bool = False

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        columns = 2 * units if self.neuromodulated else 2
        return {
            "kernel": (features, 3 * units),
            "recurrent_kernel": (units, columns),
            "bias": (3 * units,),
        }

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        (h,) = states
        x_a, x_c, x_h = np.split(inputs @ weights["kernel"] + weights.get("bias", 0.0), 3, axis=-1)
        U_a, U_c = self._kernels(weights)
        a, c = 1.0 + np.tanh(x_a + h @ U_a), sigmoid(x_c + h @ U_c)
        candidate = np.tanh(x_h + a * h)
        return (c * h + (1.0 - c) * candidate,), (inputs, h, a, c, candidate)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, h, a, c, candidate = saved
        (d_new_h,) = d_states
        U_a, U_c = self._kernels(weights)
        d_a_h = d_new_h * (1.0 - c) * (1.0 - candidate**2)
        d_a_a = d_a_h * h * (1.0 - (a - 1.0) ** 2)
        d_a_c = d_new_h * (h - candidate) * c * (1.0 - c)
        d_h = d_new_h * c + d_a_h * a + d_a_a @ U_a.T + d_a_c @ U_c.T
        d_a = np.concatenate([d_a_a, d_a_c, d_a_h], axis=-1)
        d_recurrent = [h.T @ d_a_a, h.T @ d_a_c]
        if not self.neuromodulated:  # of a diagonal kernel only the diagonal counts
            d_recurrent = [np.diag(d)[:, None] for d in d_recurrent]
        d_weights = {
            "kernel": inputs.T @ d_a,
            "recurrent_kernel": np.concatenate(d_recurrent, axis=-1),
            "bias": d_a.sum(axis=0),
        }
        return d_a @ weights["kernel"].T, (d_h,), d_weights

    def _kernels(self, weights: Weights) -> list[Array]:
        """The recurrent kernels of a and of c as matrices, diagonal where a unit sees itself alone."""
        kernels = np.split(weights["recurrent_kernel"], 2, axis=-1)
        return kernels if self.neuromodulated else [np.diag(kernel[:, 0]) for kernel in kernels]
