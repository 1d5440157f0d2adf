"""Losses of forecasts, in units of the training series, so that all series and variables count alike.

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
    """The loss of each window `(batch,)` in float32: the mean over its targets that are known.

    Errors are taken in float64, where levels cancel.

    Args:
        targets: `(batch, steps, variables, 2)` float64: the values, NaN where one was made up, and the units in which
            errors are measured.
        predictions: the model's `forecast (batch, steps, variables, levels)`, and the threshold `delta (batch, 1, 1)`
            of Huber's loss.
    """
    from keras import ops

    truth, unit, quantiles = targets[..., 0], targets[..., 1:], predictions["forecast"]
    count = last_axis(quantiles.shape)
    known = ops.logical_not(ops.isnan(truth))
    errors = ops.where(known[..., None], ops.subtract(truth[..., None], quantiles), 0.0)
    errors = ops.cast(ops.divide(errors, unit), "float32")
    if count == 1:
        size = ops.abs(errors[..., 0])
        delta = ops.broadcast_to(predictions["delta"], ops.shape(size))
        bounded = ops.where(ops.isinf(delta), 1.0, delta)
        middle = ops.where(size <= bounded, 0.5 * size * size, bounded * (size - 0.5 * bounded))
        losses = ops.where(ops.isinf(delta), size * size, ops.where(delta == 0, size, middle))
    else:
        level = ops.convert_to_tensor(levels(count), dtype="float32")
        losses = 2 * ops.mean(ops.maximum(level * errors, (level - 1) * errors), axis=-1)
    count_known = ops.sum(ops.cast(known, "float32"), axis=(1, 2))
    return ops.sum(losses, axis=(1, 2)) / ops.maximum(count_known, 1.0)


def loss_of_errors(errors: np.ndarray, delta: float) -> float:
    """The mean of the same point loss of scaled errors, in NumPy."""
    size = np.abs(errors)
    if np.isinf(delta):
        return float(np.mean(size**2))
    if delta == 0:
        return float(size.mean())
    return float(np.where(size <= delta, 0.5 * size**2, delta * (size - 0.5 * delta)).mean())
