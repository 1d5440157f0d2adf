"""Raw values in, raw values out: the normalisation of each window as layers of the model.

Raw values are float64 until their level is subtracted, and again when it has been added: of a meter that stands at
1.2e9, float32 knows every 128th number only. What lies between, the differences, is float32.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tasks.forecasting.normalisation import FARTHEST, Normalisation
from zoo.tensors import Inputs, Shape, Tensor, last_axis

RAW = "float64"  # of values, levels and scales in the units of the data


@keras.saving.register_keras_serializable(package="zoo")
class WindowNormalisation(keras.layers.Layer):
    """Shift and scale each window, in float64.

    Args:
        mean, deviation: of each variable in train.
        kind, spread: see `zoo.tasks.forecasting.normalisation`.

    Returns:
        The normalised window `(batch, window, variables)` in float32, and the shift and the scale
        `(batch, 1, variables)` in float64.
    """

    def __init__(
        self,
        mean: Iterable[float],
        deviation: Iterable[float],
        kind: str = "last",
        spread: Iterable[float] = (),
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        super().__init__(**{"dtype": "float32", "autocast": False, **layer_arguments})
        self.mean = [float(value) for value in mean]
        self.deviation = [float(value) for value in deviation]
        self.spread = [float(value) for value in spread]
        self.kind = kind
        self._normalisation = Normalisation(kind, self.mean, self.deviation, self.spread)

    def call(self, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        normalised, shift, scale = self._normalisation(ops.cast(inputs, RAW), ops)
        return ops.cast(normalised, self.compute_dtype), shift, scale

    def compute_output_spec(self, inputs: Inputs) -> tuple[Tensor, ...]:
        """Shapes without computing."""
        unit_shape = (inputs.shape[0], 1, inputs.shape[2])
        normalised = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        return normalised, *(keras.KerasTensor(unit_shape, dtype=RAW) for _ in range(2))

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {
            **super().get_config(), "mean": self.mean, "deviation": self.deviation, "kind": self.kind,
            "spread": self.spread,
        }  # fmt: skip


@keras.saving.register_keras_serializable(package="zoo")
class Standardise(keras.layers.Layer):
    """Subtract a mean and divide by a deviation that were learnt on train, in float64; the result is float32.

    Args:
        mean, deviation: of each feature.
    """

    def __init__(
        self, mean: Iterable[float], deviation: Iterable[float], **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        super().__init__(**{"dtype": "float32", "autocast": False, **layer_arguments})
        self.mean = [float(value) for value in mean]
        self.deviation = [float(value) for value in deviation]

    def call(self, inputs: Inputs) -> Tensor:
        """`(batch, time, features)` to the same shape."""
        mean, deviation = (ops.convert_to_tensor(array, dtype=RAW) for array in (self.mean, self.deviation))
        return ops.cast((ops.cast(inputs, RAW) - mean) / deviation, self.compute_dtype)

    def compute_output_spec(self, inputs: Inputs) -> Tensor:
        """The shape of the inputs."""
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "mean": self.mean, "deviation": self.deviation}


@keras.saving.register_keras_serializable(
    package="zoo", name="Judgement"
)  # its name in models of version 0.1
class ErrorScale(keras.layers.Layer):
    """The unit in which errors count, and Huber's threshold: what `zoo.tasks.forecasting.losses.loss` needs to know.

    Args:
        unit: of each variable.
        delta: the threshold; 0 stands for the absolute error, infinity for the squared error.
    """

    def __init__(
        self, unit: Iterable[float], delta: float, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        super().__init__(**{"dtype": "float32", "autocast": False, **layer_arguments})
        self.unit = [float(value) for value in unit]
        self.delta = float(delta)

    def call(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """`(batch, time, variables)` to `unit (batch, 1, variables)` in float64 and `delta (batch, 1, 1)`."""
        zero = ops.zeros_like(inputs[:, :1, :], dtype=RAW)
        delta = ops.cast(zero[..., :1], self.compute_dtype) + self.delta
        return zero + ops.convert_to_tensor(self.unit, dtype=RAW), delta

    def compute_output_spec(self, inputs: Inputs) -> tuple[Tensor, ...]:
        """Shapes without computing."""
        unit = keras.KerasTensor((inputs.shape[0], 1, inputs.shape[2]), dtype=RAW)
        return unit, keras.KerasTensor((inputs.shape[0], 1, 1), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "unit": self.unit, "delta": self.delta}


@keras.saving.register_keras_serializable(package="zoo")
class Forecast(keras.layers.Layer):
    """Back to raw units, quantiles in rising order, in float64.

    Sorting quantiles that cross never raises their pinball loss (Chernozhukov et al. 2010).

    Args:
        of_logarithms: whether they are forecasts of logarithms.

    Call arguments:
        inputs: `(batch, steps, variables, levels)`, normalised.
        shift, scale: as `WindowNormalisation` gives them; or a shift of each step `(batch, steps, variables)`.
    """

    def __init__(self, of_logarithms: bool = False, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**{"dtype": "float32", "autocast": False, **layer_arguments})
        self.of_logarithms = bool(of_logarithms)

    def call(self, inputs: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        """See the class."""
        levels = ops.cast(inputs, RAW)
        ordered = ops.sort(levels, axis=-1) if last_axis(inputs.shape) > 1 else levels
        distance, shift = ordered * ops.cast(scale, RAW)[..., None], ops.cast(shift, RAW)[..., None]
        if not self.of_logarithms:
            return distance + shift
        return ops.exp(ops.clip(distance, -FARTHEST, FARTHEST) + shift)

    def compute_output_spec(self, inputs: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
        """The shape of the inputs."""
        del shift, scale
        return keras.KerasTensor(inputs.shape, dtype=RAW)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "of_logarithms": self.of_logarithms}


@keras.saving.register_keras_serializable(package="zoo")
class BlockEmbedding(keras.layers.Layer):
    """What tells the blocks of the horizon, and the variables, apart: learnt vectors of positions and channels.

    Args:
        blocks: of the horizon.
        channels: rows of the batch come in groups of so many; 1 where there is one kind of row.
        size: of the vectors, half for the position where there are channels (Lin et al. 2023).

    Call arguments:
        like: `(rows, …)`; its number of rows counts, no value.

    Returns:
        `(rows, blocks, size)`.
    """

    def __init__(
        self, blocks: int, channels: int, size: int, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        super().__init__(**layer_arguments)
        self.blocks, self.channels, self.size = blocks, channels, size

    def build(self, like_shape: Shape) -> None:
        """Make the vectors."""
        del like_shape
        of_channel = self.size // 2 if self.channels > 1 else 0
        self.positions = self.add_weight(
            shape=(self.blocks, self.size - of_channel), initializer="random_normal", name="positions"
        )
        self.names = None
        if of_channel:
            self.names = self.add_weight(
                shape=(self.channels, of_channel), initializer="random_normal", name="channels"
            )
        self.built = True

    def call(self, like: Tensor) -> Tensor:
        """See the class."""
        groups = ops.shape(like)[0] // self.channels
        positions = ops.broadcast_to(
            self.positions[None, None], (groups, self.channels, self.blocks, self.positions.shape[-1])
        )
        if self.names is None:
            joined = positions
        else:
            size = self.names.shape[-1]
            names = ops.broadcast_to(self.names[None, :, None], (groups, self.channels, self.blocks, size))
            joined = ops.concatenate([positions, names], axis=-1)
        return ops.reshape(joined, (-1, self.blocks, self.size))

    def compute_output_spec(self, like: Tensor) -> Tensor:
        """`(rows, blocks, size)`."""
        return keras.KerasTensor((like.shape[0], self.blocks, self.size), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {
            **super().get_config(), "blocks": self.blocks, "channels": self.channels, "size": self.size,
        }  # fmt: skip
