"""The minimal long short-term memory, which is linear in its state."""

from __future__ import annotations

from typing import ClassVar

import keras

from zoo.cells.elementwise import LinearCell
from zoo.tensors import Projected, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class MinLSTMCell(LinearCell):
    r"""One step of a minLSTM (Feng et al. 2024, "Were RNNs all we needed?", algorithm 5).

    $$f_t = \sigma(x_t W_f + b_f) \qquad i_t = \sigma(x_t W_i + b_i) \qquad \tilde h_t = x_t W_h + b_h$$
    $$f'_t = \frac{f_t}{f_t + i_t} \qquad i'_t = \frac{i_t}{f_t + i_t}$$
    $$h_t = f'_t \odot h_{t-1} + i'_t \odot \tilde h_t$$

    An LSTM whose gates do not see the state, without output gate, and with gates that add up to one. This is the form
    with sigmoids and any sign of the candidate, not the one in logarithms. The quotient is computed as
    $f' = \sigma(\log f - \log i)$, which is the same and never divides zero by zero.

    Args:
        units: size of the state and of the output.
        cell_arguments: see `ElementwiseCell`.

    Weights:
        kernel W `(features, 3 * units)`, bias b `(3 * units,)`; side by side in the order f, i, h.
    """

    gates = 3
    gate_order = "fih"
    keeping_gates, writing_gates = "f", "i"
    gate_names: ClassVar = {
        "f": "forget gate f (of f + i)",
        "i": "input gate i (of f + i)",
        "h": "candidate h",
    }

    def input_gates(self, projected: Projected) -> dict[str, Tensor]:
        """See `LinearCell.input_gates`; f and i are those that add up to one."""
        f, i, candidate = keras.ops.split(projected, 3, axis=-1)
        difference = keras.ops.log_sigmoid(f) - keras.ops.log_sigmoid(i)
        return {"f": keras.ops.sigmoid(difference), "i": keras.ops.sigmoid(-difference), "h": candidate}

    def coefficients(self, gates: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """See `LinearCell.coefficients`."""
        f, i, candidate = gates.values()
        return f, i * candidate


CELL = MinLSTMCell
