"""The long short-term memory cell (Hochreiter and Schmidhuber 1997) with a forget gate (Gers et al. 2000)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights


@dataclass(frozen=True)
class LSTM:
    """Two states: h, the output, and c, the memory.

        i = σ(x W_i + h U_i + b_i)      how much of the candidate to write
        f = σ(x W_f + h U_f + b_f)      how much of the memory to keep
        g = φ(x W_g + h U_g + b_g)      the candidate
        o = σ(x W_o + h U_o + b_o)      how much of the memory to show
        c' = f c + i g
        h' = o φ(c')

    σ is `recurrent_activation`, φ is `activation`, and products of gates and states are element by element.

    Weights:
        kernel W `(features, 4 * units)`, recurrent_kernel U `(units, 4 * units)`, bias b `(4 * units,)`; the
        gates stand side by side in the order i, f, g, o, as in Keras and torch.

    Raises:
        ValueError: if an activation is none of tanh, relu, sigmoid, linear.
    """

    activation: str = "tanh"
    recurrent_activation: str = "sigmoid"

    state_names: ClassVar[tuple[str, ...]] = ("h", "c")

    def __post_init__(self) -> None:
        activation(self.activation)
        activation(self.recurrent_activation)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 4 * units), "recurrent_kernel": (units, 4 * units), "bias": (4 * units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        phi, sigma = activation(self.activation).value, activation(self.recurrent_activation).value
        h, c = states
        a = inputs @ weights["kernel"] + h @ weights["recurrent_kernel"]
        if "bias" in weights:
            a = a + weights["bias"]
        a_i, a_f, a_g, a_o = np.split(a, 4, axis=-1)
        i, f, g, o = sigma(a_i), sigma(a_f), phi(a_g), sigma(a_o)
        new_c = f * c + i * g
        shown = phi(new_c)
        return (o * shown, new_c), (inputs, h, c, i, f, g, o, shown)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_phi = activation(self.activation).derivative
        d_sigma = activation(self.recurrent_activation).derivative
        inputs, h, c, i, f, g, o, shown = saved
        d_new_h, d_new_c = d_states
        # The memory is reached by two ways: straight from the next step, and through the output of this one.
        d_new_c = d_new_c + d_new_h * o * d_phi(shown)
        d_a_i = d_new_c * g * d_sigma(i)
        d_a_f = d_new_c * c * d_sigma(f)
        d_a_g = d_new_c * i * d_phi(g)
        d_a_o = d_new_h * shown * d_sigma(o)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_g, d_a_o], axis=-1)
        d_weights = {"kernel": inputs.T @ d_a, "recurrent_kernel": h.T @ d_a, "bias": d_a.sum(axis=0)}
        return d_a @ weights["kernel"].T, (d_a @ weights["recurrent_kernel"].T, d_new_c * f), d_weights
