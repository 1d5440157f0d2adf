"""The mean of the inputs: no recurrence, the order-agnostic baseline."""

from __future__ import annotations

import keras

from zoo.cells.elementwise import ElementwiseCell
from zoo.tensors import Mask, Outputs, Projected, RecurrentMask, States, StepOutputs


@keras.saving.register_keras_serializable(package="zoo")
class MeanCell(ElementwiseCell):
    r"""The mean of the projected inputs so far, blind to their order: what a recurrence has to beat.

    $$h_t = \frac{1}{t} \sum_{s \le t} (x_s W + b)$$

    Its last output is a linear map of the mean of all inputs ("bag of embeddings"); its output at step t sees the
    inputs up to t only, so that it can also stand in a language model or a decoder.

    Args:
        units: size of the output.
        cell_arguments: see `ElementwiseCell`.

    Weights:
        kernel W `(features, units)`, bias b `(units,)`.
    """

    gates = 1
    order_agnostic = True
    state_names = ("mean", "count")

    @property
    def state_size(self) -> list[int]:
        """The states are the mean so far, and the number of steps so far."""
        return [self.units, 1]

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the states are the mean and the number of steps."""
        del recurrent_mask  # always None: there is no recurrent product
        mean, count = states
        mean = (mean * count + projected) / (count + 1)
        return mean, [mean, count + 1]

    def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
        """See `Cell.scan`: the running sum, over the running count."""
        mean, count = states
        present = keras.ops.ones_like(projected[..., :1])
        if mask is not None:
            present = keras.ops.cast(mask, projected.dtype)[..., None]
        counts = count[:, None] + keras.ops.cumsum(present, axis=1)
        sums = (mean * count)[:, None] + keras.ops.cumsum(projected * present, axis=1)
        means = sums / keras.ops.maximum(counts, 1)
        return means, [means[:, -1], counts[:, -1]]


CELL = MeanCell
