"""The network of the exercise in NumPy: a vanilla recurrent layer with tanh, and a softmax over the letters."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from datasets.errors import UserError
from experiments.hello.exercise import Array, Exercise
from zoo.reference import Vanilla, backward, cross_entropy, forward, linear, linear_backward

CELL = Vanilla(activation="tanh")

Weights = dict[str, Array]


def first_weights(letters: int, hidden: int, seed: int) -> Weights:
    """Random weights with standard deviation 1/sqrt(hidden), zero biases."""
    rng = np.random.default_rng(seed)
    scale = hidden**-0.5
    return {
        "kernel": rng.normal(0, scale, (letters, hidden)),
        "recurrent_kernel": rng.normal(0, scale, (hidden, hidden)),
        "bias": np.zeros(hidden),
        "output_kernel": rng.normal(0, scale, (hidden, letters)),
        "output_bias": np.zeros(letters),
    }


def recurrent(weights: Weights) -> Weights:
    """The weights of the recurrent layer: all but those of the output layer."""
    return {name: weight for name, weight in weights.items() if not name.startswith("output_")}


def output_logits(weights: Weights, states: Array) -> Array:
    """The output layer: hidden states `(..., T, d)` to logits `(..., T, k)`."""
    return linear(weights["output_kernel"], weights["output_bias"], states)


def loss_and_gradients(weights: Weights, task: Exercise) -> tuple[float, Weights, Array]:
    """One forward pass and one backward pass over all windows.

    Returns:
        The loss (cross-entropy averaged over the length and the windows), its gradient with respect to each
        weight, and the logits `(windows, T, k)`.
    """
    tape = forward(CELL, recurrent(weights), task.one_hot)
    logits = output_logits(weights, tape.outputs)
    loss, d_logits = cross_entropy(logits, task.targets)

    d_kernel, d_bias, d_outputs = linear_backward(weights["output_kernel"], tape.outputs, d_logits)
    gradients = backward(CELL, tape, d_outputs).weights
    return loss, {**gradients, "output_kernel": d_kernel, "output_bias": d_bias}, logits


def train(
    weights: Weights,
    task: Exercise,
    steps: int,
    learning_rate: float,
    each_step: Callable[[int, float, Array], None],
) -> Weights:
    """Plain gradient descent: every weight goes a little against its gradient, `steps` times.

    Args:
        weights: those to start with; they are left as they are.
        task: the exercise.
        steps: how many updates.
        learning_rate: how far each update goes.
        each_step: called as `each_step(step, loss, logits)` before each update and once after the last.

    Returns:
        The trained weights.

    Raises:
        UserError: with exit code 1, if a number overflows float64.
    """
    for step in range(steps + 1):
        try:
            with np.errstate(over="raise", invalid="raise"):
                loss, gradients, logits = loss_and_gradients(weights, task)
                each_step(step, loss, logits)
                if step < steps:
                    weights = {
                        name: weight - learning_rate * gradients[name] for name, weight in weights.items()
                    }
        except FloatingPointError:
            raise UserError(
                f"the weights overflowed at step {step}; make --learning-rate smaller", 1
            ) from None
    return weights


def spell(weights: Weights, task: Exercise) -> str:
    """What the network writes alone: it reads the first letter, and then each letter that it predicted."""
    letter_id, states = 0, None
    ids = [letter_id]
    while len(ids) < len(task.text):
        one_hot = np.eye(len(task.letters))[[[letter_id]]]
        tape = forward(CELL, recurrent(weights), one_hot, initial_states=states)
        states = tape.final_states
        letter_id = int(output_logits(weights, tape.outputs).argmax())
        ids.append(letter_id)
    return "".join(task.letters[letter_id] for letter_id in ids)
