"""The bistable recurrent cell."""

from __future__ import annotations

from typing import ClassVar, Unpack

import keras

from zoo.cells.base import Cell, CellArguments, masked_state
from zoo.keras_types import Config
from zoo.tensors import Projected, RecurrentMask, Rows, State, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class BRCCell(Cell):
    r"""One step of a bistable recurrent cell (Vecoven et al. 2021, arXiv:2006.05252).

    $$a_t = 1 + \tanh(x_t W_a + u_a \odot h_{t-1} + b_a) \qquad c_t = \sigma(x_t W_c + u_c \odot h_{t-1} + b_c)$$
    $$\tilde h_t = \tanh(x_t W_h + a_t \odot h_{t-1} + b_h)$$
    $$h_t = c_t \odot h_{t-1} + (1 - c_t) \odot \tilde h_t$$

    Each unit feeds itself back with the gain a, between 0 and 2. Above 1 it has two stable states, and falls into one
    of them, so what it remembers does not fade. The gate c is the update gate of a GRU. With `neuromodulated` (nBRC)
    the gates of a unit see the states of all: $h_{t-1} U_a$ and $h_{t-1} U_c$ stand for $u_a \odot h_{t-1}$ and
    $u_c \odot h_{t-1}$. The paper has no $b_h$.

    Args:
        units: size of the state and of the output.
        neuromodulated: the gates see the states of all units.
        cell_arguments: see `Cell`. Recurrent dropout acts on what the gates see. `recurrent_initializer` is ones, of
            the neuromodulated cell orthogonal, as in the paper's code.

    Weights:
        kernel W `(features, 3 * units)` and bias b `(3 * units,)`, in the order a, c, h; recurrent_kernel `(units, 2)`,
        neuromodulated `(units, 2 * units)`, in the order a, c.
    """

    gates = 3
    gate_order = "ach"
    keeping_gates = "c"
    gate_names: ClassVar = {
        "a": "feedback a (above 1: bistable)",
        "c": "update gate c (1 keeps)",
        "h": "candidate h",
    }

    def __init__(
        self, units: int, *, neuromodulated: bool = False, **cell_arguments: Unpack[CellArguments]
    ) -> None:
        cell_arguments.setdefault("recurrent_initializer", "orthogonal" if neuromodulated else "ones")
        super().__init__(units, **cell_arguments)
        self.neuromodulated = neuromodulated

    def recurrent_shape(self) -> tuple[int, ...]:
        """`(units, 2 * units)` where neuromodulated, else `(units, 2)`."""
        return (self.units, 2 * self.units if self.neuromodulated else 2)

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the only state is h."""
        (h,) = states
        _, c, candidate = self.gate_values(projected, states, recurrent_mask).values()
        h = c * h + (1 - c) * candidate
        return h, [h]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        a, c, candidate = self._gates(self.products(projected, states, recurrent_mask)[0], states[0])
        return {"a": a, "c": c, "h": candidate}

    def _gates(self, product: Tensor, h: State) -> tuple[Tensor, Tensor, Tensor]:
        a, c, candidate = keras.ops.split(product, 3, axis=-1)
        a, c = 1 + keras.ops.tanh(a), keras.ops.sigmoid(c)
        return a, c, keras.ops.tanh(candidate + a * h)

    def no_backward(self) -> str | None:
        """None: it has one."""
        return None

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`: those of the gates, and the input's part of the candidate, side by side."""
        h, width = masked_state(states[0], recurrent_mask), 2 * self.units
        if self.neuromodulated:
            seen = keras.ops.matmul(h, self.recurrent_kernel)
        else:
            seen = keras.ops.concatenate([h, h], axis=-1) * keras.ops.ravel(
                keras.ops.transpose(self.recurrent_kernel)
            )
        return [keras.ops.concatenate([projected[:, :width] + seen, projected[:, width:]], axis=-1)]

    def advance(
        self, products: list[Tensor], states: States, _recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`; the residuals: a, c and the candidate side by side, and h before the step."""
        (h_before,) = states
        a, c, candidate = self._gates(products[0], h_before)
        h = c * h_before + (1 - c) * candidate
        return [h], [keras.ops.concatenate([a, c, candidate], axis=-1), h_before]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        gates, h_before = residuals
        a, c, candidate = keras.ops.split(gates, 3, axis=-1)
        (d_h,) = d_states
        d_candidate = d_h * (1 - c) * (1 - candidate * candidate)
        d_a = d_candidate * h_before * a * (2 - a)
        d_c = d_h * (h_before - candidate) * c * (1 - c)
        d_gates = keras.ops.concatenate([d_a, d_c], axis=-1)
        if self.neuromodulated:
            d_seen = keras.ops.matmul(d_gates, transposed[0])
        else:
            d_seen = d_a * transposed[0][0] + d_c * transposed[0][1]
        d_before = d_h * c + d_candidate * a + masked_state(d_seen, recurrent_mask)
        return keras.ops.concatenate([d_gates, d_candidate], axis=-1), [d_before]

    def recurrent_gradients(
        self, d_projected: Rows, _residuals: list[Rows], state_before: Rows, /
    ) -> list[Tensor]:
        """See `Cell.recurrent_gradients`."""
        d_gates = d_projected[:, : 2 * self.units]
        if self.neuromodulated:
            return [keras.ops.matmul(keras.ops.transpose(state_before), d_gates)]
        by_gate = [keras.ops.sum(state_before * d, axis=0) for d in keras.ops.split(d_gates, 2, axis=-1)]
        return [keras.ops.stack(by_gate, axis=-1)]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {**super().get_config(), "neuromodulated": self.neuromodulated}


CELL = BRCCell
