"""A cell that the zoo does not know: what a user keeps in a module of their own."""

from __future__ import annotations

from typing import ClassVar

import keras

from zoo.cells.base import Cell, masked_state
from zoo.tensors import Projected, RecurrentMask, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="own")
class OwnCell(Cell):
    """A minimal gated unit (Zhou et al. 2016): h' = (1 - f) * h + f * h~."""

    gates = 2
    gate_names: ClassVar = {"f": "forgetting gate f", "c": "candidate c"}
    state_names = ("memory",)

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        h = masked_state(states[0], recurrent_mask)
        x_f, x_c = keras.ops.split(projected, 2, axis=-1)
        u_f, u_c = keras.ops.split(self.recurrent_kernel, 2, axis=-1)
        f = keras.ops.sigmoid(x_f + keras.ops.matmul(h, u_f))
        return {"f": f, "c": keras.ops.tanh(x_c + keras.ops.matmul(f * h, u_c))}

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`."""
        f, candidate = self.gate_values(projected, states, recurrent_mask).values()
        h = (1 - f) * states[0] + f * candidate
        return h, [h]


NAME = f"{__name__}:OwnCell"
