"""Long short-term memory with exponential gates."""

from __future__ import annotations

import math
from typing import ClassVar, Unpack

import keras

from zoo.cells.base import Cell, CellArguments, masked_state
from zoo.cells.gate_bias import Initialize, side_by_side
from zoo.keras_types import Config, Initializer
from zoo.tensors import Projected, RecurrentMask, States, StepOutputs, Tensor

FORGET_GATES = ("sigmoid", "exponential")


@keras.saving.register_keras_serializable(package="zoo")
class SLSTMCell(Cell):
    r"""One step of the scalar memory of an xLSTM (Beck et al. 2024, arXiv:2405.04517).

    With $\tilde y = x_t W_y + h_{t-1} U_y + b_y$ for each of i, f, z and o:

    $$i_t = \exp(\tilde i) \qquad f_t = \sigma(\tilde f) \text{ or } \exp(\tilde f) \qquad z_t = \tanh(\tilde z) \qquad
    o_t = \sigma(\tilde o)$$
    $$c_t = f_t \odot c_{t-1} + i_t \odot z_t \qquad n_t = f_t \odot n_{t-1} + i_t \qquad h_t = o_t \odot c_t / n_t$$

    The memory c is a weighted mean of all candidates: a later one can outweigh what was stored, which no gate between 0
    and 1 can do. The weights may be huge, so c and n are kept divided by $\exp(m_t)$, which cancels in $c_t / n_t$:

    $$m_t = \max(\log f_t + m_{t-1}, \tilde i) \qquad i'_t = \exp(\tilde i - m_t) \qquad
    f'_t = \exp(\log f_t + m_{t-1} - m_t)$$

    with i' and f' in the place of i and f. A unit whose n is not positive holds nothing yet; there $m_t = \tilde i$ and
    f' = 0. The recurrent kernel is whole: one head in the words of the paper.

    Args:
        units: size of the states and of the output.
        forget_gate: `sigmoid` or `exponential`.
        unit_forget_bias: start the forget gate's bias at 1: the cell remembers at first.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, 4 * units)`, recurrent_kernel U `(units, 4 * units)`, bias b `(4 * units,)`; the gates
        stand side by side in the order i, f, z, o.

    Raises:
        ValueError: if `forget_gate` is neither.
    """

    gates = 4
    gate_order = "ifzo"
    keeping_gates = "f"
    gate_names: ClassVar = {
        "i": "input gate i' (1 outweighs all before)",
        "f": "forget gate f'",
        "z": "candidate z",
        "o": "output gate o",
    }
    state_names = ("h", "c", "n", "m")
    fixed_first_states = ("c", "n", "m")

    def __init__(
        self,
        units: int,
        *,
        forget_gate: str = "sigmoid",
        unit_forget_bias: bool = True,
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        if forget_gate not in FORGET_GATES:
            raise ValueError(f"forget_gate must be one of {', '.join(FORGET_GATES)}, not {forget_gate!r}")
        super().__init__(units, **cell_arguments)
        self.forget_gate = forget_gate
        if forget_gate == "exponential":
            self.keeping_gates = ""  # of which a bias is no share
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """The states are h, c, n and m."""
        return [self.units] * 4

    def build_bias_initializer(self) -> Initializer | Initialize:
        """Ones for the forget gate where `unit_forget_bias`, `bias_initializer` for the rest."""
        if not self.unit_forget_bias:
            return self.bias_initializer
        rest = self.bias_initializer
        return side_by_side(self.units, [rest, keras.initializers.Ones(), rest, rest])

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the states are h, c, n and m."""
        after, _ = self.advance(self.products(projected, states, recurrent_mask), states)
        return after[0], after

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`; i and f are i' and f' of the equations."""
        (product,) = self.products(projected, states, recurrent_mask)
        i, f, z, o = keras.ops.split(self._stabilised(product, states)[0], 4, axis=-1)
        return {"i": i, "f": f, "z": z, "o": o}

    def _stabilised(self, product: Tensor, states: States) -> tuple[Tensor, Tensor, Tensor]:
        """The gates i', f', z and o side by side, m after the step, and log f."""
        _, _, n, m = states
        i, f, z, o = keras.ops.split(product, 4, axis=-1)
        log_f = keras.ops.log_sigmoid(f) if self.forget_gate == "sigmoid" else f
        kept = keras.ops.where(n > 0, log_f + m, -math.inf)
        m = keras.ops.maximum(i, kept)
        gates = [keras.ops.exp(i - m), keras.ops.exp(kept - m), keras.ops.tanh(z), keras.ops.sigmoid(o)]
        return keras.ops.concatenate(gates, axis=-1), m, log_f

    def no_backward(self) -> str | None:
        """None: it has one."""
        return None

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`."""
        return [projected + keras.ops.matmul(masked_state(states[0], recurrent_mask), self.recurrent_kernel)]

    def advance(
        self, products: list[Tensor], states: States, _recurrent_mask: RecurrentMask | None = None, /
    ) -> tuple[States, list[Tensor]]:
        """See `Cell.advance`.

        The residuals: i', f', z and o side by side, c and n before the step, c / n and n after it; with the sigmoid
        also the slope of log f.
        """
        _, c_before, n_before, _ = states
        gates, m, log_f = self._stabilised(products[0], states)
        i, f, z, o = keras.ops.split(gates, 4, axis=-1)
        c, n = f * c_before + i * z, f * n_before + i
        mean = c / n
        slope = [1 - keras.ops.exp(log_f)] if self.forget_gate == "sigmoid" else []
        return [o * mean, c, n, m], [gates, c_before, n_before, mean, n, *slope]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        gates, c_before, n_before, mean, n, *slope = residuals
        i, f, z, o = keras.ops.split(gates, 4, axis=-1)
        d_h, d_c, d_n, d_m = d_states
        d_mean = d_h * o / n
        d_c, d_n = d_c + d_mean, d_n - d_mean * mean
        d_i, d_kept = (d_c * z + d_n) * i, (d_c * c_before + d_n * n_before) * f
        d_m = d_m - d_i - d_kept  # which arrives at the one of the two that was the larger
        outweighed = i >= 1
        d_i = d_i + keras.ops.where(outweighed, d_m, 0)
        d_kept = d_kept + keras.ops.where(outweighed, 0, d_m)
        d_f = d_kept * slope[0] if slope else d_kept
        d_z, d_o = d_c * i * (1 - z * z), d_h * mean * o * (1 - o)
        d_projected = keras.ops.concatenate([d_i, d_f, d_z, d_o], axis=-1)
        d_before = masked_state(keras.ops.matmul(d_projected, transposed[0]), recurrent_mask)
        return d_projected, [d_before, d_c * f, d_n * f, d_kept]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "forget_gate": self.forget_gate,
            "unit_forget_bias": self.unit_forget_bias,
        }


CELL = SLSTMCell
