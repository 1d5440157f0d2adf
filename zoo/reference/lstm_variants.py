"""Variants of the LSTM: peepholes, coupled gates, another activation of the output, projection, layer normalisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo.reference.activations import activation
from zoo.reference.cell import Array, Saved, States, Weights
from zoo.reference.lstm import LSTM
from zoo.reference.normalisation import Product, scaled, scaled_backward


@dataclass(frozen=True)
class LSTMVariant(LSTM):
    """The LSTM with a choice of changes.

        i = σ(x W_i + h U_i + p_i c + b_i)      peephole: the gates see the memory
        f = σ(x W_f + h U_f + p_f c + b_f)
        i = 1 - f                               coupled: what is forgotten is written anew
        o = σ(x W_o + h U_o + p_o c' + b_o)     peephole: o sees the memory after the step
        h' = o ψ(c')                            ψ is `output_activation`; None: φ
        h' = (o ψ(c')) P                        projection: h is of this size (Sak et al. 2014)
        LN(x W) s_x + LN(h U) s_h + b           layer_norm: in all gates, normalised together (Ba et al. 2016)
        h' = o ψ(LN(c') s_c + b_c)

    The first three are in Greff et al. 2017.

    Weights:
        those of the LSTM, coupled without the columns of i; with peepholes, peephole_kernel p `(units, 3)` in the order
        i, f, o, coupled `(units, 2)`: f, o; with a projection, projection_kernel P `(units, projection)`, and U has so
        many rows; with layer_norm, kernel_scale s_x and recurrent_scale s_h, as wide as W, and memory_scale s_c and
        memory_shift b_c `(units,)`.

    Raises:
        ValueError: if an activation is none of tanh, relu, sigmoid, linear.
    """

    output_activation: str | None = None
    peephole: bool = False
    coupled: bool = False
    projection: int | None = None
    layer_norm: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        activation(self.output_activation or self.activation)

    def weight_shapes(self, features: int, units: int) -> dict[str, tuple[int, ...]]:
        """Shape of each weight."""
        gates, outputs = 3 if self.coupled else 4, self.projection or units
        wide = (gates * units,)
        shapes: dict[str, tuple[int, ...]] = {
            "kernel": (features, *wide),
            "recurrent_kernel": (outputs, *wide),
            "bias": wide,
        }
        if self.peephole:
            shapes["peephole_kernel"] = (units, gates - 1)
        if self.projection:
            shapes["projection_kernel"] = (units, self.projection)
        if self.layer_norm:
            shapes |= {"kernel_scale": wide, "recurrent_scale": wide}
            shapes |= {"memory_scale": (units,), "memory_shift": (units,)}
        return shapes

    def step(self, weights: Weights, inputs: Array, states: States) -> tuple[States, Saved]:
        """See `Cell.step`."""
        phi, sigma = activation(self.activation).value, activation(self.recurrent_activation).value
        h, c = states
        x_product, h_product = self._products(weights, inputs, h)
        a = x_product.result + h_product.result + weights.get("bias", 0.0)
        *a_i, a_f, a_g, a_o = np.split(a, 3 if self.coupled else 4, axis=-1)
        *p_i, p_f, p_o = self._peepholes(weights, c.shape[-1])
        f, g = sigma(a_f + p_f * c), phi(a_g)
        i = 1.0 - f if self.coupled else sigma(a_i[0] + p_i[0] * c)
        new_c = f * c + i * g
        o = sigma(a_o + p_o * new_c)
        memory = scaled(new_c, weights.get("memory_scale")) + weights.get("memory_shift", 0.0)
        shown = activation(self.output_activation or self.activation).value(memory)
        new_h = o * shown @ weights["projection_kernel"] if self.projection else o * shown
        return (new_h, new_c), (inputs, h, c, i, f, g, o, shown, new_c)

    def step_backward(
        self, weights: Weights, saved: Saved, d_states: States
    ) -> tuple[Array, States, dict[str, Array]]:
        """See `Cell.step_backward`."""
        d_phi = activation(self.activation).derivative
        d_sigma = activation(self.recurrent_activation).derivative
        inputs, h, c, i, f, g, o, shown, new_c = saved
        d_new_h, d_new_c = d_states
        *p_i, p_f, p_o = self._peepholes(weights, c.shape[-1])
        d_weights = {}
        if self.projection:
            d_weights["projection_kernel"] = (o * shown).T @ d_new_h
            d_new_h = d_new_h @ weights["projection_kernel"].T
        d_a_o = d_new_h * shown * d_sigma(o)
        d_shown, d_weights_shown = self._shown_backward(weights, new_c, shown, d_new_h * o)
        d_new_c = d_new_c + d_shown + d_a_o * p_o
        d_i, d_f = d_new_c * g, d_new_c * c
        if self.coupled:
            d_a_i, d_a_f = [], (d_f - d_i) * d_sigma(f)
        else:
            d_a_i, d_a_f = [d_i * d_sigma(i)], d_f * d_sigma(f)
        d_c = d_new_c * f + d_a_f * p_f
        if d_a_i:
            d_c = d_c + d_a_i[0] * p_i[0]
        d_a = np.concatenate([*d_a_i, d_a_f, d_new_c * i * d_phi(g), d_a_o], axis=-1)
        if self.peephole:
            seen = [*(d * c for d in d_a_i), d_a_f * c, d_a_o * new_c]
            d_weights["peephole_kernel"] = np.stack([each.sum(axis=0) for each in seen], axis=-1)
        x_product, h_product = self._products(weights, inputs, h)
        d_inputs, d_W, d_x_scale = x_product.backward(d_a)
        d_h, d_U, d_h_scale = h_product.backward(d_a)
        d_weights |= {"kernel": d_W, "recurrent_kernel": d_U, "bias": d_a.sum(axis=0)}
        if self.layer_norm:
            d_weights |= {"kernel_scale": d_x_scale, "recurrent_scale": d_h_scale, **d_weights_shown}
        return d_inputs, (d_h, d_c), d_weights

    def _products(self, weights: Weights, inputs: Array, h: Array) -> tuple[Product, Product]:
        """Those of the inputs and of the state, normalised with layer_norm."""
        return (
            Product(inputs, weights["kernel"], weights.get("kernel_scale")),
            Product(h, weights["recurrent_kernel"], weights.get("recurrent_scale")),
        )

    def _shown_backward(
        self, weights: Weights, new_c: Array, shown: Array, d_shown: Array
    ) -> tuple[Array, dict[str, Array]]:
        """Gradients by the memory, through what is shown of it, and by its scale and shift."""
        d_memory = d_shown * activation(self.output_activation or self.activation).derivative(shown)
        d_new_c, d_scale = scaled_backward(new_c, weights.get("memory_scale"), d_memory)
        return d_new_c, {"memory_scale": d_scale, "memory_shift": d_memory.sum(axis=0)}

    def _peepholes(self, weights: Weights, units: int) -> list[Array]:
        """The columns of the peephole kernel, zeros where there is none."""
        if self.peephole:
            return list(weights["peephole_kernel"].T)
        return list(np.zeros((2 if self.coupled else 3, units)))
