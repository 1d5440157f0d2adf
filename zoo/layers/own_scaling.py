"""Sequences of numbers, each on a scale of its own, which is said beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, Unpack

import keras
import numpy as np
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.layers.pooling import masked_mean
from zoo.tensors import Inputs, Mask, Tensor

#: Mean and deviation of a number over the training split, of each channel.
Moments: TypeAlias = Sequence[Sequence[float]]
#: Numbers of 32 bits whose squares, and sums of these, are some too.
LARGEST = 1e15


@keras.saving.register_keras_serializable(package="zoo")
class OwnScaling(keras.layers.Layer):
    """Less its own mean and divided by its own deviation, each channel of a sequence shows its course however large its
    numbers are; and at each step stand beside it how large they were.

    Of a channel with the mean m and the deviation s over the steps of a sequence, these are the spread log s and the
    level asinh(m / s), both scaled by train: signals that differ by orders of magnitude, such as currents of a lamp and
    of a heater, are as near to each other as they look.

    Args:
        channels: those of the inputs that are measured so, n of them.
        least: a smaller deviation counts as this, n.
        spread, level: mean and deviation of both in the training split, n times two.

    Call arguments:
        inputs: `(batch, time, channels)`, of any type; NaN where a value is missing, which becomes the mean.
        mask: `(batch, time)`, where there is a step.

    Returns:
        `(batch, time, 3 * n)`: courses, spreads and levels.

    Raises:
        ValueError: if there are not as many of each.
    """

    def __init__(
        self,
        channels: Sequence[int],
        least: Sequence[float],
        spread: Moments,
        level: Moments,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        sizes = [len(each) for each in (channels, least, spread, level)]
        if len(set(sizes)) > 1:
            raise ValueError(f"channels, least, spread and level hold {sizes} numbers; a channel has each")
        super().__init__(autocast=False, **layer_arguments)  # large numbers are no numbers of 16 bits
        self.channels, self.least = list(channels), list(least)
        self.spread, self.level = [list(each) for each in spread], [list(each) for each in level]
        self.built = True

    def call(self, inputs: Inputs, mask: Mask) -> Tensor:
        """See the class."""
        inputs = ops.cast(ops.take(inputs, self.channels, axis=-1), "float32")
        there = ops.logical_and(ops.cast(mask, "bool")[..., None], ops.logical_not(ops.isnan(inputs)))
        known = ops.where(there, inputs, 0.0)
        largest = ops.max(ops.abs(known), axis=1, keepdims=True)
        unusual = ops.logical_and(largest > 0, ops.logical_or(largest > LARGEST, largest < 1 / LARGEST))
        unit = ops.where(unusual, largest, 1.0)
        known = known / unit
        mean = masked_mean(known, there)[:, None]
        around = known - mean
        rounded = masked_mean(around, there)[:, None]  # what the first sum lost
        mean, around = mean + rounded, around - rounded
        deviation = ops.sqrt(masked_mean(ops.square(around), there))[:, None]
        deviation = ops.maximum(deviation, np.array(self.least, np.float32) / unit)
        course = ops.where(there, around / deviation, 0.0)
        spread = _scaled(ops.log(deviation) + ops.log(unit), self.spread)
        level = _scaled(ops.arcsinh(mean / deviation), self.level)
        beside = [ops.broadcast_to(part, ops.shape(course)) for part in (spread, level)]
        return ops.cast(ops.concatenate([course, *beside], axis=-1), self.compute_dtype)

    def compute_output_spec(self, inputs: Inputs, mask: Mask) -> Tensor:
        """See the class."""
        del mask
        return keras.KerasTensor((*inputs.shape[:-1], 3 * len(self.channels)), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        config = super().get_config()
        config.pop("autocast", None)
        return {
            **config, "channels": self.channels, "least": self.least, "spread": self.spread, "level": self.level,
        }  # fmt: skip


def _scaled(values: Tensor, moments: list[list[float]]) -> Tensor:
    mean, deviation = np.array(moments, np.float32).reshape(-1, 2).T
    return (values - mean) / deviation
