"""Truncated back-propagation through time: the gradient of one sequence, a chunk of steps at a time.

As `zoo.reference.backward(…, truncate=k)` for sequences without padding (tests compare the two), but forward and
backward of a chunk are done before the next is begun, so that only a chunk's values are in memory.

    python -m experiments.probe.truncated gru 64 1024 128 64

prints the seconds and the peak memory in MB of one gradient, for k = 64, T = 1024, 128 units and 64 sequences.
"""

from __future__ import annotations

import sys
import time
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from experiments.bench.memory import MB, forget
from experiments.probe.learner import Learner
from experiments.probe.problems import Echo, Sequences
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.runtime.process_memory import resident_memory
from zoo.tensors import Inputs, StackedStates, StepLabels, Tensor

ROUNDS = 3

#: One gradient for each of the learner's variables.
Gradients: TypeAlias = list[Tensor]


class Truncated:
    """Gradients of a learner's loss, the mean over the answered steps, in chunks of `k` steps.

    Args:
        learner: a model whose layer gives sequences; one direction.
        k: steps of a chunk; the last one may be shorter.
    """

    def __init__(self, learner: Learner, k: int) -> None:
        self.learner, self.k = learner, k
        self._compiled = tf.function(self._gradients, autograph=False, reduce_retracing=True)

    def gradients(self, batch: Sequences) -> list[np.ndarray]:
        """One array for each of the learner's variables."""
        return [np.array(gradient) for gradient in self._of_batch(batch)]

    def step(self, batch: Sequences) -> None:
        """One update of the weights."""
        gradients = self._of_batch(batch)
        if self.learner.clip:
            gradients = tf.clip_by_global_norm(gradients, self.learner.clip)[0]
        self.learner.optimizer.apply(gradients, self.learner.variables)

    def _of_batch(self, batch: Sequences) -> Gradients:
        inputs, _, targets = self.learner.tensors(batch)
        size, steps = batch.inputs.shape[:2]
        skipped = steps - batch.targets.shape[1]  # the first steps have no answer
        targets = tf.pad(targets, [[0, 0], [skipped, 0]])
        share = tf.constant((np.arange(steps) >= skipped) / (size * (steps - skipped)), self.learner.dtype)
        return self._compiled(inputs, targets, share)

    def _gradients(self, inputs: tf.Tensor, targets: StepLabels, share: Tensor) -> Gradients:
        """The chunks in a loop of the graph, so that each gives its memory to the next; then what is left over."""
        size, steps = inputs.shape[:2]
        k, whole = self.k, steps // self.k

        def chunk(
            n: Tensor, states: StackedStates, total: Gradients
        ) -> tuple[Tensor, StackedStates, Gradients]:
            start = n * k
            here = tf.slice(inputs, [0, start, 0], [size, k, inputs.shape[2]])
            part = tf.slice(targets, [0, start], [size, k]), tf.slice(share, [start], [k])
            return n + 1, *self._chunk(here, *part, states, total)

        states = self.learner.layer.get_initial_state(size)
        total = [tf.zeros(variable.shape, variable.dtype) for variable in self.learner.variables]
        loop = (tf.constant(0), states, total)
        _, states, total = tf.while_loop(lambda n, *_: n < whole, chunk, loop)
        rest = whole * k
        if rest < steps:
            _, total = self._chunk(inputs[:, rest:], targets[:, rest:], share[rest:], states, total)
        return total

    def _chunk(
        self, inputs: Inputs, targets: StepLabels, share: Tensor, states: StackedStates, total: Gradients
    ) -> tuple[StackedStates, Gradients]:
        """One chunk forward and backward.

        Args:
            inputs, targets: of the chunk's steps.
            share: `(steps,)`, the weight of each step in the loss.
            states: before the chunk; no gradient goes back beyond them.
            total: the sum of the gradients of earlier chunks.

        Returns:
            The states after the chunk, and the sum with the gradients of the chunk's part of the loss.
        """
        learner = self.learner
        states = tf.nest.map_structure(tf.stop_gradient, states)
        with tf.GradientTape() as tape:
            outputs, after = learner.layer.outputs_and_states(inputs, initial_state=states, training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, learner.head(outputs))
            loss = tf.reduce_sum(losses * share)
        gradients = tape.gradient(loss, learner.variables)
        return after, [sum_ + gradient for sum_, gradient in zip(total, gradients, strict=True)]


def accuracy(learner: Learner, batch: Sequences) -> float:
    """Share of the answers that are correct."""
    return float((learner.predict(batch).argmax(axis=-1) == batch.targets).mean())


def cost(cell: str, k: int, length: int, units: int, batch_size: int) -> tuple[float, float]:
    """Seconds of one gradient, and the megabytes that it takes at its peak beyond what the process held before.

    Neither counts compiling. A small model is run first, so that memory that TensorFlow takes once is not counted.
    """
    small, batch = _task(cell, 2, 4, 16, 8)
    small.gradients(batch)
    forget()
    before, seconds = resident_memory(), []
    truncated, batch = _task(cell, k, length, units, batch_size)
    truncated.gradients(batch)
    forget()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        truncated.gradients(batch)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), (resident_memory(peak=True) - before) / MB


def _task(cell: str, k: int, length: int, units: int, batch_size: int) -> tuple[Truncated, Sequences]:
    problem = Echo(length, min(8, length - 1))
    factory = recurrent_factory(RecurrentOptions(cell=cell, units=units))
    learner = Learner(problem, factory, learning_rate=0.01, clip=0, seed=0)
    return Truncated(learner, k), problem.draw(np.random.default_rng(0), batch_size)


if __name__ == "__main__":
    from zoo.runtime.platform import configure

    configure("auto")
    print(" ".join(f"{number:.4f}" for number in cost(sys.argv[1], *map(int, sys.argv[2:]))))
