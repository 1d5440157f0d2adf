"""Predictions of a model for a whole split."""

from __future__ import annotations

from functools import partial

import keras
import tensorflow as tf

from zoo.runtime.progress import progress_bar
from zoo.tasks.base import Batches, Gathered, Output, Plan


class Predictor:
    """Runs a model without dropout; traced once however often it is used.

    Args:
        model: a Keras model that takes a dictionary of inputs.
    """

    def __init__(self, model: keras.Model):
        # A partial, because TensorFlow counts the traces of all lambdas of this line as those of one function.
        self._call = tf.function(partial(model, training=False), autograph=False, reduce_retracing=True)

    def __call__(self, batches: Batches[Plan, Output, Gathered], title: str = "evaluating") -> Gathered:
        """What `batches.gather` makes of the outputs: arrays, in dictionaries where the model gives those."""
        plans = batches.plan(None)
        outputs = [
            tf.nest.map_structure(
                lambda output: output.numpy(),
                self._call(
                    {name: tf.constant(array) for name, array in batches.load(planned).inputs.items()}
                ),
            )
            for planned in progress_bar(plans, title)
        ]
        return batches.gather(plans, outputs)
