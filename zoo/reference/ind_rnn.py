"""The independently recurrent neural network (Li et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights


@dataclass(frozen=True)
class IndRNN:
    """h' = φ(x W + u h + b), element by element in h, where φ is `activation`.

    Weights:
        kernel W `(features, units)`, recurrent_kernel u `(units, 1)`, bias b `(units,)`.

    Raises:
        ValueError: if `activation` is none of tanh, relu, sigmoid, linear.
    """

    activation: str = "relu"

    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def __post_init__(self) -> None:
        activation(self.activation)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        return {"kernel": (features, units), "recurrent_kernel": (units, 1), "bias": (units,)}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        (h,) = states
        a = inputs @ weights["kernel"] + h * weights["recurrent_kernel"][:, 0] + weights.get("bias", 0.0)
        new_h = activation(self.activation).value(a)
        return (new_h,), (inputs, h, new_h)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        inputs, h, new_h = saved
        (d_new_h,) = d_states
        d_a = d_new_h * activation(self.activation).derivative(new_h)
        d_u = (h * d_a).sum(axis=0)[:, None]
        d_weights = {"kernel": inputs.T @ d_a, "recurrent_kernel": d_u, "bias": d_a.sum(axis=0)}
        return d_a @ weights["kernel"].T, (d_a * weights["recurrent_kernel"][:, 0],), d_weights
