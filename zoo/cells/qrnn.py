"""The quasi-recurrent network: gates of a convolution over time, pooled by a recurrence."""

from __future__ import annotations

from typing import ClassVar, Unpack

import keras

from zoo.cells.base import CellArguments
from zoo.cells.elementwise import LinearCell, held
from zoo.keras_types import Config
from zoo.tensors import Mask, Outputs, Projected, RecurrentMask, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class QRNNCell(LinearCell):
    r"""One step of a quasi-recurrent network with fo-pooling (Bradbury et al. 2017, equations 1, 3 and 5).

    $$z_t = \tanh(x_t W_z + x_{t-1} V_z + b_z)$$
    $$f_t = \sigma(x_t W_f + x_{t-1} V_f + b_f) \qquad o_t = \sigma(x_t W_o + x_{t-1} V_o + b_o)$$
    $$c_t = f_t \odot c_{t-1} + (1 - f_t) \odot z_t \qquad h_t = o_t \odot c_t$$

    The gates are a causal convolution over the last two inputs, or with `window=1` over the last one alone, without V.
    So that one step can follow another, a second state keeps what an input gives to the step after it, $x_{t-1} V$:
    zero before the first, and handed on over masked steps as any state.

    Args:
        units: size of the memory c and of the output.
        window: 1 or 2, over how many inputs the gates look.
        cell_arguments: see `ElementwiseCell`.

    Weights:
        kernel `(features, 3 * window * units)`: W, and V beside it, each in the order z, f, o. bias b `(3 * units,)`.

    Raises:
        ValueError: if `window` is neither 1 nor 2.
    """

    gates = 6  # of the default window; each cell has those of its own
    gate_names: ClassVar = {"z": "candidate z", "f": "forget gate f", "o": "output gate o"}

    def __init__(self, units: int, *, window: int = 2, **cell_arguments: Unpack[CellArguments]) -> None:
        super().__init__(units, **cell_arguments)
        if window not in (1, 2):
            raise ValueError(f"window must be 1 or 2, not {window}")
        self.window = window
        self.gates = 3 * window
        self.state_names = ("c", "before")[:window]

    @property
    def state_size(self) -> list[int]:
        """The states are c and, with a window of 2, what the input before gives to the gates."""
        return [self.units, 3 * self.units][: self.window]

    def bias_shape(self) -> tuple[int, ...]:
        """Shape of the bias: one for each gate, whatever the window."""
        return (3 * self.units,)

    def project(self, inputs: Tensor) -> Projected:
        """See `Cell.project`: what an input gives to its own step, and beside it what it gives to the next."""
        projected = keras.ops.matmul(inputs, self.kernel)
        if self.bias is None:
            return projected
        later = keras.ops.zeros(((self.window - 1) * 3 * self.units,), dtype=projected.dtype)
        return projected + keras.ops.concatenate([self.bias, later])

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`."""
        gates = self.gate_values(projected, states, recurrent_mask)
        a, b = self.coefficients(gates)
        c = a * states[0] + b
        return self.read_out(c, gates), [c, *keras.ops.split(projected, self.window, axis=-1)[1:]]

    def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
        """See `Cell.scan`."""
        if self.window == 1:
            return super().scan(projected, mask, states)
        now, later = keras.ops.split(projected, 2, axis=-1)
        before, kept = held(later, states[1], mask)
        outputs, memory = super().scan(now + before, mask, states[:1])
        return outputs, [*memory, kept]

    def gate_values(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> dict[str, Tensor]:
        """See `Cell.gate_values`."""
        del recurrent_mask  # always None: there is no recurrent product
        now = projected[:, : 3 * self.units]
        return self.input_gates(now if self.window == 1 else now + states[1])

    def input_gates(self, projected: Projected) -> dict[str, Tensor]:
        """See `LinearCell.input_gates`; what all inputs in the window give together."""
        z, f, o = keras.ops.split(projected, 3, axis=-1)
        return {"z": keras.ops.tanh(z), "f": keras.ops.sigmoid(f), "o": keras.ops.sigmoid(o)}

    def coefficients(self, gates: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """See `LinearCell.coefficients`."""
        z, f, _ = gates.values()
        return f, (1 - f) * z

    def read_out(self, state: Tensor, gates: dict[str, Tensor], /) -> Tensor:
        """See `LinearCell.read_out`."""
        return gates["o"] * state

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {**super().get_config(), "window": self.window}


CELL = QRNNCell
