"""What cells without a recurrent product begin with: x W + b, and the way back."""

from __future__ import annotations

from zoo.reference.cell import Array, Weights


def project(weights: Weights, inputs: Array) -> Array:
    """`(batch, gates * units)` = inputs `(batch, features)` · kernel + bias, if there is one."""
    projected = inputs @ weights["kernel"]
    return projected + weights["bias"] if "bias" in weights else projected


def project_backward(weights: Weights, inputs: Array, d_projected: Array) -> tuple[Array, dict[str, Array]]:
    """Gradients with respect to the inputs and to kernel and bias."""
    d_weights = {"kernel": inputs.T @ d_projected, "bias": d_projected.sum(axis=0)}
    return d_projected @ weights["kernel"].T, d_weights
