"""Adversarial noise: vectors of tokens are moved to where a model's loss is greater, and it learns to do without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias, Unpack

import keras

from zoo.keras_types import Config, LayerArguments
from zoo.tensors import Inputs, Mask, Tensor

#: From the vectors that a layer is called with, their mask and the layer's epsilon to what it gives.
Through: TypeAlias = "Callable[[Inputs, Mask | None, float], Tensor]"
#: A variable of the context, because devices that share a batch call the same layers in a thread each.
_through: ContextVar[Through | None] = ContextVar("through", default=None)


@contextmanager
def vectors_through(function: Through) -> Iterator[None]:
    """Meanwhile, in this thread, each `AdversarialNoise` gives what `function` makes of its vectors."""
    token = _through.set(function)
    try:
        yield
    finally:
        _through.reset(token)


def adversarial_noise(vectors: Inputs, gradient: Inputs, mask: Mask | None, epsilon: float) -> Tensor:
    """The step along the gradient whose norm is a share of the vectors' norm, both over a whole sequence.

    Miyato, Dai and Goodfellow 2017, "Adversarial training methods for semi-supervised text classification", equation 5;
    they scale the vectors of the whole vocabulary to unit variance instead of the step to the vectors.

    Args:
        vectors: `(batch, time, features)`.
        gradient: of the loss by these, of any scale.
        mask: `(batch, time)`, False where a step is padding: it is not counted and gets no noise. None: there is none.
        epsilon: the share.

    Returns:
        The noise, of shape and type of the vectors; zero for a sequence whose gradient vanishes or is not finite.
    """
    if mask is None:
        mask = keras.ops.ones(keras.ops.shape(vectors)[:2], dtype="bool")
    present = keras.ops.cast(mask, "bool")[..., None]
    wide = "float64" if keras.backend.standardize_dtype(vectors.dtype) == "float64" else "float32"
    slope, known = (keras.ops.where(present, keras.ops.cast(x, wide), 0) for x in (gradient, vectors))
    scale = keras.ops.sum(keras.ops.abs(slope), axis=(1, 2), keepdims=True)
    usable = keras.ops.logical_and(keras.ops.isfinite(scale), scale > 0)
    # Of order one before it is squared, for the gradient of what is known well is tiny.
    direction = keras.ops.where(usable, slope / keras.ops.where(usable, scale, 1), 0)
    size = epsilon * _norm(known) / keras.ops.where(usable, _norm(direction), 1)
    return keras.ops.cast(size * direction, vectors.dtype)


def _norm(x: Inputs) -> Tensor:
    """The Euclidean norm of each sequence, `(batch, 1, 1)`."""
    return keras.ops.sqrt(keras.ops.sum(keras.ops.square(x), axis=(1, 2), keepdims=True))


@keras.saving.register_keras_serializable(package="zoo")
class AdversarialNoise(keras.layers.Layer):
    """Gives its vectors as they are; who trains the model may put `adversarial_noise` on them (`vectors_through`).

    Args:
        epsilon: the norm of the noise by that of the vectors.

    Call arguments:
        vectors: `(batch, time, features)`.
        mask: `(batch, time)` bool, False where a step is padding.

    Raises:
        ValueError: if `epsilon` is negative.
    """

    def __init__(self, epsilon: float, **layer_arguments: Unpack[LayerArguments]) -> None:
        if epsilon < 0:
            raise ValueError(f"epsilon must be at least 0, not {epsilon}")
        super().__init__(**layer_arguments)
        self.epsilon = epsilon
        self.supports_masking = True
        self.built = True

    def call(self, vectors: Inputs, mask: Mask | None = None) -> Tensor:
        """See the class."""
        through = _through.get()
        return vectors if through is None else through(vectors, mask, self.epsilon)

    def compute_output_spec(self, vectors: Inputs, mask: Mask | None = None) -> Tensor:
        """As the vectors."""
        del mask
        return keras.KerasTensor(vectors.shape, dtype=vectors.dtype)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "epsilon": self.epsilon}
