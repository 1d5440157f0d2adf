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


@keras.saving.register_keras_serializable(package="zoo")
class OwnScaling(keras.layers.Layer):
    """Less its own mean and divided by its own deviation, each channel of a sequence shows its course however large its
    numbers are; and at each step stand beside it how large they were.

    Of a channel with the mean m and the deviation s over the steps of a sequence, these are the spread log s and the
    level asinh(m / s), both scaled by train: signals of an archive that differ by orders of magnitude, such as currents
    of a lamp and of a heater, are as near to each other as they look.

    Args:
        least: of each channel; a smaller deviation counts as this.
        spread, level: mean and deviation of both in the training split, of each channel; a deviation of 0 counts as 1.
        missing: add a channel for each that is 1 where its value is missing, else 0.

    Call arguments:
        inputs: `(batch, time, channels)`, of any type; NaN where a value is missing, which becomes the mean.
        mask: `(batch, time)`, where there is a step.

    Returns:
        `(batch, time, 3 * channels)`, or four times the channels with `missing`.

    Raises:
        ValueError: if there are not as many of each.
    """

    def __init__(
        self,
        least: Sequence[float],
        spread: Moments,
        level: Moments,
        missing: bool = False,
        **layer_arguments: Unpack[LayerArguments],
    ) -> None:
        if not len(least) == len(spread) == len(level):
            raise ValueError(
                f"{len(least)} least deviations, {len(spread)} spreads and {len(level)} levels; a channel has each"
            )
        super().__init__(autocast=False, **layer_arguments)  # large numbers are no numbers of 16 bits
        self.least, self.missing = list(least), missing
        self.spread, self.level = [list(each) for each in spread], [list(each) for each in level]
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Inputs, mask: Mask) -> Tensor:
        """See the class."""
        inputs = ops.cast(inputs, "float32")
        absent = ops.isnan(inputs)
        there = ops.logical_and(ops.cast(mask, "bool")[..., None], ops.logical_not(absent))
        known = ops.where(there, inputs, 0.0)
        # Squares of what is large or small are no numbers of 32 bits: moments are taken in units of the largest value.
        unit = ops.max(ops.abs(known), axis=1, keepdims=True)
        unit = ops.where(unit > 0, unit, 1.0)
        mean = masked_mean(known / unit, there)[:, None]
        deviation = ops.sqrt(masked_mean(ops.square(known / unit - mean), there))[:, None]
        least = np.array(self.least, np.float32)
        mean, deviation = mean * unit, ops.maximum(deviation * unit, least)
        course = ops.where(there, (known - mean) / deviation, 0.0)
        beside = [
            _scaled(ops.log(deviation), self.spread),
            _scaled(ops.arcsinh(mean / deviation), self.level),
        ]
        parts = [course, *(ops.broadcast_to(part, ops.shape(course)) for part in beside)]
        if self.missing:
            parts.append(ops.cast(absent, "float32"))
        return ops.cast(ops.concatenate(parts, axis=-1), self.compute_dtype)

    def compute_output_spec(self, inputs: Inputs, mask: Mask) -> Tensor:
        """See the class."""
        del mask
        return keras.KerasTensor(
            (*inputs.shape[:-1], len(self.least) * (4 if self.missing else 3)), dtype=self.compute_dtype
        )

    def get_config(self) -> Config:
        """Every constructor argument."""
        config = super().get_config()
        config.pop("autocast", None)
        return {
            **config, "least": self.least, "spread": self.spread, "level": self.level, "missing": self.missing,
        }  # fmt: skip


def _scaled(values: Tensor, moments: list[list[float]]) -> Tensor:
    mean, deviation = np.array(moments, np.float32).reshape(-1, 2).T
    return (values - mean) / np.where(deviation > 0, deviation, 1)
