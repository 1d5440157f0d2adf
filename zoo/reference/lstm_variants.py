"""Variants of the LSTM (Greff et al. 2017): peepholes, coupled gates, and another activation of the output."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.lstm import LSTM


@dataclass(frozen=True)
class LSTMVariant(LSTM):
    """The LSTM with a choice of changes.

        i = σ(x W_i + h U_i + p_i c + b_i)      peephole: the gates see the memory
        f = σ(x W_f + h U_f + p_f c + b_f)
        i = 1 - f                               coupled: what is forgotten is written anew
        o = σ(x W_o + h U_o + p_o c' + b_o)     peephole: o sees the memory after the step
        h' = o ψ(c')                            ψ is `output_activation`; None: φ

    Weights:
        those of the LSTM, coupled without the columns of i; with peepholes, peephole_kernel p `(units, 3)` in the order
        i, f, o, coupled `(units, 2)`: f, o.

    Raises:
        ValueError: if an activation is none of tanh, relu, sigmoid, linear.
    """

    output_activation: str | None = None
    peephole: bool = False
    coupled: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        activation(self.output_activation or self.activation)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        gates = 3 if self.coupled else 4
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (features, gates * units),
            "recurrent_kernel": (units, gates * units),
            "bias": (gates * units,),
        }
        return shapes | ({"peephole_kernel": (units, gates - 1)} if self.peephole else {})

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        phi, sigma = activation(self.activation).value, activation(self.recurrent_activation).value
        h, c = states
        a = inputs @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights.get("bias", 0.0)
        *a_i, a_f, a_g, a_o = np.split(a, 3 if self.coupled else 4, axis=-1)
        *p_i, p_f, p_o = self._peepholes(weights)
        f, g = sigma(a_f + p_f * c), phi(a_g)
        i = 1.0 - f if self.coupled else sigma(a_i[0] + p_i[0] * c)
        new_c = f * c + i * g
        o = sigma(a_o + p_o * new_c)
        shown = activation(self.output_activation or self.activation).value(new_c)
        return (o * shown, new_c), (inputs, h, c, i, f, g, o, shown, new_c)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_phi = activation(self.activation).derivative
        d_sigma = activation(self.recurrent_activation).derivative
        d_psi = activation(self.output_activation or self.activation).derivative
        inputs, h, c, i, f, g, o, shown, new_c = saved
        d_new_h, d_new_c = d_states
        *p_i, p_f, p_o = self._peepholes(weights)
        d_a_o = d_new_h * shown * d_sigma(o)
        d_new_c = d_new_c + d_new_h * o * d_psi(shown) + d_a_o * p_o
        d_i, d_f = d_new_c * g, d_new_c * c
        if self.coupled:
            d_a_i, d_a_f = [], (d_f - d_i) * d_sigma(f)
        else:
            d_a_i, d_a_f = [d_i * d_sigma(i)], d_f * d_sigma(f)
        d_c = d_new_c * f + d_a_f * p_f
        if d_a_i:
            d_c = d_c + d_a_i[0] * p_i[0]
        d_a = np.concatenate([*d_a_i, d_a_f, d_new_c * i * d_phi(g), d_a_o], axis=-1)
        d_weights = {"kernel": inputs.T @ d_a, "recurrent_kernel": h.T @ d_a, "bias": d_a.sum(axis=0)}
        if self.peephole:
            seen = [*(d * c for d in d_a_i), d_a_f * c, d_a_o * new_c]
            d_weights["peephole_kernel"] = np.stack([each.sum(axis=0) for each in seen], axis=-1)
        return d_a @ weights["kernel"].T, (d_a @ weights["recurrent_kernel"].T, d_c), d_weights

    def _peepholes(self, weights: Weights) -> list[Array]:
        """The columns of the peephole kernel, zeros where there is none."""
        if self.peephole:
            return list(weights["peephole_kernel"].T)
        columns = 2 if self.coupled else 3
        return list(np.zeros((columns, weights["recurrent_kernel"].shape[0])))
