"""The minGRU (Feng et al. 2024, "Were RNNs all we needed?")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import sigmoid
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.projection import project, project_backward


@dataclass(frozen=True)
class MinGRU:
    """One state, h, moved towards a candidate by a gate; neither sees the state.

        z = σ(x W_z + b_z)      how much of the candidate to take
        n = x W_h + b_h         the candidate
        h' = (1 - z) h + z n

    Weights:
        kernel W `(features, 2 * units)`, bias b `(2 * units,)`; side by side in the order z, h.
    """

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 2 * units), "bias": (2 * units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        (h,) = states
        a_z, candidate = np.split(project(weights, inputs), 2, axis=-1)
        z = sigmoid(a_z)
        return ((1.0 - z) * h + z * candidate,), (inputs, h, z, candidate)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, h, z, candidate = saved
        (d_new_h,) = d_states
        d_a_z = d_new_h * (candidate - h) * z * (1.0 - z)
        d_projected = np.concatenate([d_a_z, d_new_h * z], axis=-1)
        d_inputs, d_weights = project_backward(weights, inputs, d_projected)
        return d_inputs, (d_new_h * (1.0 - z),), d_weights
