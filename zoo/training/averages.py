"""The moving average of a model's weights, which is what is scored and kept.

Weights that Adam throws about are noisy, and their mean over the last steps is better than any of them (Polyak and
Juditsky 1992); it is kept exponentially, so that it costs one more copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import keras
import tensorflow as tf

from zoo.keras_private import all_layers

if TYPE_CHECKING:
    from zoo.tensors import Scalar, Tensor


class Averages:
    """One average for each of some variables.

    Args:
        variables: which are averaged; none of them may be a table that is updated row by row.
        decay: of the average, in the long run.

    Attributes:
        values: the averages, in the order of `variables`.
    """

    def __init__(self, variables: Sequence[keras.Variable], decay: float) -> None:
        self.variables, self.decay = list(variables), decay
        self.values = [tf.Variable(variable.value, trainable=False) for variable in self.variables]

    def decay_after(self, steps: Tensor) -> Scalar:
        """The decay after so many steps: small at first, so that the first weights are soon forgotten."""
        steps = tf.cast(steps, tf.float64)
        return tf.cast(tf.minimum((1 + steps) / (10 + steps), self.decay), tf.float32)

    def update(self, steps: Tensor) -> None:
        """Move each average towards its variable."""
        decay = self.decay_after(steps)
        for average, variable in zip(self.values, self.variables, strict=True):
            average.assign_add((variable.value - average) * tf.cast(1 - decay, average.dtype))

    def by_variable(self) -> list[tuple[keras.Variable, Tensor]]:
        """Each variable with its average."""
        return list(zip(self.variables, self.values, strict=True))


def statistics(model: keras.Model) -> list[keras.Variable]:
    """The means and variances that trained layers of batch normalisation keep: they belong to the weights before them,
    and are averaged as these are.
    """
    layers = (layer for layer in all_layers(model) if isinstance(layer, keras.layers.BatchNormalization))
    return [variable for layer in layers if layer.trainable for variable in layer.non_trainable_variables]
