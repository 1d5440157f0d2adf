"""Long short-term memory with exponential gates (Beck et al. 2024)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import sigmoid
from zoo.reference.cell import Array, Saved, States, Weights


@dataclass(frozen=True)
class SLSTM:
    """Four states: h, the output; c, the memory; n, the sum of its weights; m, the logarithm that both are divided by.

        i~ = x W_i + h U_i + b_i, and so f~, z~ and o~
        log f = f~ for the exponential forget gate, log σ(f~) for the sigmoid
        m' = max(log f + m, i~)             i~ where n is not positive: nothing is stored yet
        i = exp(i~ - m')                    how much of the candidate to write
        f = exp(log f + m - m')             how much of the memory to keep; 0 where n is not positive
        z = tanh(z~), o = σ(o~)             the candidate, and how much of the memory to show
        c' = f c + i z,  n' = f n + i,  h' = o c' / n'

    Products of gates and states are element by element.

    Weights:
        kernel W `(features, 4 * units)`, recurrent_kernel U `(units, 4 * units)`, bias b `(4 * units,)`; the gates
        stand side by side in the order i, f, z, o.

    Raises:
        ValueError: if `forget_gate` is neither sigmoid nor exponential.
    """

    forget_gate: str = "sigmoid"

    state_names: ClassVar[tuple[str, ...]] = ("h", "c", "n", "m")

    def __post_init__(self) -> None:
        if self.forget_gate not in ("sigmoid", "exponential"):
            raise ValueError(f"forget_gate {self.forget_gate!r} is unknown: take sigmoid or exponential")

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 4 * units), "recurrent_kernel": (units, 4 * units), "bias": (4 * units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        h, c, n, m = states
        a = inputs @ weights["kernel"] + h @ weights["recurrent_kernel"] + weights.get("bias", 0.0)
        a_i, a_f, a_z, a_o = np.split(a, 4, axis=-1)
        log_f = -np.logaddexp(0.0, -a_f) if self.forget_gate == "sigmoid" else a_f
        kept = np.where(n > 0.0, log_f + m, -np.inf)
        new_m = np.maximum(kept, a_i)
        i, f = np.exp(a_i - new_m), np.exp(kept - new_m)
        z, o = np.tanh(a_z), sigmoid(a_o)
        new_c, new_n = f * c + i * z, f * n + i
        return (o * new_c / new_n, new_c, new_n, new_m), (inputs, h, c, n, a_f, i, f, z, o, new_c, new_n)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, h, c, n, a_f, i, f, z, o, new_c, new_n = saved
        d_new_h, d_new_c, d_new_n, d_new_m = d_states
        d_new_c = d_new_c + d_new_h * o / new_n
        d_new_n = d_new_n - d_new_h * o * new_c / new_n**2
        d_a_i, d_kept = (d_new_c * z + d_new_n) * i, (d_new_c * c + d_new_n * n) * f
        # m is subtracted from both, and is itself the larger of the two: that of which the exponential is 1.
        d_new_m = d_new_m - d_a_i - d_kept
        d_a_i, d_kept = d_a_i + d_new_m * (i == 1.0), d_kept + d_new_m * (i != 1.0)
        d_a_f = d_kept * sigmoid(-a_f) if self.forget_gate == "sigmoid" else d_kept
        d_a_z, d_a_o = d_new_c * i * (1.0 - z**2), d_new_h * new_c / new_n * o * (1.0 - o)
        d_a = np.concatenate([d_a_i, d_a_f, d_a_z, d_a_o], axis=-1)
        d_weights = {"kernel": inputs.T @ d_a, "recurrent_kernel": h.T @ d_a, "bias": d_a.sum(axis=0)}
        d_h = d_a @ weights["recurrent_kernel"].T
        return d_a @ weights["kernel"].T, (d_h, d_new_c * f, d_new_n * f, d_kept), d_weights
