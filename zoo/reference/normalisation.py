"""Layer normalisation (Ba et al. 2016), forward and backward."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from zoo.reference.cell import Array

#: Added to the variance.
EPSILON = 1e-5


def scaled(values: Array, scale: Array | None) -> Array:
    """`values` `(batch, size)` with mean 0 and variance 1 in each row, times `scale` `(size,)`; None: as they are."""
    return values if scale is None else _normalised(values)[0] * scale


def scaled_backward(values: Array, scale: Array | None, d_scaled: Array) -> tuple[Array, Array]:
    """Gradients by the values and by the scale, which is 0 where there is none.

    With y = (v - mean v) / s and ȳ its gradient, that by v is (ȳ - mean ȳ - y mean(ȳ y)) / s.
    """
    if scale is None:
        return d_scaled, np.zeros(())
    normalised, deviation = _normalised(values)
    d = d_scaled * scale
    along = (d * normalised).mean(axis=-1, keepdims=True)
    d_values = (d - d.mean(axis=-1, keepdims=True) - normalised * along) / deviation
    return d_values, (d_scaled * normalised).sum(axis=0)


def _normalised(values: Array) -> tuple[Array, Array]:
    """The normalised rows, and their standard deviations `(batch, 1)`."""
    deviation = np.sqrt(values.var(axis=-1, keepdims=True) + EPSILON)
    return (values - values.mean(axis=-1, keepdims=True)) / deviation, deviation


class Product(NamedTuple):
    """LN(v M) s: the product of values `(batch, rows)` and a matrix `(rows, columns)`, normalised where s is given."""

    values: Array
    matrix: Array
    scale: Array | None

    @property
    def result(self) -> Array:
        """`(batch, columns)`."""
        return scaled(self.values @ self.matrix, self.scale)

    def backward(self, d_result: Array) -> tuple[Array, Array, Array]:
        """Gradients by the values, the matrix and the scale."""
        d_product, d_scale = scaled_backward(self.values @ self.matrix, self.scale, d_result)
        return d_product @ self.matrix.T, self.values.T @ d_product, d_scale
