"""The gated recurrent unit with layer normalisation (Ba et al. 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.gru import GRU
from zoo.reference.normalisation import Product

#: What scales the product with each kernel.
SCALES = {"kernel": "kernel_scale", "recurrent_kernel": "recurrent_scale"}


@dataclass(frozen=True)
class GRUVariant(GRU):
    """The GRU in which each product is normalised before its bias is added.

        [z r] = σ(LN(x W_zr) s_zr + b_zr + LN(h U_zr) s'_zr + b'_zr)    the two gates together
        n = φ(LN(x W_h) s_h + b_h + r (LN(h U_h) s'_h + b'_h))          reset_after=True, as published
        n = φ(LN(x W_h) s_h + b_h + LN((r h) U_h) s'_h)                 reset_after=False
        h' = z h + (1 - z) n

    Weights:
        those of the GRU; with layer_norm, kernel_scale s and recurrent_scale s' `(3 * units,)`.
    """

    layer_norm: bool = False

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        scales = {"kernel_scale": (3 * units,), "recurrent_scale": (3 * units,)} if self.layer_norm else {}
        return super().weight_shapes(features, units) | scales

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        phi, sigma = activation(self.activation).value, activation(self.recurrent_activation).value
        (h,) = states
        (b_gates, b_h), (c_gates, c_h) = (_gates_and_candidate(bias) for bias in self._biases(weights))
        x_gates, x_h = _products(weights, "kernel", inputs, inputs)
        h_gates = _products(weights, "recurrent_kernel", h, h)[0]
        z, r = np.split(sigma(x_gates.result + b_gates + h_gates.result + c_gates), 2, axis=-1)
        product = _products(weights, "recurrent_kernel", h, self._seen(r, h))[1].result + c_h
        candidate = phi(x_h.result + b_h + (r * product if self.reset_after else product))
        return (z * h + (1.0 - z) * candidate,), (inputs, h, z, r, product, candidate)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_phi = activation(self.activation).derivative
        d_sigma = activation(self.recurrent_activation).derivative
        inputs, h, z, r, product, candidate = saved
        (d_new_h,) = d_states
        x_gates, x_h = _products(weights, "kernel", inputs, inputs)
        h_gates, h_h = _products(weights, "recurrent_kernel", h, self._seen(r, h))

        d_a_z = d_new_h * (h - candidate) * d_sigma(z)
        d_a_h = d_new_h * (1.0 - z) * d_phi(candidate)
        d_product = d_a_h * r if self.reset_after else d_a_h
        d_seen, d_U_h, d_s_h = h_h.backward(d_product)
        d_r, d_h = (d_a_h * product, d_seen) if self.reset_after else (d_seen * h, d_seen * r)
        d_gates = np.concatenate([d_a_z, d_r * d_sigma(r)], axis=-1)
        d_h_gates, d_U_gates, d_s_gates = h_gates.backward(d_gates)
        d_x_gates, d_W_gates, d_t_gates = x_gates.backward(d_gates)
        d_x_h, d_W_h, d_t_h = x_h.backward(d_a_h)

        d_bias = np.concatenate([d_gates, d_a_h], axis=-1).sum(axis=0)
        if self.reset_after:
            d_bias = np.stack([d_bias, np.concatenate([d_gates, d_product], axis=-1).sum(axis=0)])
        d_weights = {
            "kernel": np.concatenate([d_W_gates, d_W_h], axis=-1),
            "recurrent_kernel": np.concatenate([d_U_gates, d_U_h], axis=-1),
            "bias": d_bias,
        }
        if self.layer_norm:
            d_weights["kernel_scale"] = np.concatenate([d_t_gates, d_t_h])
            d_weights["recurrent_scale"] = np.concatenate([d_s_gates, d_s_h])
        return d_x_gates + d_x_h, (d_new_h * z + d_h + d_h_gates,), d_weights

    def _seen(self, r: Array, h: Array) -> Array:
        """What of the state enters the product of the candidate."""
        return h if self.reset_after else r * h


def _products(weights: Weights, name: str, of_gates: Array, of_candidate: Array) -> tuple[Product, Product]:
    """The products with a kernel: of the two gates together, and of the candidate."""
    scale = weights.get(SCALES[name])
    s_gates, s_candidate = (None, None) if scale is None else _gates_and_candidate(scale)
    gates, candidate = _gates_and_candidate(weights[name])
    return Product(of_gates, gates, s_gates), Product(of_candidate, candidate, s_candidate)


def _gates_and_candidate(columns: Array) -> tuple[Array, Array]:
    """Those of z and r, and those of the candidate."""
    gates, candidate = np.split(columns, [2 * columns.shape[-1] // 3], axis=-1)
    return gates, candidate
