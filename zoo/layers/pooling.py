"""From the outputs of all steps to one vector."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np


@keras.saving.register_keras_serializable(package="zoo")
class MaskedPooling(keras.layers.Layer):
    """The mean or the largest value over the steps that are not masked; zero where all are.

    Args:
        kind: `mean` or `max`.

    Call arguments:
        inputs: `(batch, time, features)`.
        mask: `(batch, time)` bool, True where there is an input.

    Returns:
        `(batch, features)`.

    Raises:
        ValueError: if `kind` is something else.
    """

    def __init__(self, kind: str = "mean", **layer_arguments: Any):
        if kind not in ("mean", "max"):
            raise ValueError(f"kind must be mean or max, not {kind!r}")
        super().__init__(**layer_arguments)
        self.kind = kind
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """See the class."""
        if mask is None:
            return keras.ops.mean(inputs, axis=1) if self.kind == "mean" else keras.ops.max(inputs, axis=1)
        present = keras.ops.cast(mask, "bool")[..., None]
        inside = keras.ops.where(present, inputs, 0 if self.kind == "mean" else -np.inf)
        if self.kind == "mean":
            steps = keras.ops.sum(keras.ops.cast(present, inputs.dtype), axis=1)
            return keras.ops.sum(inside, axis=1) / keras.ops.maximum(steps, 1)
        return keras.ops.where(keras.ops.any(present, axis=1), keras.ops.max(inside, axis=1), 0)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """One vector has no time, so no mask."""

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
        """`(batch, features)`."""
        return keras.KerasTensor((inputs.shape[0], inputs.shape[2]), dtype=self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """Every constructor argument."""
        return {**super().get_config(), "kind": self.kind}
