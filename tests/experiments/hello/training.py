"""A network that was trained on the exercise, for tests."""

from __future__ import annotations

from experiments.hello.__main__ import Options
from experiments.hello.exercise import Array, Exercise, make_exercise
from experiments.hello.network import Weights, first_weights, train

DEFAULTS = Options()


def ignore(step: int, loss: float, logits: Array) -> None:
    """Nothing to do at a step."""


def trained(
    text: str = "hello", seed: int = 0, length: int = 3, hidden: int = 3, steps: int = 300
) -> tuple[Exercise, Weights]:
    """An exercise, and weights that have been trained on it."""
    task = make_exercise(text, length)
    weights = first_weights(len(task.letters), hidden, seed)
    return task, train(weights, task, steps, DEFAULTS.learning_rate, ignore)
