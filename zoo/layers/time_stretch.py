"""Sequences that are slower or faster in training, so that a model does not learn one tempo by heart."""

from __future__ import annotations

import math
from typing import Unpack

import keras
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Inputs, Mask, Shape, Tensor

PARTS = 1000  # of the share that is added to the width, so that it is a whole number whether shapes are known or not


@keras.saving.register_keras_serializable(package="zoo")
class TimeStretch(keras.layers.Layer):
    """In training, make each sequence longer by a random factor from `1 - share` to `1 + share`.

    The first and the last step stay; those between are interpolated in a straight line between the nearest two. Outside
    of training nothing changes.

    Args:
        share: the largest share by which a sequence becomes longer or shorter.
        seed: of the random numbers; None draws one.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)`, where there is a step; steps are on the left.
        least: `(batch,)`, fewer steps than these are not left, unless there were fewer; None stands for 1.
        training: whether to change any.

    Returns:
        `(batch, time, features)` and the mask of that; in training `time` is greater by the share, rounded up.

    Raises:
        ValueError: if `share` is out of range.
    """

    def __init__(
        self, share: float, seed: int | None = None, **layer_arguments: Unpack[LayerArguments]
    ) -> None:
        if not 0 <= share < 1:
            raise ValueError(f"share must be at least 0 and below 1, not {share}")
        super().__init__(**layer_arguments)
        self.share, self.seed = share, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(
        self, inputs: Inputs, mask: Mask, least: Tensor | None = None, training: bool = False
    ) -> tuple[Tensor, Mask]:
        """See the class."""
        if not training or not self.share:
            return inputs, mask
        before = ops.sum(ops.cast(mask, "int32"), axis=1)
        after = self._lengths(before, least)
        width = self._width(ops.shape(inputs)[1])
        steps = ops.arange(width, dtype="int32")
        gaps = ops.cast(ops.maximum(before - 1, 0), "float32") / ops.cast(
            ops.maximum(after - 1, 1), "float32"
        )
        last = ops.maximum(before - 1, 0)[:, None]
        place = ops.cast(steps, "float32")[None] * gaps[:, None]
        left = ops.minimum(ops.cast(place, "int32"), last)
        share = ops.cast(place - ops.cast(left, "float32"), inputs.dtype)[..., None]
        stretched = (1 - share) * _taken(inputs, left) + share * _taken(inputs, ops.minimum(left + 1, last))
        there = steps[None] < after[:, None]
        return ops.where(there[..., None], stretched, ops.zeros_like(stretched)), there

    def _lengths(self, before: Tensor, least: Tensor | None) -> Tensor:
        factor = keras.random.uniform(
            ops.shape(before), 1 - self.share, 1 + self.share, "float32", self.seed_generator
        )
        after = ops.cast(ops.round(ops.cast(before, "float32") * factor), "int32")
        fewest = ops.ones_like(before) if least is None else ops.cast(least, "int32")
        return ops.maximum(after, ops.minimum(fewest, before))

    def _width(self, time: int | Tensor) -> int | Tensor:
        return time + (time * math.ceil(self.share * PARTS) + PARTS - 1) // PARTS

    def compute_output_spec(
        self, inputs: Inputs, mask: Mask, least: Tensor | None = None, training: bool = False
    ) -> tuple[Tensor, Mask]:
        """As the inputs, of any width."""
        del least, training
        batch, _, features = inputs.shape
        return (
            keras.KerasTensor((batch, None, features), dtype=inputs.dtype),
            keras.KerasTensor((mask.shape[0], None), dtype="bool"),
        )

    def compute_output_shape(self, inputs_shape: Shape, *_: Shape) -> tuple[Shape, Shape]:
        """As the inputs, of any width."""
        return (inputs_shape[0], None, inputs_shape[2]), (inputs_shape[0], None)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "share": self.share, "seed": self.seed}


def _taken(inputs: Tensor, which: Tensor) -> Tensor:
    """Step `which[b, t]` of each sequence, `(batch, time, features)`."""
    features = ops.shape(inputs)[2]
    return ops.take_along_axis(inputs, ops.repeat(which[..., None], features, axis=2), axis=1)
