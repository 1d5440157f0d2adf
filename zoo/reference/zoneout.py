"""Zoneout (Krueger et al. 2017): states that now and then stay as they were, around any cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.reference.cell import Array, Cell, Saved, States, Weights


@dataclass(frozen=True, eq=False)
class Zoneout:
    """A cell whose states are s' = k s + (1 - k) ŝ, where ŝ are those of the cell without it.

    Attributes:
        cell: one whose output is its first state.
        kept: k of each state. Outside of training it is the rate, which gives the expectation; in training it is an
            array `(batch, units)` of ones, where a number stays, and zeros, drawn for this step.
    """

    cell: Cell
    kept: Sequence[float | Array]

    @property
    def state_names(self) -> tuple[str, ...]:
        """Those of the cell."""
        return self.cell.state_names

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Those of the cell."""
        return self.cell.weight_shapes(features, units)

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        after, saved = self.cell.step(weights, inputs, states)
        parts = zip(self.kept, states, after, strict=True)
        return tuple(np.asarray(k * old + (1.0 - k) * new) for k, old, new in parts), saved

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_after = tuple((1.0 - k) * d for k, d in zip(self.kept, d_states, strict=True))
        d_inputs, d_before, d_weights = self.cell.step_backward(weights, saved, d_after)
        parts = zip(self.kept, d_states, d_before, strict=True)
        return d_inputs, tuple(np.asarray(k * d + rest) for k, d, rest in parts), d_weights
