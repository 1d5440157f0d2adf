"""The mean of the inputs: no recurrence, the order-agnostic baseline."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.cells.base import Cell, CellArguments
from zoo.tensors import Mask, Outputs, Projected, RecurrentMask, Shape, States, StepOutputs


@keras.saving.register_keras_serializable(package="zoo")
class MeanCell(Cell):
    r"""The mean of the projected inputs so far, blind to their order: what a recurrence has to beat.

    $$h_t = \frac{1}{t} \sum_{s \le t} (x_s W + b)$$

    Its last output is a linear map of the mean of all inputs ("bag of embeddings"); its output at step t sees the
    inputs up to t only, so that it can also stand in a language model or a decoder.

    Args:
        units: size of the output.
        cell_arguments: see `Cell`. There is no recurrent product, so `recurrent_dropout` must be 0.

    Weights:
        kernel W `(features, units)`, bias b `(units,)`.

    Raises:
        ValueError: if `recurrent_dropout` is not 0.
    """

    gates = 1
    order_agnostic = True
    state_names = ("mean", "count")

    def __init__(self, units: int, **cell_arguments: Unpack[CellArguments]) -> None:
        super().__init__(units, **cell_arguments)
        if self.recurrent_dropout:
            raise ValueError(
                "the order-agnostic cell has no recurrent product, so recurrent_dropout must be 0"
            )

    @property
    def state_size(self) -> list[int]:
        """The states are the mean so far, and the number of steps so far."""
        return [self.units, 1]

    def build(self, input_shape: Shape) -> None:
        """Create kernel and bias; there is no recurrent kernel."""
        self.build_kernel(input_shape)
        self.build_bias()
        self.built = True

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the states are the mean and the number of steps."""
        del recurrent_mask  # always None, see the constructor
        mean, count = states
        mean = (mean * count + projected) / (count + 1)
        return mean, [mean, count + 1]

    def scan(self, projected: Outputs, mask: Mask, states: States) -> tuple[Outputs, States]:
        """All steps at once, which this recurrence allows (a cumulative sum).

        Args:
            projected: `(batch, time, units)`.
            mask: `(batch, time)`, True where there is an input.
            states: mean `(batch, units)` and count `(batch, 1)` before the first step.

        Returns:
            Outputs `(batch, time, units)`, zero where masked, and the final states.
        """
        mean, count = states
        present = keras.ops.cast(mask, projected.dtype)[..., None]
        counts = count[:, None] + keras.ops.cumsum(present, axis=1)
        sums = (mean * count)[:, None] + keras.ops.cumsum(projected * present, axis=1)
        means = sums / keras.ops.maximum(counts, 1)
        return means * present, [means[:, -1], counts[:, -1]]


CELL = MeanCell
