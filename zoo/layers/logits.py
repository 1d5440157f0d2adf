"""Scores of classes keep their precision."""

from __future__ import annotations

import keras


def logits_dtype() -> str:
    """The type of a model's last layer: float32 under mixed precision, so that small differences of logits survive."""
    return keras.config.dtype_policy().variable_dtype
