"""Training on noise that was made against the model (Miyato et al. 2017), see `zoo.layers.adversarial_noise`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeAlias

import keras
import tensorflow as tf

from zoo.keras_private import all_layers
from zoo.layers.adversarial_noise import AdversarialNoise, adversarial_noise, vectors_through

if TYPE_CHECKING:
    from zoo.tensors import Inputs, Mask, Scalar, Tensor

#: Computes a loss so that this tape sees it.
Loss: TypeAlias = "Callable[[tf.GradientTape], Scalar]"


def noise_for(
    model: keras.Model, optimizer: keras.optimizers.Optimizer
) -> Callable[[Loss], AbstractContextManager[None]]:
    """From a loss to `noise_against` it, scaled as the optimiser does; to nothing where no layer takes noise."""
    if not any(isinstance(layer, AdversarialNoise) for layer in all_layers(model)):
        return lambda _: nullcontext()
    return lambda loss: noise_against(lambda tape: optimizer.scale_loss(loss(tape)))


@contextmanager
def noise_against(loss: Loss) -> Iterator[None]:
    """Meanwhile each `AdversarialNoise` of a model adds the noise that makes this loss greater; it is computed once.

    What is derived meanwhile takes the noise for constant. Dropout is drawn anew for what is computed meanwhile.

    Args:
        loss: of any scale, and of one call of the model.
    """
    seen: list[tuple[Inputs, Mask | None, float]] = []

    def watched(vectors: Inputs, mask: Mask | None, epsilon: float) -> Inputs:
        tape.watch(vectors)
        seen.append((vectors, mask, epsilon))
        return vectors

    with tf.GradientTape() as tape, vectors_through(watched):
        value = loss(tape)
    gradients = tape.gradient(value, [vectors for vectors, _, _ in seen])
    noises = [
        adversarial_noise(vectors, gradient, mask, epsilon)
        for gradient, (vectors, mask, epsilon) in zip(gradients, seen, strict=True)
    ]
    left = iter(noises)

    def noisy(vectors: Inputs, _mask: Mask | None, _epsilon: float) -> Tensor:
        return vectors + next(left)

    with vectors_through(noisy):
        yield
