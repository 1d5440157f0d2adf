"""The three cells as one writes them in plain JAX, for the benchmark of layers."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

Weights = dict[str, Array]
States = tuple[Array, ...]


def vanilla(states: States, projected: Array, weights: Weights) -> tuple[States, Array]:
    """See `zoo.cells.vanilla`."""
    h = jnp.tanh(projected + states[0] @ weights["recurrent_kernel"])
    return (h,), h


def lstm(states: States, projected: Array, weights: Weights) -> tuple[States, Array]:
    """See `zoo.cells.lstm`."""
    h, c = states
    i, f, g, o = jnp.split(projected + h @ weights["recurrent_kernel"], 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    h = jax.nn.sigmoid(o) * jnp.tanh(c)
    return (h, c), h


def gru(states: States, projected: Array, weights: Weights) -> tuple[States, Array]:
    """See `zoo.cells.gru`, with the reset after the product."""
    (h,) = states
    x_z, x_r, x_h = jnp.split(projected, 3, axis=-1)
    h_z, h_r, h_h = jnp.split(h @ weights["recurrent_kernel"] + weights["bias"][1], 3, axis=-1)
    z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
    h = z * h + (1 - z) * jnp.tanh(x_h + r * h_h)
    return (h,), h


STEPS = {"vanilla": (vanilla, 1), "lstm": (lstm, 2), "gru": (gru, 1)}


def run(cell: str, inputs: Array, weights: Weights) -> Array:
    """Outputs `(batch, steps, units)` of a layer for inputs `(batch, steps, features)`."""
    step, count = STEPS[cell]
    bias = weights["bias"][0] if weights["bias"].ndim == 2 else weights["bias"]
    projected = jnp.swapaxes(inputs @ weights["kernel"] + bias, 0, 1)
    zeros = jnp.zeros((inputs.shape[0], weights["recurrent_kernel"].shape[0]))
    _, outputs = jax.lax.scan(lambda states, x: step(states, x, weights), (zeros,) * count, projected)
    return jnp.swapaxes(outputs, 0, 1)
