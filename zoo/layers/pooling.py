"""From the outputs of all steps to one vector."""

from __future__ import annotations

from typing import Unpack

import keras
import numpy as np

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Inputs, Mask, Tensor, last_axis


def masked_mean(inputs: Inputs, present: Tensor) -> Tensor:
    """Mean `(batch, features)` of `(batch, time, features)` over the steps where `present` `(batch, time, 1)`."""
    steps = keras.ops.sum(keras.ops.cast(present, inputs.dtype), axis=1)
    return keras.ops.sum(keras.ops.where(present, inputs, 0), axis=1) / keras.ops.maximum(steps, 1)


def masked_max(inputs: Inputs, present: Tensor) -> Tensor:
    """Largest value `(batch, features)` over the steps where `present`; 0 where there is none."""
    candidates = keras.ops.where(present, inputs, -np.inf)
    largest = keras.ops.max(candidates, axis=1, initial=-np.inf)  # with `initial` a batch may be empty
    return keras.ops.where(keras.ops.any(present, axis=1), largest, 0)


POOLS = {"mean": masked_mean, "max": masked_max}


@keras.saving.register_keras_serializable(package="zoo")
class MaskedPooling(keras.layers.Layer):
    """The mean or the largest value over the steps that are not masked, or both side by side; zero where all are.

    Args:
        kind: `mean`, `max` or `both` (part of "concat pooling", Howard and Ruder 2018).

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool, True where there is an input.

    Returns:
        `(batch, features)`; for both `(batch, 2 * features)`, the mean first.

    Raises:
        ValueError: if `kind` is something else.
    """

    def __init__(self, kind: str = "mean", **layer_arguments: Unpack[LayerArguments]) -> None:
        if kind not in ("mean", "max", "both"):
            raise ValueError(f"kind must be mean, max or both, not {kind!r}")
        super().__init__(**layer_arguments)
        self.kind = kind
        self.supports_masking = True

    def call(self, inputs: Inputs, mask: Mask | None = None) -> Tensor:
        """See the class."""
        if mask is None:
            mask = keras.ops.ones(keras.ops.shape(inputs)[:2], dtype="bool")
        present = keras.ops.cast(mask, "bool")[..., None]
        pooled = [pool(inputs, present) for kind, pool in POOLS.items() if self.kind in (kind, "both")]
        return keras.ops.concatenate(pooled, axis=-1)

    def compute_mask(self, _inputs: Inputs, _previous_mask: Mask | None) -> None:
        """One vector has no time, so no mask."""

    def compute_output_spec(self, inputs: Inputs, mask: Mask | None = None) -> Tensor:
        """`(batch, features)`, or twice the features for both."""
        del mask
        width = last_axis(inputs.shape) * (2 if self.kind == "both" else 1)
        return keras.KerasTensor((inputs.shape[0], width), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "kind": self.kind}


@keras.saving.register_keras_serializable(package="zoo")
class LastStep(keras.layers.Layer):
    """The output of the last step of each direction: forwards the last that is not masked, backwards the first.

    Args:
        directions: 2 where the second half of the features was read backwards, else 1.

    Call arguments:
        inputs: `(batch, time, features)`, all outputs of a recurrent layer.
        mask: `(batch, time)` bool, True where there is an input.

    Returns:
        `(batch, features)`; zero where all steps are masked.
    """

    def __init__(self, directions: int = 1, **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**layer_arguments)
        self.directions = directions
        self.supports_masking = True

    def call(self, inputs: Inputs, mask: Mask | None = None) -> Tensor:
        """See the class."""
        if mask is None:
            mask = keras.ops.ones(keras.ops.shape(inputs)[:2], dtype="bool")
        present = keras.ops.cast(mask, "int32")
        before, whole = keras.ops.cumsum(present, axis=1), keras.ops.sum(present, axis=1, keepdims=True)
        ends = [before == whole, before == 1][: self.directions]
        parts = keras.ops.split(inputs, self.directions, axis=-1)
        at_ends = [
            keras.ops.where((keras.ops.logical_and(end, present > 0))[..., None], part, 0)
            for end, part in zip(ends, parts, strict=True)
        ]
        return keras.ops.sum(keras.ops.concatenate(at_ends, axis=-1), axis=1)

    def compute_mask(self, _inputs: Inputs, _previous_mask: Mask | None) -> None:
        """One vector has no time, so no mask."""

    def compute_output_spec(self, inputs: Inputs, mask: Mask | None = None) -> Tensor:
        """`(batch, features)`."""
        del mask
        return keras.KerasTensor((inputs.shape[0], inputs.shape[2]), dtype=self.compute_dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "directions": self.directions}
