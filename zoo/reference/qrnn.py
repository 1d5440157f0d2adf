"""The quasi-recurrent network (Bradbury et al. 2017), with fo-pooling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.activations import sigmoid
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.projection import project, project_backward


@dataclass(frozen=True)
class QRNN:
    """One state, the memory c; gates that do not see it.

        z = tanh(x W_z + b_z)       the candidate
        f = σ(x W_f + b_f)          how much of the memory to keep
        o = σ(x W_o + b_o)          how much of the memory to show
        c' = f c + (1 - f) z
        h' = o c'                   the output

    This is the network with a window of 1; one with a window of 2 is the same on pairs of inputs, [x_t, x_{t-1}].

    Weights:
        kernel W `(features, 3 * units)`, bias b `(3 * units,)`; side by side in the order z, f, o.

    Raises:
        ValueError: if `window` is not 1.
    """

    window: int = 1

    state_names: ClassVar[tuple[str, ...]] = ("c",)

    def __post_init__(self) -> None:
        if self.window != 1:
            raise ValueError(f"window must be 1, not {self.window}: give pairs of inputs for a window of 2")

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, 3 * units), "bias": (3 * units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`; the output is no state."""
        (c,) = states
        a_z, a_f, a_o = np.split(project(weights, inputs), 3, axis=-1)
        z, f, o = np.tanh(a_z), sigmoid(a_f), sigmoid(a_o)
        new_c = f * c + (1.0 - f) * z
        return (o * new_c, new_c), (inputs, c, z, f, o, new_c)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, c, z, f, o, new_c = saved
        d_output, d_new_c = d_states
        d_new_c = d_new_c + d_output * o
        d_a_z = d_new_c * (1.0 - f) * (1.0 - z * z)
        d_a_f = d_new_c * (c - z) * f * (1.0 - f)
        d_a_o = d_output * new_c * o * (1.0 - o)
        d_inputs, d_weights = project_backward(
            weights, inputs, np.concatenate([d_a_z, d_a_f, d_a_o], axis=-1)
        )
        return d_inputs, (d_new_c * f,), d_weights
