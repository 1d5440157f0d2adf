"""What a run works with: its configuration, task, data and cells."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import keras

from datasets.base import Dataset
from datasets.errors import UserError
from datasets.plugins import is_own
from zoo.config import FEW_OF_DEV, RunConfig
from zoo.data.token_layers import Tokens
from zoo.factory import RecurrentFactory, recurrent_factory
from zoo.runtime.process_memory import machine_memory
from zoo.tasks.base import AnyPrepared, AnyTask, Batches, Metrics, load_task
from zoo.tasks.next_tokens import NextTokens
from zoo.training.evaluation import Predictor
from zoo.training.loop import TRAIN_LOSS


@dataclass(frozen=True)
class RunContext:
    """What a run works with: the task, its data and its cells."""

    config: RunConfig
    task: AnyTask
    dataset: Dataset
    prepared: AnyPrepared
    recurrent: RecurrentFactory

    @classmethod
    def prepare(cls, config: RunConfig, dataset: Dataset, tokens: Tokens | None = None) -> RunContext:
        """Prepare the data; with the tokens that a model knows from which the new one starts, if it does."""
        keras.mixed_precision.set_global_policy(config.training.precision)
        task = load_task(config.task)
        recurrent = recurrent_factory(config.recurrent, config.training.seed)
        recurrent.cell(1)  # a wrong cell option is told before the data are prepared
        recurrent.check_memory(machine_memory())
        arguments = dataset, config.options, config.training.batch_size
        prepared = task.prepare(*arguments) if tokens is None else task.prepare_from(*arguments, tokens)
        return cls(config, task, dataset, prepared, recurrent)

    def with_language_model(self, language_model: NextTokens) -> RunContext:
        """The same with a language model that has a say in the answers; raises UserError where it does not fit."""
        learned = self.task.with_language_model(self.prepared.learned, language_model)
        return replace(self, prepared=replace(self.prepared, learned=learned))

    @property
    def monitor(self) -> tuple[str, str]:
        """What the best epoch is chosen by, see `zoo.training.loop.fit`."""
        return TRAIN_LOSS if self._chosen_by_train else self.task.monitor

    @property
    def _chosen_by_train(self) -> bool:
        few = self.task.examples_are_single and len(self.dataset.valid) < FEW_OF_DEV
        return self.config.training.choose == "train" or (self.config.training.choose == "auto" and few)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences about the data and what was done to it."""
        info = self.dataset.info
        sizes = [f"{len(self.dataset.train):,} train", f"{len(self.dataset.valid):,} dev"]
        sizes += [f"{len(self.dataset.test):,} test"] if self.dataset.test is not None else ["no test split"]
        kind = " (synthetic)" if info.synthetic else ""
        few = "dev has few examples: the lowest loss on train decides which epoch is best (--choose)"
        told = (few,) if self._chosen_by_train and self.config.training.choose == "auto" else ()
        first = f"data: {info.name}{kind}, {', '.join(sizes)} {info.unit}"
        return (first, *info.notes, *self.prepared.notes, *told)

    def build(self) -> keras.Model:
        """The model.

        Raises:
            UserError: a cell of the user's own does not fit into it.
        """
        try:
            return self.task.build(self.prepared, self.recurrent, self.config.options)
        except ValueError as problem:
            if not is_own(self.config.recurrent.cell):
                raise
            reason = str(problem).partition("\n")[0]
            raise UserError(
                f"--cell {self.config.recurrent.cell} does not fit into the model: {reason}"
            ) from None

    def score(self, predictor: Predictor, batches: Batches) -> Metrics:
        """Metrics of a model on a split."""
        return self.task.score(self.prepared.learned, predictor(batches), batches)


def count_parameters(model: keras.Model) -> int:
    """How many numbers training changes; states that a model carries from batch to batch are none of them."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)
