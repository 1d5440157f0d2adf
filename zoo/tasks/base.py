"""The contract of a task: what stands between raw examples and a trained model, and between a model and its answers.

`zoo.run` calls a task in this order; nothing else is called.

    prepared = task.prepare(dataset, options, ...)   learn vocabulary or scaling on train, turn examples into arrays
    model    = task.build(prepared, recurrent)       a Keras model from arrays to predictions
    task.loss(targets, predictions)                  the loss of every example or position
    task.score(prepared, predictions, targets)       metrics by name
    task.trivial_rows(prepared, batches)             metrics of rows that need no recurrence, and no training
    task.trivial_models(prepared, recurrent)         models that are blind to order, trained like the model itself
    task.finish(prepared, model, batches, predictions)
                                                     optional: the predictions with what takes too long to find after
                                                     every epoch, such as a search; once, after training
    task.by_length(prepared, predictions, batches)   optional: metrics by length; see `zoo.tasks.by_length`
    task.pictures(prepared, predictions, batches)    optional: matplotlib figures by file name, for the run directory
    task.serve(model, prepared)                      what the exported model answers: raw input in, answer out
    task.answer(server, inputs)                      these answers as rows, for `zoo.predict`
    task.show(rows)                                  optional: the rows as `zoo.predict` prints them; None for a table

A task whose answers leave a choice (how long, how many) has `answer_options`, a frozen dataclass: `zoo.predict` makes
flags of it, as `zoo.run` does of `options_type`, calls its `check()`, if it has one, before the model is loaded, and
gives it to `answer` as `options`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from datasets.base import Dataset
from datasets.input_kinds.base import InputKind

Metrics = dict[str, float]


@dataclass(frozen=True)
class Batch:
    """What one training step sees.

    Attributes:
        inputs: arrays by the model's input names, each `(batch, …)`.
        targets: `(batch, …)`.
        weights: of the shape of the loss, 0 for what fills the batch up.
        shared: names of inputs whose first axis is not the batch, such as a table that rows point into: where
            several devices share a batch, each gets these whole.
    """

    inputs: Mapping[str, np.ndarray]
    targets: np.ndarray
    weights: np.ndarray
    shared: frozenset[str] = frozenset()


class Batches(Protocol):
    """Examples as arrays, in batches."""

    def plan(self, seed: Sequence[int] | None) -> list[Any]:
        """The batches of one pass: in an order that `seed` decides, or in a fixed order for evaluation (None)."""

    def load(self, planned: Any) -> Batch:
        """One planned batch."""

    def gather(self, plans: list[Any], outputs: list[Any]) -> np.ndarray:
        """The model's outputs for each batch of a fixed-order pass, as one array in the order of the examples."""

    @property
    def targets(self) -> Any:
        """What `gather`'s result is scored against."""


class Prepared(Protocol):
    """A data set made ready for a model."""

    train: Batches
    valid: Batches
    notes: tuple[str, ...]

    def test(self) -> Batches | None:
        """The test split, read only when this is called; None where there is none."""

    def to_json(self) -> dict[str, Any]:
        """What `task.restore` needs: vocabulary, scaling, class names; no examples."""


class Task(Protocol):
    """See the module."""

    summary: str
    fields: tuple[str, ...]
    #: What `zoo.predict` reads from its arguments or a file and gives to `answer`.
    input_kind: InputKind[Any]
    #: A frozen dataclass that becomes flags.
    options_type: type
    #: Overrules defaults of `RecurrentOptions` and `TrainingOptions`, by field name.
    defaults: Mapping[str, Any]
    #: The metric that picks the best weights, and whether `max` or `min` of it is best.
    monitor: tuple[str, str]
    #: Metrics of the final table, in order.
    headline: tuple[str, ...]

    def prepare(self, dataset: Dataset, options: Any, batch_size: int) -> Prepared:
        """Learn on train alone what the model needs to know, and turn examples into arrays."""

    def restore(self, stored: Mapping[str, Any], options: Any) -> Any:
        """A prepared data set without examples, from `Prepared.to_json`."""

    def build(self, prepared: Any, recurrent: Any, options: Any) -> Any:
        """A Keras model."""

    def loss(self, targets: Any, predictions: Any) -> Any:
        """Loss of each example or position, of the shape of `Batch.weights`."""

    def score(self, prepared: Any, predictions: np.ndarray, targets: Any) -> Metrics:
        """Metrics by name."""

    def details(self, prepared: Any, predictions: np.ndarray, targets: Any) -> dict[str, Any]:
        """More than one number each, for `metrics.json`: a confusion matrix, a table per class."""

    def trivial_rows(self, prepared: Any, batches: Any) -> dict[str, Metrics]:
        """Metrics, on these batches, of rows that need no model: they count on train and look up."""

    def trivial_models(self, prepared: Any, blind: Any, options: Any) -> dict[str, Any]:
        """Models around an order-blind recurrent factory, by row name."""

    def serve(self, model: Any, prepared: Any) -> Any:
        """A `zoo.serving.Server`: the functions of the exported model."""

    def answer(self, server: Any, inputs: Iterable[Any]) -> list[dict[str, Any]]:
        """Answers of a server to raw inputs, a row each, for `zoo.predict`."""
