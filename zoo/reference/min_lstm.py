"""The minLSTM (Feng et al. 2024, "Were RNNs all we needed?")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import sigmoid
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.projection import project, project_backward


@dataclass(frozen=True)
class MinLSTM:
    """One state, h, between its old value and a candidate, in shares that add up to one; none of them sees the state.

        f = σ(x W_f + b_f)
        i = σ(x W_i + b_i)
        n = x W_h + b_h         the candidate
        h' = (f h + i n) / (f + i)

    Weights:
        kernel W `(features, 3 * units)`, bias b `(3 * units,)`; side by side in the order f, i, h.
    """

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 3 * units), "bias": (3 * units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        (h,) = states
        a_f, a_i, candidate = np.split(project(weights, inputs), 3, axis=-1)
        f, i = sigmoid(a_f), sigmoid(a_i)
        new_h = (f * h + i * candidate) / (f + i)
        return (new_h,), (inputs, h, f, i, candidate, new_h)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, h, f, i, candidate, new_h = saved
        d_sum = d_states[0] / (f + i)
        d_a_f = d_sum * (h - new_h) * f * (1.0 - f)
        d_a_i = d_sum * (candidate - new_h) * i * (1.0 - i)
        d_projected = np.concatenate([d_a_f, d_a_i, d_sum * i], axis=-1)
        d_inputs, d_weights = project_backward(weights, inputs, d_projected)
        return d_inputs, (d_sum * f,), d_weights
