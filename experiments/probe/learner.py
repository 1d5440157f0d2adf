"""A recurrent layer with a linear map on top, and one step of training: the same for each cell."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from experiments.probe.problems import Problem, Sequences
from zoo.factory import RecurrentFactory
from zoo.tensors import Inputs, Mask, Scalar, Tensor

Array = np.ndarray


class Learner:
    """A model of a problem, trained with Adam (Kingma and Ba 2015) or plain gradient descent on clipped gradients.

    Args:
        problem: what to learn.
        recurrent: makes the recurrent layer.
        learning_rate: of the optimiser.
        clip: largest global norm of the gradient; 0 clips nothing.
        seed: of the weights.
        dtype: of weights and computation.
        plain: gradient descent without Adam's memory.
    """

    def __init__(
        self,
        problem: Problem,
        recurrent: RecurrentFactory,
        *,
        learning_rate: float,
        clip: float,
        seed: int,
        dtype: str = "float32",
        plain: bool = False,
    ) -> None:
        keras.utils.set_random_seed(seed)
        keras.config.set_dtype_policy(dtype)
        try:
            self.layer = recurrent(return_sequences=problem.answers > 0, name="recurrent")
            self.head = keras.layers.Dense(problem.outputs, name="answers")
        finally:
            keras.config.set_dtype_policy("float32")
        self.problem, self.clip, self.dtype = problem, clip, dtype
        self.layer.build((None, None, problem.features))
        self.head.build((None, self.layer.output_size))
        self.optimizer = (keras.optimizers.SGD if plain else keras.optimizers.Adam)(learning_rate)
        self.optimizer.build(self.variables)
        self._compiled = tf.function(self._step, autograph=False, reduce_retracing=True)
        self._compiled_answers = tf.function(self.answers, autograph=False, reduce_retracing=True)

    @property
    def variables(self) -> list[keras.Variable]:
        """The weights that are trained."""
        return [*self.layer.trainable_variables, *self.head.trainable_variables]

    def answers(self, inputs: Inputs, mask: Mask, training: bool = False) -> Tensor:
        """Numbers or logits: `(batch, outputs)`, or `(batch, answers, outputs)` for the last steps."""
        outputs = self.layer(inputs, mask=mask, training=training)
        return self.head(outputs[:, -self.problem.answers :] if self.problem.answers else outputs)

    def losses(self, answers: Tensor, targets: Tensor) -> Tensor:
        """Squared error or cross-entropy of each sequence, `(batch,)`."""
        if self.problem.numbers:
            return keras.ops.square(answers[:, 0] - targets)
        losses = keras.losses.sparse_categorical_crossentropy(targets, answers, from_logits=True)
        return keras.ops.mean(losses, axis=1) if self.problem.answers else losses

    def tensors(self, batch: Sequences) -> tuple[Inputs, Mask, Tensor]:
        """Inputs, mask and targets of a batch, in the model's precision."""
        targets = batch.targets.astype(self.dtype if self.problem.numbers else "int32")
        return tf.constant(batch.inputs, self.dtype), tf.constant(batch.mask), tf.constant(targets)

    def step(self, batch: Sequences) -> tuple[Array, float, float]:
        """Train on a batch.

        Returns:
            The answers before the step, the mean loss, and the norm of the gradient before clipping.
        """
        answers, loss, norm = self._compiled(*self.tensors(batch))
        return answers.numpy(), float(loss), float(norm)

    def predict(self, batch: Sequences) -> Array:
        """The answers to a batch."""
        inputs, mask, _ = self.tensors(batch)
        return self._compiled_answers(inputs, mask).numpy()

    def _step(self, inputs: Inputs, mask: Mask, targets: Tensor) -> tuple[Tensor, Scalar, Scalar]:
        with tf.GradientTape() as tape:
            answers = self.answers(inputs, mask, training=True)
            loss = tf.reduce_mean(self.losses(answers, targets))
        gradients = tape.gradient(loss, self.variables)
        norm = tf.linalg.global_norm(gradients)
        if self.clip:
            gradients = tf.clip_by_global_norm(gradients, self.clip, norm)[0]
        self.optimizer.apply(gradients, self.variables)
        return answers, loss, norm
