"""The linear recurrent unit: a complex state on the diagonal, in real arithmetic."""

from __future__ import annotations

import math
from typing import Unpack

import keras

from zoo.cells.base import CellArguments
from zoo.cells.elementwise import ElementwiseCell
from zoo.keras_types import Config
from zoo.scan.linear import complex_linear_scan
from zoo.scan.numbers import plus, times
from zoo.tensors import Mask, Outputs, Projected, RecurrentMask, Shape, States, StepOutputs, Tensor


@keras.saving.register_keras_serializable(package="zoo")
class LRUCell(ElementwiseCell):
    r"""One step of a linear recurrent unit (Orvieto et al. 2023, "Resurrecting recurrent neural networks").

    $$\lambda = \exp(-e^{\nu} + i e^{\theta}) \qquad s_t = \lambda \odot s_{t-1} + e^{\gamma} \odot (x_t B + b)$$
    $$h_t = \mathrm{Re}(s_t C) + x_t D + b_D$$

    Each number of the complex state s turns by an angle and shrinks by a factor below 1 at each step, the same ones for
    all inputs: there is no gate. What is not linear stands between layers, in the paper a gate that follows each.

    Args:
        units: size of the output, and of the complex state.
        least_radius, largest_radius: between which $|\lambda|$ starts; nearer to 1 remembers longer.
        largest_angle: up to which the angle of $\lambda$ starts, in radians.
        cell_arguments: see `ElementwiseCell`.

    Weights:
        kernel `(features, 3 * units)`: Re B, Im B and D side by side; bias `(3 * units,)` likewise. decay $\nu$, angle
        $\theta$ and scale $\gamma$, each `(units,)`; $e^\gamma$ starts at $\sqrt{1 - |\lambda|^2}$. output_kernel
        `(2 * units, units)`: Re C above -Im C.

    Raises:
        ValueError: if not 0 <= least_radius < largest_radius <= 1, or if the angle is not positive.
    """

    gates = 3
    state_names = ("real", "imaginary")

    def __init__(
        self,
        units: int,
        *,
        least_radius: float = 0.0,
        largest_radius: float = 1.0,
        largest_angle: float = 2 * math.pi,
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        super().__init__(units, **cell_arguments)
        if not 0 <= least_radius < largest_radius <= 1:
            raise ValueError(
                f"least_radius and largest_radius must be 0 to 1, the least first, not {least_radius}, {largest_radius}"
            )
        if not largest_angle > 0:
            raise ValueError(f"largest_angle must be above 0, not {largest_angle}")
        self.least_radius = least_radius
        self.largest_radius = largest_radius
        self.largest_angle = largest_angle

    @property
    def state_size(self) -> list[int]:
        """The states are the real and the imaginary part of s."""
        return [self.units, self.units]

    def build(self, input_shape: Shape) -> None:
        """See `ElementwiseCell.build`; also decay, angle, scale and the output kernel."""
        super().build(input_shape)
        shape = (self.units,)
        # Even on the ring: the square of the radius is uniform. It gives the same numbers each time it is called.
        squared_radius = keras.initializers.RandomUniform(self.least_radius**2, self.largest_radius**2)
        angle = keras.initializers.RandomUniform(0, self.largest_angle)

        def start_of_decay(shape: Shape, dtype: str | None = None) -> Tensor:
            return keras.ops.log(-0.5 * keras.ops.log(_inside(squared_radius(shape, dtype=dtype))))

        def start_of_scale(shape: Shape, dtype: str | None = None) -> Tensor:
            return 0.5 * keras.ops.log1p(-_inside(squared_radius(shape, dtype=dtype)))

        def start_of_angle(shape: Shape, dtype: str | None = None) -> Tensor:
            return keras.ops.log(keras.ops.maximum(angle(shape, dtype=dtype), 1e-6))

        self.decay = self.add_weight(shape=shape, name="decay", initializer=start_of_decay)
        self.angle = self.add_weight(shape=shape, name="angle", initializer=start_of_angle)
        self.scale = self.add_weight(shape=shape, name="scale", initializer=start_of_scale)
        self.output_kernel = self.add_weight(
            shape=(2 * self.units, self.units),
            name="output_kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
        )

    def project(self, inputs: Tensor) -> Projected:
        r"""See `Cell.project`; what enters the state is scaled: $e^\gamma$ times kernel and bias are less to do than
        times what comes of every step."""
        scale = keras.ops.exp(self.scale)
        scale = keras.ops.concatenate([scale, scale, keras.ops.ones_like(scale)])
        projected = keras.ops.matmul(inputs, self.kernel * scale)
        return projected if self.bias is None else projected + self.bias * scale

    def step(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> tuple[StepOutputs, States]:
        """See `Cell.step`; the states are the real and the imaginary part."""
        del recurrent_mask  # always None: there is no recurrent product
        *entered, passed = keras.ops.split(projected, 3, axis=-1)
        after = plus(times(self._factor(), states), entered)
        return self._read_out(after, passed), after

    def scan(self, projected: Projected, mask: Mask | None, states: States) -> tuple[Outputs, States]:
        """See `Cell.scan`."""
        *entered, passed = keras.ops.split(projected, 3, axis=-1)
        after = complex_linear_scan(self._factor(), entered, states, mask)
        return self._read_out(after, passed), [part[:, -1] for part in after]

    def _factor(self) -> list[Tensor]:
        """The real and the imaginary part of λ."""
        radius, angle = keras.ops.exp(-keras.ops.exp(self.decay)), keras.ops.exp(self.angle)
        return [radius * keras.ops.cos(angle), radius * keras.ops.sin(angle)]

    def _read_out(self, state: list[Tensor], passed: Tensor) -> Tensor:
        products = map(keras.ops.matmul, state, keras.ops.split(self.output_kernel, 2))
        return sum(products, start=passed)

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {
            **super().get_config(),
            "least_radius": self.least_radius,
            "largest_radius": self.largest_radius,
            "largest_angle": self.largest_angle,
        }


def _inside(squared_radius: Tensor) -> Tensor:
    """Neither 0 nor 1, whose logarithms are no numbers."""
    return keras.ops.clip(squared_radius, 1e-6, 1 - 1e-6)


CELL = LRUCell
