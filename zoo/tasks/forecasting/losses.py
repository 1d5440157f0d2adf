"""Losses of forecasts, in standard deviations of the training series, so that all variables count alike.

A model gives an odd number of quantiles at evenly spaced levels: one is the median, taken as the point forecast. Point
forecasts are trained with Huber's loss, of which the absolute and the squared error are the ends:

    Huber(e; δ) = e²/2 for |e| ≤ δ, else δ(|e| - δ/2);     δ = 0 stands for |e|, δ = ∞ for e²

Quantiles are trained with the pinball loss max(τe, (τ-1)e), e = y - q, whose mean over the levels, doubled, is an
approximation of the CRPS (Gneiting and Raftery 2007).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zoo.tensors import Tensor, last_axis

DELTAS = {"mae": 0.0, "huber": 1.0, "mse": float("inf")}


def levels(count: int) -> np.ndarray:
    """Evenly spaced levels: 9 gives 0.1, 0.2, …, 0.9."""
    return np.arange(1, count + 1) / (count + 1)


def loss(targets: Tensor, predictions: Mapping[str, Tensor]) -> Tensor:
    """The loss of each window `(batch,)`.

    Args:
        targets: `(batch, steps, variables)`.
        predictions: the model's `forecast (batch, steps, variables, levels)`, and how it is to be judged:
            `unit (batch, 1, variables)`, in which errors are measured, and `delta (batch, 1, 1)` of Huber's loss.
    """
    from keras import ops

    unit, quantiles = predictions["unit"], predictions["forecast"]
    count = last_axis(quantiles.shape)
    if count == 1:
        size = ops.abs((targets - quantiles[..., 0]) / unit)
        delta = ops.broadcast_to(predictions["delta"], ops.shape(size))
        bounded = ops.where(ops.isinf(delta), 1.0, delta)
        middle = ops.where(size <= bounded, 0.5 * size * size, bounded * (size - 0.5 * bounded))
        losses = ops.where(ops.isinf(delta), size * size, ops.where(delta == 0, size, middle))
    else:
        errors = (targets[..., None] - quantiles) / unit[..., None]
        level = ops.convert_to_tensor(levels(count), dtype="float32")
        losses = 2 * ops.mean(ops.maximum(level * errors, (level - 1) * errors), axis=-1)
    return ops.mean(losses, axis=(1, 2))


def loss_of_errors(errors: np.ndarray, delta: float) -> float:
    """The mean of the same point loss of scaled errors, in NumPy."""
    size = np.abs(errors)
    if np.isinf(delta):
        return float(np.mean(size**2))
    if delta == 0:
        return float(size.mean())
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).mean())
