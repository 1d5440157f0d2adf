"""The real-gated linear recurrent unit (De et al. 2024, "Griffin")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import sigmoid
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.projection import project, project_backward

#: The c of the paper.
SHARPNESS = 8.0


@dataclass(frozen=True)
class RGLRU:
    """One state, h, that decays; how fast, the input says within what each unit has learnt.

        v = x W_v + b_v                 what enters
        r = σ(x W_r + b_r)              recurrence gate
        i = σ(x W_i + b_i)              input gate
        a = σ(Λ)^(8 r)                  how much of the state stays
        h' = a h + sqrt(1 - a²) (i v)

    Weights:
        kernel W `(features, 3 * units)`, bias b `(3 * units,)`; side by side in the order v, r, i. decay Λ `(units,)`.
    """

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 3 * units), "bias": (3 * units,), "decay": (units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        (h,) = states
        v, a_r, a_i = np.split(project(weights, inputs), 3, axis=-1)
        r, i = sigmoid(a_r), sigmoid(a_i)
        a = sigmoid(weights["decay"]) ** (SHARPNESS * r)
        scale = np.sqrt(1.0 - a * a)
        return (a * h + scale * i * v,), (inputs, h, v, r, i, a, scale)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, h, v, r, i, a, scale = saved
        (d_new_h,) = d_states
        most = sigmoid(weights["decay"])
        # log a = 8 r log σ(Λ), so a change of it moves a by a, and of log σ(Λ) the slope is 1 - σ(Λ).
        d_log_a = d_new_h * (h - i * v * a / scale) * a
        d_a_r = d_log_a * SHARPNESS * np.log(most) * r * (1.0 - r)
        d_a_i = d_new_h * scale * v * i * (1.0 - i)
        d_projected = np.concatenate([d_new_h * scale * i, d_a_r, d_a_i], axis=-1)
        d_inputs, d_weights = project_backward(weights, inputs, d_projected)
        d_weights["decay"] = (d_log_a * SHARPNESS * r * (1.0 - most)).sum(axis=0)
        return d_inputs, (d_new_h * a,), d_weights
