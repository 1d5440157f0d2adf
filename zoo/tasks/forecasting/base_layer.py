"""The base forecast as a layer of the model: raw windows in, raw forecasts out, in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tasks.forecasting.layers import RAW
from zoo.tasks.forecasting.normalisation import Normalisation
from zoo.tensors import Shape, Tensor

if TYPE_CHECKING:
    from zoo.tasks.forecasting.base_forecast import Part


#: So many times as fast as other weights the shares of the base forecast are learnt.
SPEED = 10.0
#: What the square of a share costs, in units of the loss: where the model is as good without the base, it goes.
COST = 0.03


@keras.saving.register_keras_serializable(package="zoo")
class Correction(keras.layers.Layer):
    """What a model gives, added to a share of the base forecast, which is learnt and begins as the whole.

    Each step, variable and level has a learnt number besides, so that intervals need not begin with no width.

    Call arguments:
        inputs: `(batch, steps, variables, levels)`, what the model gives.
        base: `(batch, steps, variables)`, the base forecast, normalised.
    """

    def build(self, inputs_shape: Shape, base_shape: Shape) -> None:
        """Make the shares, `SPEED` times which is 1, and the numbers, all 0."""
        whole = keras.initializers.Constant(1 / SPEED)
        self.shares = self.add_weight(shape=base_shape[1:], initializer=whole, name="shares")
        self.offsets = self.add_weight(shape=inputs_shape[1:], initializer="zeros", name="offsets")
        self.built = True

    def call(self, inputs: Tensor, base: Tensor) -> Tensor:
        """See the class."""
        shares = SPEED * self.shares
        self.add_loss(COST * ops.mean(ops.square(shares)))
        return inputs + self.offsets + (shares * base)[..., None]

    def compute_output_spec(self, inputs: Tensor, base: Tensor) -> Tensor:
        """The shape of the inputs."""
        del base
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)


@keras.saving.register_keras_serializable(package="zoo")
class LinearBase(keras.layers.Layer):
    """The mean of forecasts that are linear in windows which are normalised in one or several ways.

    Its weights are set by `assign` and never trained.

    Args:
        steps: that are forecast.
        kinds: of normalisation; see `zoo.tasks.forecasting.normalisation`.
        mean, deviation, spread: of each variable in train, for all of them.

    Call arguments:
        inputs: raw `(batch, window, variables)`.

    Returns:
        `(batch, steps, variables)` in float64.
    """

    def __init__(
        self,
        steps: int,
        kinds: tuple[str, ...],
        mean: list[float],
        deviation: list[float],
        spread: list[float],
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        super().__init__(**{"dtype": RAW, "autocast": False, "trainable": False, **layer_arguments})
        self.steps, self.kinds = steps, tuple(kinds)
        self.facts = [[float(value) for value in fact] for fact in (mean, deviation, spread)]
        self._normalisations = {kind: Normalisation(kind, *self.facts) for kind in self.kinds}

    def build(self, inputs_shape: Shape) -> None:
        """Make the matrices, all 0."""
        _, window, variables = inputs_shape

        def weight(name: str, *shape: int | None) -> keras.Variable:
            return self.add_weight(shape=shape, initializer="zeros", name=name, trainable=False, dtype=RAW)

        self.matrices = [weight(f"matrix_{kind}", variables, window, self.steps) for kind in self.kinds]
        self.constants = [weight(f"constant_{kind}", variables, self.steps) for kind in self.kinds]
        self.shares = weight("shares", len(self.kinds))
        self.built = True

    def assign(self, parts: Mapping[str, Part]) -> None:
        """Take the matrices, constants and shares of a base forecast, by kind."""
        for kind, matrix, constant in zip(self.kinds, self.matrices, self.constants, strict=True):
            matrix.assign(parts[kind].matrix)
            constant.assign(parts[kind].constant)
        self.shares.assign([parts[kind].share for kind in self.kinds])

    def call(self, inputs: Tensor) -> Tensor:
        """See the class."""
        values = ops.cast(inputs, RAW)
        forecast = ops.zeros((), dtype=RAW)
        for n, normalisation in enumerate(self._normalisations.values()):
            normalised, shift, scale = normalisation(values, ops)
            mapped = ops.einsum("bwv,vws->bsv", normalised, self.matrices[n])
            mapped = mapped + ops.transpose(self.constants[n])
            forecast = forecast + self.shares[n] * normalisation.back(mapped, shift, scale, ops)
        return forecast

    def compute_output_spec(self, inputs: Tensor) -> Tensor:
        """`(batch, steps, variables)`."""
        return keras.KerasTensor((inputs.shape[0], self.steps, inputs.shape[2]), dtype=RAW)

    def get_config(self) -> Config:
        """Every constructor argument."""
        mean, deviation, spread = self.facts
        return {
            **super().get_config(), "steps": self.steps, "kinds": list(self.kinds), "mean": mean,
            "deviation": deviation, "spread": spread,
        }  # fmt: skip
