"""Bases of cells without a recurrent product: their step is element by element, and may be linear in the state."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.cells.base import Cell, CellArguments
from zoo.scan.linear import linear_scan
from zoo.tensors import Mask, Outputs, Projected, RecurrentMask, Shape, States, StepOutputs, Tensor


class ElementwiseCell(Cell):
    """Base of cells without a recurrent product: `project` reads the inputs, `step` is element by element.

    Args:
        units: size of the output.
        cell_arguments: see `Cell`. There is no recurrent product, so `recurrent_dropout` must be 0.

    Weights:
        kernel `(features, gates * units)`, bias `(gates * units,)`.

    Raises:
        ValueError: if `recurrent_dropout` is not 0.
    """

    def __init__(self, units: int, **cell_arguments: Unpack[CellArguments]) -> None:
        super().__init__(units, **cell_arguments)
        if self.recurrent_dropout:
            raise ValueError("it has no recurrent product, so recurrent_dropout must be 0")

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias; there is no recurrent kernel."""
        self.build_kernel(input_shape)
        self.build_bias()
        self.built = True


class LinearCell(ElementwiseCell):
    r"""Base of cells that are linear in their state, so that all steps run at once (`linear_scan`).

    $$h_t = a_t \odot h_{t-1} + b_t$$

    where a and b come of the input alone. A subclass sets `gates` and writes `input_gates` and `coefficients`; one
    whose output is not its state also writes `read_out`.

    Args, weights, raises: see `ElementwiseCell`.
    """

    def input_gates(self, projected: Projected) -> dict[str, Tensor]:
        """The gates, by letter; each comes of the input alone.

        Args:
            projected: `(..., gates * units)`, of one step or of all steps.

        Returns:
            Each `(..., units)`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no input_gates")

    def coefficients(self, gates: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """a and b, each `(..., units)`, from what `input_gates` gave."""
        raise NotImplementedError(f"{type(self).__name__} has no coefficients")

    def read_out(self, state: Tensor, _gates: dict[str, Tensor], /) -> Tensor:
        """The output `(..., units)`: the state itself."""
        return state

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the only state is h."""
        gates = self.gate_values(projected, states, recurrent_mask)
        a, b = self.coefficients(gates)
        h = a * states[0] + b
        return self.read_out(h, gates), [h]

    def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
        """See `Cell.scan`."""
        gates = self.input_gates(projected)
        a, b = self.coefficients(gates)
        h = linear_scan(a, b, states[0], mask)
        return self.read_out(h, gates), [h[:, -1]]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`; no state has a say in them."""
        del states, recurrent_mask
        return self.input_gates(projected)


def held(values: Tensor, first: Tensor, mask: Mask | None) -> tuple[Tensor, Tensor]:
    """What each step finds that keeps the value of the step before, and what is kept after the last.

    Args:
        values: `(batch, time, size)`.
        first: `(batch, size)`, what the first step finds.
        mask: `(batch, time)` bool, or None. A masked step keeps nothing and hands on what it finds.

    Returns:
        `(batch, time, size)` and `(batch, size)`.
    """
    if mask is not None:
        values = linear_scan(keras.ops.zeros_like(first[0]), values, first, mask)
    found = keras.ops.concatenate([first[:, None], values[:, :-1]], axis=1)
    return found, values[:, -1]
