"""The learning rate of each step: a function of how far training has come, so that a resumed run has the same."""

from __future__ import annotations

import math

from zoo.config import TrainingOptions


def learning_rate(options: TrainingOptions, epochs: float, steps: int) -> float:
    """The learning rate of the next step.

    It rises from zero over the first `warm_up` steps, and falls to zero at the end of the last epoch: evenly, or along
    half a wave of the cosine (Loshchilov and Hutter 2017).

    Args:
        options: `learning_rate`, `warm_up`, `decay` and `epochs` are used.
        epochs: epochs done, with the fraction that is done of the next.
        steps: steps done.
    """
    risen = min(1.0, (steps + 1) / options.warm_up) if options.warm_up else 1.0
    left = 1 - epochs / options.epochs
    fallen = {"none": 1.0, "linear": left, "cosine": (1 - math.cos(math.pi * left)) / 2}[options.decay]
    return options.learning_rate * risen * fallen
