"""The linear recurrent unit (Orvieto et al. 2023), in complex numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.projection import project, project_backward


@dataclass(frozen=True)
class LRU:
    """A complex state, turned and shrunk by the same factor at each step; the output is a linear map of it.

        λ = exp(-exp(ν) + i exp(θ))
        s' = λ s + exp(γ) (x B + b)                 B complex
        y = Re(s') C_re + Im(s') C_im + x D + b_D

    Weights:
        kernel `(features, 3 * units)`: Re B, Im B and D side by side; bias `(3 * units,)`. decay ν, angle θ and scale
        γ, each `(units,)`. output_kernel `(2 * units, units)`: C_re above C_im, which stands for -Im C of the paper.
    """

    state_names: ClassVar[tuple[str, ...]] = ("real", "imaginary")

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        vectors: dict[str, tuple[int, ...]] = dict.fromkeys(("decay", "angle", "scale"), (units,))
        kernels = {"kernel": (features, 3 * units), "output_kernel": (2 * units, units)}
        return {**kernels, "bias": (3 * units,), **vectors}

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`; the output is no state."""
        before = states[0] + 1j * states[1]
        real, imaginary, passed = np.split(project(weights, inputs), 3, axis=-1)
        entered = real + 1j * imaginary
        after = self._factor(weights) * before + np.exp(weights["scale"]) * entered
        read = np.concatenate([after.real, after.imag], axis=-1)
        output = read @ weights["output_kernel"] + passed
        return (output, after.real, after.imag), (inputs, before, entered, read)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`. The gradient by a complex number is that by its parts: d_re + i d_im."""
        inputs, before, entered, read = saved
        d_output, d_real, d_imaginary = d_states
        d_read = np.split(d_output @ weights["output_kernel"].T, 2, axis=-1)
        d_after = d_real + d_read[0] + 1j * (d_imaginary + d_read[1])
        factor, scale = self._factor(weights), np.exp(weights["scale"])
        d_before = d_after * factor.conj()
        # λ moves by λ times what its logarithm -exp(ν) + i exp(θ) moves by.
        d_log_factor = (d_after * (factor * before).conj()).sum(axis=0)
        d_entered = d_after * scale
        d_projected = np.concatenate([d_entered.real, d_entered.imag, d_output], axis=-1)
        d_inputs, d_weights = project_backward(weights, inputs, d_projected)
        d_weights |= {
            "output_kernel": read.T @ d_output,
            "decay": -np.exp(weights["decay"]) * d_log_factor.real,
            "angle": np.exp(weights["angle"]) * d_log_factor.imag,
            "scale": (d_after * (scale * entered).conj()).real.sum(axis=0),
        }
        return d_inputs, (d_before.real, d_before.imag), d_weights

    def _factor(self, weights: Weights) -> Array:
        factor: Array = np.exp(-np.exp(weights["decay"]) + 1j * np.exp(weights["angle"]))
        return factor
