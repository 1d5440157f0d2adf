"""A linear model on a few rows, for the tests of training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from zoo.config import TrainingOptions
from zoo.tasks.base import Batch
from zoo.training.loop import Trainer, fit

FEATURES = 3


@dataclass(frozen=True)
class Rows:
    """A linear problem in batches of four rows; see `zoo.tasks.base.Batches`."""

    inputs: np.ndarray
    targets: np.ndarray

    def plan(self, seed: Sequence[int] | None) -> list[np.ndarray]:
        order = (
            np.arange(len(self.targets))
            if seed is None
            else np.random.default_rng(seed).permutation(len(self.targets))
        )
        return [order[k : k + 4] for k in range(0, len(order), 4)]

    def load(self, planned: np.ndarray) -> Batch:
        return Batch({"x": self.inputs[planned]}, self.targets[planned], np.ones(len(planned), np.float32))

    def gather(self, plans: list[np.ndarray], outputs: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(outputs)[np.argsort(np.concatenate(plans))]


def rows(size: int = 12, seed: int = 0) -> Rows:
    draw = np.random.default_rng(seed)
    inputs = draw.normal(size=(size, FEATURES)).astype("float32")
    return Rows(inputs, (inputs @ [1.0, -2, 0.5]).astype("float32"))


def linear(dropout: float = 0.0):
    """One dense layer, maybe behind a dropout."""
    x = keras.Input((FEATURES,), name="x")
    dropped = keras.layers.Dropout(dropout, seed=1)(x)
    return keras.Model({"x": x}, keras.layers.Dense(1, name="dense")(dropped))


def scaled():
    """A dense layer whose outputs are scaled over the batch."""
    x = keras.Input((FEATURES,), name="x")
    hidden = keras.layers.BatchNormalization(momentum=0.5, name="scaling")(
        keras.layers.Dense(2, name="hidden")(x)
    )
    return keras.Model({"x": x}, keras.layers.Dense(1, name="dense")(hidden))


def squares(targets, predictions):
    return (predictions[:, 0] - tf.cast(targets, predictions.dtype)) ** 2


def trainer(make=linear, loss=squares, **options) -> Trainer:
    plain = {"average": 0.0, "clip": 0.0, "least_steps": 1}
    settings = {**plain, "learning_rate": 0.1, "epochs": 3, "patience": 3, **options}
    return Trainer(make, loss, TrainingOptions(**settings))


def weights(one: Trainer) -> list[np.ndarray]:
    return [variable.numpy() for variable in one.model.trainable_variables]


def run(one: Trainer, scores=(0.1, 0.2, 0.3), mode: str = "max", *, monitor=None, **arguments):
    """`fit` with these dev scores; gives the progress and the weights as they were scored after each epoch."""
    left, seen = iter(scores), []

    def evaluate():
        seen.append(weights(one))
        return {"score": next(left)}

    progress = fit(one, rows(), evaluate, monitor or ("score", mode), title="test", **arguments)
    return progress, seen


def same(one, other) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
