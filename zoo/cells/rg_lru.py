"""The real-gated linear recurrent unit of Griffin."""

from __future__ import annotations

from typing import ClassVar

import keras

from zoo.cells.elementwise import LinearCell
from zoo.tensors import Projected, Shape, Tensor

#: The c of the paper: how much faster than the slowest decay a gate can let a unit decay.
SHARPNESS = 8.0
#: Below this 1 - a² is taken for this: the root has no slope at zero, where a gate is shut to the last digit.
LEAST = 1e-12


@keras.saving.register_keras_serializable(package="zoo")
class RGLRUCell(LinearCell):
    r"""One step of a real-gated linear recurrent unit (De et al. 2024, "Griffin", equations 1 to 4).

    $$v_t = x_t W_v + b_v \qquad r_t = \sigma(x_t W_r + b_r) \qquad i_t = \sigma(x_t W_i + b_i)$$
    $$a_t = \sigma(\Lambda)^{8 r_t} \qquad h_t = a_t \odot h_{t-1} + \sqrt{1 - a_t^2} \odot (i_t \odot v_t)$$

    In Griffin's block a linear map and a convolution over four steps stand before the unit, and a gated branch beside
    it. Of these the cell has the linear map, v; its gates read the inputs.

    Args:
        units: size of the state and of the output.
        cell_arguments: see `ElementwiseCell`.

    Weights:
        kernel W `(features, 3 * units)`, bias b `(3 * units,)`; side by side in the order v, r, i. decay $\Lambda$
        `(units,)`, at first such that $\sigma(\Lambda)^8$ is spread evenly from 0.9 to 0.999, as in the paper.
    """

    gates = 3
    gate_names: ClassVar = {"v": "input v", "r": "recurrence gate r (1 forgets)", "i": "input gate i"}

    def build(self, input_shape: Shape) -> None:
        """See `ElementwiseCell.build`; also the decay."""
        super().build(input_shape)
        self.decay = self.add_weight(shape=(self.units,), name="decay", initializer=_spread)

    def input_gates(self, projected: Projected) -> dict[str, Tensor]:
        """See `LinearCell.input_gates`."""
        v, r, i = keras.ops.split(projected, 3, axis=-1)
        return {"v": v, "r": keras.ops.sigmoid(r), "i": keras.ops.sigmoid(i)}

    def coefficients(self, gates: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """See `LinearCell.coefficients`."""
        v, r, i = gates.values()
        log_a = SHARPNESS * r * keras.ops.log_sigmoid(self.decay)
        left = keras.ops.maximum(-keras.ops.expm1(2 * log_a), LEAST)
        return keras.ops.exp(log_a), keras.ops.sqrt(left) * i * v


def _spread(shape: Shape, dtype: str | None = None) -> Tensor:
    """Decays whose state keeps 0.9 to 0.999 of itself in a step with the gate open."""
    kept = keras.initializers.RandomUniform(0.9, 0.999)(shape, dtype=dtype) ** (1 / SHARPNESS)
    return keras.ops.log(kept) - keras.ops.log1p(-kept)


CELL = RGLRUCell
