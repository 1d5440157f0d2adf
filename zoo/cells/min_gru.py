"""The minimal gated recurrent unit, which is linear in its state."""

from __future__ import annotations

from typing import ClassVar

import keras

from zoo.cells.elementwise import LinearCell
from zoo.tensors import Projected, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class MinGRUCell(LinearCell):
    r"""One step of a minGRU (Feng et al. 2024, "Were RNNs all we needed?", algorithm 3).

    $$z_t = \sigma(x_t W_z + b_z) \qquad \tilde h_t = x_t W_h + b_h$$
    $$h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t$$

    A GRU whose gate and candidate do not see the state. As in the paper z = 1 takes the candidate; in `gru` it keeps
    the state. This is the form with a sigmoid and any sign of the candidate, not the one in logarithms.

    Args:
        units: size of the state and of the output.
        cell_arguments: see `ElementwiseCell`.

    Weights:
        kernel W `(features, 2 * units)`, bias b `(2 * units,)`; side by side in the order z, h.
    """

    gates = 2
    gate_order = "zh"
    writing_gates = "z"
    gate_names: ClassVar = {"z": "update gate z (1 takes the candidate)", "h": "candidate h"}

    def input_gates(self, projected: Projected) -> dict[str, Tensor]:
        """See `LinearCell.input_gates`."""
        z, candidate = keras.ops.split(projected, 2, axis=-1)
        return {"z": keras.ops.sigmoid(z), "h": candidate}

    def coefficients(self, gates: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """See `LinearCell.coefficients`."""
        z, candidate = gates.values()
        return 1 - z, z * candidate


CELL = MinGRUCell
