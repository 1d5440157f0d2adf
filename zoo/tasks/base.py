"""The contract of a task: what stands between raw examples and a trained model, and between a model and its answers.

A run calls a task in this order:

    prepared = task.prepare(dataset, options, batch_size)     learn on train, turn examples into arrays
    model    = task.build(prepared, recurrent, options)       a Keras model from arrays to outputs
    task.loss(targets, outputs)                               for each step of training
    task.score(learned, predictions, batches)                 metrics, after each epoch and at the end
    task.calibrated(learned, model, dev, predictions)         once after training: the model that is kept and answers
    task.finish(learned, model, served, batches, predictions) once a split after training, such as a search
    task.baselines(prepared)                                  what needs no model
    task.fitted_baselines(prepared, options)                  what other libraries fit, which takes longer
    task.order_agnostic_baselines(prepared, ...)              models that do not see the order of their inputs
    task.details, by_length, pictures                         more than one number each
    task.serve(model, learned)                                the exported model: raw input in, answer out

and `zoo.predict` goes on from there:

    learned = task.restore(stored, options)                   from `prepared.json`
    rows    = task.answer(server, inputs, options)            a row for each answer
    task.show(rows)                                           the rows as text

There are two kinds of data. `prepared` is what training needs: batches of the splits. `learned`, a part of it, is what
a loaded model needs: vocabulary, scaling, names.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, cast

import numpy as np
from typing_extensions import TypeVar  # its type variables have defaults

from datasets import plugins
from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.input_kinds.base import InputKind

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from zoo.data.token_layers import TokenLayers, Tokens
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.next_tokens import NextTokens
    from zoo.tensors import Tensor

#: What the model of a task gives: a tensor, or tensors by name.
Outputs: TypeAlias = Any
#: The package whose modules and packages are the tasks that come with the zoo.
PACKAGE = "zoo.tasks"
Metrics = dict[str, float]
#: One answer of a model, or one line of a table: values by column.
Row = dict[str, Any]

# ------------------------------------------------------------------------------------------ data


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


#: What a batch is planned as: which examples it holds, and how wide it is.
Plan = TypeVar("Plan")
#: What the model gives for a batch: an array, or arrays by name.
Output = TypeVar("Output")
Gathered = TypeVar("Gathered", covariant=True)


class Batches(Protocol[Plan, Output, Gathered]):
    """The examples of a split as arrays, in batches."""

    def plan(self, seed: Sequence[int] | None) -> list[Plan]:
        """The batches of one pass: in an order that `seed` decides, or in a fixed order for evaluation (None)."""

    def load(self, planned: Plan) -> Batch:
        """One planned batch."""

    def gather(self, plans: list[Plan], outputs: list[Output]) -> Gathered:
        """The model's outputs for each batch of a pass in fixed order, put together in the order of the examples."""


class Learned(Protocol):
    """What a task learns from the training split, and a loaded model needs: vocabulary, scaling, names."""

    def to_json(self) -> dict[str, object]:
        """What `Task.restore` makes the same object of; it holds no examples."""


@dataclass(frozen=True)
class NoOptions:
    """The answers of a task leave nothing to choose."""


OptionsT = TypeVar("OptionsT")
LearnedT = TypeVar("LearnedT", bound=Learned)
BatchesT = TypeVar("BatchesT", bound=Batches[Any, Any, Any])
PredictionsT = TypeVar("PredictionsT", default=np.ndarray)
AnswerOptionsT = TypeVar("AnswerOptionsT", default=NoOptions)


@dataclass(frozen=True)
class Prepared(Generic[LearnedT, BatchesT]):
    """A data set made ready for training.

    Attributes:
        learned: what was learned from the training split.
        train, valid: the splits in batches.
        test: reads the test split when it is called; None where there is none.
        notes: sentences about what was done to the data, for people.
        tested: how many examples the test split has, for baselines that take long; 0 where `of` did not make this.
    """

    learned: LearnedT
    train: BatchesT
    valid: BatchesT
    test: Callable[[], BatchesT | None]
    notes: tuple[str, ...] = ()
    tested: int = 0

    @classmethod
    def of(
        cls,
        learned: LearnedT,
        train: BatchesT,
        dataset: Dataset,
        batches: Callable[[Split], BatchesT],
        notes: Iterable[str] = (),
    ) -> Prepared[LearnedT, BatchesT]:
        """Dev becomes batches now, test when it is asked for.

        Args:
            dataset, batches: whose dev and test splits are meant, and what makes batches of a split.
        """
        test = partial(_read, dataset.test, batches)
        return cls(learned, train, batches(dataset.valid), test, tuple(notes), len(dataset.test or ()))


def _read(split: Split | None, batches: Callable[[Split], BatchesT]) -> BatchesT | None:
    return None if split is None else batches(split)


# ------------------------------------------------------------------------------------------ the contract


class Task(ABC, Generic[OptionsT, LearnedT, BatchesT, PredictionsT, AnswerOptionsT]):
    """See the module. The parameters are

    - the task's options, a frozen dataclass that becomes flags of `zoo.run`;
    - what it learns from the training split, see `Learned`;
    - its batches, see `Batches`;
    - its predictions: what `Batches.gather` gives;
    - the options of its answers, a frozen dataclass that becomes flags of `zoo.predict`.
    """

    # ---- what it is

    @property
    @abstractmethod
    def summary(self) -> str:
        """One line for `--help`."""

    @property
    @abstractmethod
    def fields(self) -> tuple[str, ...]:
        """What it needs of an example, such as `("text", "label")`."""

    @property
    @abstractmethod
    def input_kind(self) -> InputKind[Any]:
        """What `zoo.predict` reads from its arguments or a file and gives to `answer`."""

    @property
    @abstractmethod
    def options_type(self) -> type[OptionsT]:
        """The class of its options."""

    @property
    @abstractmethod
    def monitor(self) -> tuple[str, str]:
        """The metric that picks the best weights, and whether its `max` or `min` is best."""

    @property
    @abstractmethod
    def headline(self) -> tuple[str, ...]:
        """Metrics of the final table, in order."""

    #: Overrules defaults of `RecurrentOptions` and `TrainingOptions`, by field name.
    defaults: Mapping[str, object] = MappingProxyType({})
    #: What earlier versions did that had not the option of this name, where that is not what its own `before` says.
    before: Mapping[str, object] = MappingProxyType({})
    #: Of a run that this task starts from: which options take the size of its vectors (`embedding`) and its `units`, by
    #: the kind of its tokens. Where the kind does not stand here, `--embedding` and `--units` do.
    sizes_from: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    #: Whether an example is one thing, right or wrong, so that their number says how much a score can be trusted.
    examples_are_single = True
    #: Whether models of both directions scale by what is known when all was read; so do baselines, beside these alone.
    scales_by_the_whole = False
    #: Whether the mean of what several models give is an answer, too (`zoo.ensemble`).
    outputs_can_be_averaged = False
    #: The class of the options of answers.
    answer_options: type[AnswerOptionsT] = cast("type[AnswerOptionsT]", NoOptions)

    def defaults_of(self, options: type) -> dict[str, object]:
        """The part of `defaults` that belongs to one dataclass of options."""
        names = {field.name for field in dataclasses.fields(options)}
        return {name: value for name, value in self.defaults.items() if name in names}

    # ---- data

    @abstractmethod
    def prepare(self, dataset: Dataset, options: OptionsT, batch_size: int) -> Prepared[LearnedT, BatchesT]:
        """Learn on train alone what the model needs to know, and turn examples into arrays."""

    def prepare_from(
        self, dataset: Dataset, options: OptionsT, batch_size: int, tokens: Tokens
    ) -> Prepared[LearnedT, BatchesT]:
        """As `prepare`, for a model that starts from one that knows these tokens; a task may take them for its own."""
        del tokens
        return self.prepare(dataset, options, batch_size)

    @abstractmethod
    def restore(self, stored: Mapping[str, Any], options: OptionsT) -> LearnedT:
        """What was learned, from `Learned.to_json` after a way through JSON."""

    # ---- model

    @abstractmethod
    def build(
        self, prepared: Prepared[LearnedT, BatchesT], recurrent: RecurrentFactory, options: OptionsT
    ) -> keras.Model:
        """A model that takes a dictionary of inputs, as `Batch.inputs` has them."""

    def token_layers(self, learned: LearnedT) -> tuple[TokenLayers, ...]:
        """The layers of the model that read tokens; none where it has no such layers, or other runs cannot use them."""
        return ()

    def next_tokens(self, learned: LearnedT, model: keras.Model) -> NextTokens | None:
        """The model as one that other tasks ask how probable each next token is; None where it is none."""
        return None

    def language_model_of(self, options: OptionsT) -> str | None:
        """The run whose language model has a say in the answers; None where there is none."""
        return None

    def with_language_model(self, learned: LearnedT, language_model: NextTokens) -> LearnedT:
        """What was learned, with the language model beside it.

        Raises:
            UserError: it does not fit.
        """
        del language_model
        return learned

    @abstractmethod
    def loss(self, targets: Tensor, outputs: Outputs) -> Tensor:
        """The loss of each example or position, of the shape of `Batch.weights`, from what the model gives."""

    def order_agnostic_baselines(
        self, prepared: Prepared[LearnedT, BatchesT], recurrent: RecurrentFactory, options: OptionsT
    ) -> dict[str, Callable[[], keras.Model]]:
        """Functions that build models around an order-agnostic `recurrent`, by name; trained like the model itself."""
        return {}

    def untrained_counts(self, learned: LearnedT) -> bool:
        """Whether the untrained model is good already, so that it is kept where training makes nothing better."""
        return False

    # ---- metrics

    @abstractmethod
    def score(self, learned: LearnedT, predictions: PredictionsT, batches: BatchesT) -> Metrics:
        """Metrics by name."""

    def calibrated(
        self, learned: LearnedT, model: keras.Model, dev: BatchesT, predictions: Callable[[], PredictionsT]
    ) -> keras.Model:
        """The trained model, or one of the same inputs and outputs with what is set by the dev split, once.

        `predictions` gives those of the trained model on dev.
        """
        return model

    def calibration(self, model: keras.Model) -> tuple[str, ...]:
        """Sentences on what `calibrated` has set in a model, for `metrics.json`."""
        return ()

    def headline_of(self, learned: LearnedT) -> tuple[str, ...]:
        """Metrics of the final table of a run, in order; those of `headline`, unless the data ask for others."""
        return self.headline

    def finish(
        self,
        learned: LearnedT,
        model: keras.Model,
        served: Callable[[], Server],
        batches: BatchesT,
        predictions: PredictionsT,
    ) -> PredictionsT:
        """The predictions with what takes too long to find after each epoch; called once a split, after training.

        `served` gives the exported model, which is made once for all splits and for `--export`.
        """
        return predictions

    def baselines(self, prepared: Prepared[LearnedT, BatchesT]) -> Callable[[BatchesT], dict[str, Metrics]]:
        """Fit on train what needs no training loop; the result gives its metrics on a split, by name."""
        return lambda batches: {}

    def fitted_baselines(
        self, prepared: Prepared[LearnedT, BatchesT], options: OptionsT
    ) -> dict[str, Callable[[], Callable[[BatchesT], Metrics]]]:
        """Functions that fit on train, by name, what takes longer than `baselines` and follows from the data alone.

        Each gives the metrics of a split. Runs of other cells find them as they find trained baselines.
        """
        return {}

    def details(self, learned: LearnedT, predictions: PredictionsT, batches: BatchesT) -> dict[str, object]:
        """More than one number each, for `metrics.json`: a confusion matrix, a table per class."""
        return {}

    def by_length(self, learned: LearnedT, predictions: PredictionsT, batches: BatchesT) -> list[Row]:
        """Metrics by the length of the sequence, see `zoo.tasks.by_length`; none where lengths do not matter."""
        return []

    def pictures(
        self, learned: LearnedT, predictions: PredictionsT, batches: BatchesT
    ) -> Mapping[str, Figure]:
        """Figures for the run directory, by file name."""
        return {}

    # ---- answers

    @abstractmethod
    def serve(self, model: keras.Model, learned: LearnedT) -> Server:
        """The functions of the exported model."""

    @abstractmethod
    def answer(self, server: Server, inputs: Iterable[Any], options: AnswerOptionsT) -> list[Row]:
        """Answers to raw inputs, at least a row each."""

    def show(self, rows: list[Row]) -> str | None:
        """The rows as `zoo.predict` prints them; None for a table."""
        return None


#: A task that is known by its name alone, and what it prepares.
AnyTask: TypeAlias = Task[Any, Any, Any, Any, Any]
AnyPrepared: TypeAlias = Prepared[Any, Any]

# ------------------------------------------------------------------------------------------ finding tasks


def task_names() -> list[str]:
    """The tasks that come with the zoo, sorted."""
    return plugins.names(PACKAGE, "TASK")


def check_task(name: str) -> None:
    """Refuse a name that `load_task` would not find, without importing anything; raises UserError."""
    plugins.check(PACKAGE, name, "TASK")


def load_task(name: str) -> AnyTask:
    """A task of the zoo by name, or one of a user's own as `package.module:NAME`.

    Raises:
        UserError: if there is no such task, or its module cannot be imported.
    """
    task = plugins.load(PACKAGE, name, "TASK")
    if isinstance(task, type) and issubclass(task, Task):
        if missing := sorted(task.__abstractmethods__):
            raise UserError(f"{name} lacks {', '.join(missing)}; see zoo.tasks.base.Task")
        task = task()
    if not isinstance(task, Task):
        raise UserError(f"{name} is no task: a task is of a class that derives from zoo.tasks.base.Task")
    return task
