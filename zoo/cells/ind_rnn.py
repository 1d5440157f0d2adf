"""The independently recurrent neural network."""

from __future__ import annotations

from typing import Unpack

import keras

from zoo.cells.base import CellArguments, masked_state
from zoo.cells.vanilla import VanillaCell
from zoo.keras_types import Activation, Config
from zoo.tensors import Projected, RecurrentMask, Rows, Shape, States, Tensor

#: The largest gain of a state over `length` steps, forward and backward.
LARGEST_GAIN = 2.0


@keras.saving.register_keras_serializable(package="zoo")
class IndRNNCell(VanillaCell):
    r"""One step of an independently recurrent neural network (Li et al. 2018, arXiv:1803.04831).

    $$h_t = \varphi(x_t W + u \odot h_{t-1} + b)$$

    Each unit sees its own state alone; units meet in the layer above. So the gradient of a unit over n steps is a power
    of one number, and a bound on that number is a bound on the gradient: with $|u| \le 2^{1/T}$ neither state nor
    gradient grows more than twofold in T steps where $\varphi$ is relu.
    All but the recurrent product is the vanilla cell's.

    Args:
        units: size of the state and of the output.
        activation: `relu` as in the paper, `tanh`, or any Keras activation.
        length: T, the number of steps that a state must not grow in. None: any number, $|u| \le 1$. The recurrent
            weights start uniform between 0 and the bound, unless `recurrent_initializer` says otherwise, and are
            clipped after each step of training.
        cell_arguments: see `Cell`.

    Weights:
        kernel W `(features, units)`, recurrent_kernel u `(units, 1)`, bias b `(units,)`.

    Raises:
        ValueError: if `length` is below 1.
    """

    gate_order = None  # its recurrent kernel is not that of torch's network

    def __init__(
        self,
        units: int,
        *,
        activation: Activation | str = "relu",
        length: int | None = None,
        **cell_arguments: Unpack[CellArguments],
    ) -> None:
        if length is not None and length < 1:
            raise ValueError(f"length must be at least 1 or None, not {length!r}")
        self._bound = 1.0 if length is None else LARGEST_GAIN ** (1 / length)
        uniform = keras.initializers.RandomUniform(0.0, self._bound)
        cell_arguments.setdefault("recurrent_initializer", uniform)
        super().__init__(units, activation=activation, **cell_arguments)
        self.length = length

    def build(self, input_shape: Shape) -> None:
        """Create the weights; the recurrent ones are a number for each unit."""
        self.build_kernel(input_shape)
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, 1),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=Clipped(self._bound),
        )
        self.build_bias()
        self.built = True

    def products(
        self, projected: Projected, states: States, recurrent_mask: RecurrentMask | None = None
    ) -> list[Tensor]:
        """See `Cell.products`; here they are products of numbers."""
        return [projected + masked_state(states[0], recurrent_mask) * self.recurrent_kernel[:, 0]]

    def step_backward(
        self,
        residuals: list[Tensor],
        d_states: States,
        recurrent_mask: RecurrentMask | None,
        transposed: list[Tensor],
    ) -> tuple[Projected, States]:
        """See `Cell.step_backward`."""
        d_projected = d_states[0] * residuals[0]
        return d_projected, [masked_state(d_projected * transposed[0], recurrent_mask)]

    def transposed_kernels(self) -> list[Tensor]:
        """The recurrent weights as a row."""
        return [keras.ops.transpose(self.recurrent_kernel)]

    def recurrent_gradients(
        self, d_projected: Rows, _residuals: list[Rows], state_before: Rows, /
    ) -> list[Tensor]:
        """See `Cell.recurrent_gradients`."""
        return [keras.ops.sum(state_before * d_projected, axis=0)[:, None]]

    def get_config(self) -> Config:
        """See `Cell.get_config`."""
        return {**super().get_config(), "length": self.length}


class Clipped(keras.constraints.Constraint):
    """Weights of at most `bound`, whatever their sign."""

    def __init__(self, bound: float) -> None:
        self.bound = bound

    def __call__(self, weights: Tensor) -> Tensor:
        """The weights within the bound."""
        return keras.ops.clip(weights, -self.bound, self.bound)


CELL = IndRNNCell
