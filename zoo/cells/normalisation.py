"""Layer normalisation inside a recurrence."""

from __future__ import annotations

import keras

from zoo.tensors import Tensor

#: Added to the variance, so that equal numbers become zeros.
EPSILON = 1e-5


def normalised(values: Tensor) -> Tensor:
    """Mean 0 and variance 1 over the last axis (Ba et al. 2016, arXiv:1607.06450); gain and shift are the caller's."""
    mean = keras.ops.mean(values, axis=-1, keepdims=True)
    centred = values - mean
    variance = keras.ops.mean(keras.ops.square(centred), axis=-1, keepdims=True)
    return centred * keras.ops.rsqrt(variance + EPSILON)
