"""Training: one loop for every task, that can be killed at any batch and goes on as if nothing had happened.

The order of the data and the dropout of an epoch follow from (seed, epoch) alone; a checkpoint holds everything else.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError
from zoo.config import TrainingOptions
from zoo.runtime.progress import progress_bar
from zoo.runtime.signals import Stopped, stop_signals
from zoo.tasks.base import Batch, Batches, Metrics
from zoo.training import checkpoint
from zoo.training.adversarial import noise_for
from zoo.training.averages import Averages, statistics
from zoo.training.checkpoint import Progress
from zoo.training.lazy_rows import MOST_MISSED, LazyRows, lazy_tables
from zoo.training.schedule import learning_rate
from zoo.training.stopwatch import Stopwatch

if TYPE_CHECKING:
    from zoo.tensors import Scalar, Tensor

#: From targets and what the model gives, a tensor or tensors by name, to the loss of each example or position.
Loss: TypeAlias = "Callable[[Tensor, Any], Tensor]"
#: What decides in the place of a metric of dev, and which way is better.
TRAIN_LOSS = ("loss on train", "min")


class Trainer:
    """One model with its optimiser, and the training step.

    Args:
        make_model: builds the model; called inside the strategy's scope.
        loss: `(targets, predictions)` to the loss of each example or position.
        options: see `TrainingOptions`.
    """

    def __init__(self, make_model: Callable[[], keras.Model], loss: Loss, options: TrainingOptions) -> None:
        self.options = options
        self.strategy: Any = tf.distribute.MirroredStrategy() if options.mirrored else None
        self.replicas = self.strategy.num_replicas_in_sync if self.strategy else 1
        if options.batch_size % self.replicas:
            raise UserError(
                f"--batch-size {options.batch_size} cannot be shared by {self.replicas} devices evenly"
            )
        with self.strategy.scope() if self.strategy else nullcontext():
            keras.utils.set_random_seed(options.seed)
            self.model = make_model()
            self.optimizer = make_optimizer(options)
            self.tables: list[LazyRows] = [] if self.strategy else lazy_tables(self.model, self.optimizer)
            self.optimizer.build(self._whole_variables)
            averaged = [*self._whole_variables, *statistics(self.model)] if options.average else []
            self.averages = Averages(averaged, options.average)
        self._loss, self._noise_against = loss, noise_for(self.model, self.optimizer)
        # A partial, because TensorFlow counts the traces of this method over all trainers.
        self._compiled = tf.function(partial(self._step_and_average), autograph=False, reduce_retracing=True)

    @property
    def variables(self) -> list[keras.Variable | tf.Variable]:
        """All state of model, optimiser and averages, seeds included, in a fixed order."""
        tables = [variable for table in self.tables for variable in table.variables]
        return [*self.model.variables, *self.optimizer.variables, *self.averages.values, *tables]

    @property
    def _whole_variables(self) -> list[keras.Variable]:
        """The weights that a step updates as a whole: all but the tables that are updated row by row."""
        tables = {id(table.layer.embeddings) for table in self.tables}
        return [variable for variable in self.model.trainable_variables if id(variable) not in tables]

    def step(self, batch: Batch) -> tuple[float, float]:
        """Train on one batch.

        Returns:
            The mean loss before the step, and the norm of the gradient before clipping; that is 0 where float16
            overflowed, for the optimiser then skips the step and scales the next loss down.
        """
        arrays = (dict(batch.inputs), batch.targets, batch.weights)
        total = tf.constant(max(float(batch.weights.sum()), 1e-9), tf.float32)
        if self.strategy:
            inputs = {name: self._share(array, name in batch.shared) for name, array in batch.inputs.items()}
            arrays = (inputs, self._share(batch.targets), self._share(batch.weights))
        else:
            arrays = tf.nest.map_structure(tf.constant, arrays)
        if self.tables and int(self.optimizer.iterations.numpy()) % MOST_MISSED == 0:
            self._bring_tables_up_to_date()
        loss, norm = self._compiled(*arrays, total)
        skipped = self.options.precision == "mixed_float16" and not np.isfinite(norm)
        return float(loss), 0.0 if skipped else float(norm)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Meanwhile the model has the averages of its weights, where averaging is asked for."""
        self._bring_tables_up_to_date()
        averages = self.averages.by_variable()
        if self.options.average:
            averages += [(table.layer.embeddings, table.average) for table in self.tables]
        weights = [variable.numpy() for variable, _ in averages]
        for variable, average in averages:
            variable.assign(average)
        try:
            yield
        finally:
            for (variable, _), weight in zip(averages, weights, strict=True):
                variable.assign(weight)

    def _bring_tables_up_to_date(self) -> None:
        for table in self.tables:
            table.bring_up_to_date()

    def _step_and_average(
        self, inputs: Mapping[str, Tensor], targets: Tensor, weights: Tensor, total: Scalar
    ) -> tuple[Scalar, Scalar]:
        """In one graph, because a call costs a small model as much as a part of its step."""
        step = self._distributed_step if self.strategy else self._step
        answer = step(inputs, targets, weights, total)
        self.averages.update(self.optimizer.iterations)
        return answer

    def _step(
        self, inputs: Mapping[str, Tensor], targets: Tensor, weights: Tensor, total: Scalar
    ) -> tuple[Scalar, Scalar]:
        """One step on one device: `total` is the sum of the weights over all devices."""
        variables = self._whole_variables

        def mean_loss(tape: tf.GradientTape) -> Scalar:
            with ExitStack() as reading:
                for table in self.tables:
                    reading.enter_context(table.reading(tape))
                losses = tf.cast(self._loss(targets, self.model(inputs, training=True)), tf.float32)
            return tf.reduce_sum(losses * weights) / total

        with self._noise_against(mean_loss), tf.GradientTape() as tape:
            loss = mean_loss(tape)
            penalty = (
                tf.add_n([tf.cast(p, tf.float32) for p in self.model.losses] or [tf.zeros(())])
                / self.replicas
            )
            objective = self.optimizer.scale_loss(loss + penalty)
        found, by_row = tape.gradient(objective, (variables, [table.read_weights for table in self.tables]))
        # A weight may be read nowhere, such as a cell's first state where something else takes its place.
        gradients = [
            tf.zeros(variable.shape, variable.dtype) if gradient is None else tf.convert_to_tensor(gradient)
            for gradient, variable in zip(found, variables, strict=True)
        ]
        rows = [table.gradient(each) for table, each in zip(self.tables, by_row, strict=True)]
        summed = [*self._sum_over_devices(gradients), *(gradient for _, gradient in rows)]
        clipped, norm = self._clip(summed)
        self.optimizer.apply(clipped[: len(variables)], variables)
        for table, (read, _), gradient in zip(self.tables, rows, clipped[len(variables) :], strict=True):
            table.apply(read, gradient, self.averages.decay_after(self.optimizer.iterations))
        return loss, norm

    def _sum_over_devices(self, gradients: list[tf.Tensor]) -> list[tf.Tensor]:
        """Keras adds the devices' gradients up itself, after clipping; so each gets its share of the clipped sum."""
        if not self.strategy:
            return gradients
        summed = tf.distribute.get_replica_context().all_reduce("sum", gradients)
        return [gradient / self.replicas for gradient in summed]

    def _clip(self, gradients: list[tf.Tensor]) -> tuple[list[tf.Tensor], tf.Tensor]:
        scale = getattr(self.optimizer, "dynamic_scale", 1.0)
        norm = tf.linalg.global_norm(gradients) * self.replicas / tf.cast(scale, gradients[0].dtype)
        if self.options.clip:
            largest = tf.cast(self.options.clip, norm.dtype)
            factor = largest / tf.maximum(norm, largest)
            gradients = [gradient * tf.cast(factor, gradient.dtype) for gradient in gradients]
        return gradients, norm

    def _distributed_step(
        self, inputs: Mapping[str, Tensor], targets: Tensor, weights: Tensor, total: Scalar
    ) -> tuple[Scalar, Scalar]:
        loss, norm = self.strategy.run(self._step, args=(inputs, targets, weights, total))
        return self.strategy.reduce("SUM", loss, axis=None), self.strategy.reduce("MEAN", norm, axis=None)

    def _share(self, array: np.ndarray, whole: bool = False) -> tf.distribute.DistributedValues:
        """Split an array of a batch evenly among the devices, or give each the whole of it."""
        parts = [array] * self.replicas if whole else np.split(array, self.replicas)

        def part(context: tf.distribute.experimental.ValueContext) -> tf.Tensor:
            return tf.constant(parts[context.replica_id_in_sync_group])

        return self.strategy.experimental_distribute_values_from_function(part)

    def seed_dropout(self, epoch: int) -> None:
        """Set every random generator in the model from (seed, epoch)."""
        generators = [v for v in self.model.variables if v.path.endswith("seed_generator_state")]
        for n, generator in enumerate(generators):
            generator.assign(np.random.SeedSequence([self.options.seed, epoch, n]).generate_state(2))


def make_optimizer(options: TrainingOptions) -> keras.optimizers.Optimizer:
    """Adam (Kingma and Ba 2015); with loss scaling where the precision is float16."""
    adam = keras.optimizers.Adam(options.learning_rate)
    return keras.optimizers.LossScaleOptimizer(adam) if options.precision == "mixed_float16" else adam


def fit(
    trainer: Trainer,
    train: Batches,
    evaluate: Callable[[], Metrics],
    monitor: tuple[str, str],
    *,
    title: str,
    checkpoint_path: Path | None = None,
    untrained_counts: bool = False,
    after_epoch: Callable[[Progress], None] = lambda _progress: None,
) -> Progress:
    """Train until the score that decides was not better for `patience` epochs; the model ends with its best weights.

    Args:
        trainer: model and optimiser.
        train: training batches.
        evaluate: dev metrics of the model as it is.
        monitor: name of the dev metric that decides, and `max` or `min`; or `TRAIN_LOSS` and `min`.
        title: what the progress bar calls this.
        checkpoint_path: where the state is kept; if the file is there, training goes on from it. None keeps none.
        untrained_counts: whether the untrained model is scored too, and kept where no epoch is better.
        after_epoch: called with the progress after each epoch.

    Raises:
        Stopped: after SIGTERM or Ctrl-C, when the checkpoint is written.
        UserError: if the loss or the dev score is not a number; the model then has its last good weights.
    """
    options = trainer.options
    progress, best = Progress(), None
    if checkpoint_path and checkpoint_path.exists():
        progress, best = checkpoint.load(checkpoint_path, trainer.variables)

    def keep() -> None:
        if checkpoint_path:
            checkpoint.save(checkpoint_path, progress, trainer.variables, best)

    try:
        with stop_signals() as stop:
            scored = untrained_counts and monitor != TRAIN_LOSS
            if scored and progress.best is None and not progress.epoch:
                progress.best = _finite(evaluate()[monitor[0]], monitor[0], "before training")
                best = [np.array(v.numpy()) for v in trainer.model.variables]
            while not progress.finished:
                _train_epoch(trainer, train, progress, keep, stop, title)
                with trainer.averaged():
                    metrics = evaluate()
                    if _close_epoch(progress, metrics, monitor, options):
                        best = [np.array(v.numpy()) for v in trainer.model.variables]
                keep()
                after_epoch(progress)
                if stop:
                    raise Stopped(stop[0], f"after epoch {progress.epoch}")
    except NotANumber as problem:
        problem.best_epoch = progress.best_epoch
        _restore(trainer.model, best)
        raise
    _restore(trainer.model, best)
    return progress


def plan_epoch(train: Batches, options: TrainingOptions, epoch: int) -> list[Any]:
    """The batches of an epoch: the split once, or in several orders one after the other, up to `least_steps`.

    Raises:
        UserError: there is no example.
    """
    plans = train.plan([options.seed, epoch])
    if not plans:
        raise UserError("the training split is empty")
    passes = math.ceil(options.least_steps / len(plans))
    more = (train.plan([options.seed, epoch, number]) for number in range(1, passes))
    return [*plans, *itertools.chain.from_iterable(more)]


def repetition_note(train: Batches, options: TrainingOptions) -> tuple[str, ...]:
    """Says so where an epoch reads the training split more than once."""
    once = len(train.plan([options.seed, 0]))
    passes = math.ceil(options.least_steps / max(1, once))
    if passes == 1:
        return ()
    return (f"an epoch reads the training split {passes} times, {once} steps each (--least-steps)",)


def _train_epoch(
    trainer: Trainer,
    train: Batches,
    progress: Progress,
    keep: Callable[[], None],
    stop: list[int],
    title: str,
) -> None:
    """The rest of the epoch that `progress` stands in."""
    options = trainer.options
    plans = plan_epoch(train, options, progress.epoch)
    if progress.batch == 0:
        trainer.seed_dropout(progress.epoch)
    saved_at, watch = time.monotonic(), Stopwatch(progress)
    bar = progress_bar(plans[progress.batch :], f"{title}, epoch {progress.epoch + 1}/{options.epochs}")
    for planned in bar:
        batch = train.load(planned)
        if options.decay != "none" or options.warm_up:
            done = progress.epoch + progress.batch / len(plans)
            steps = progress.epoch * len(plans) + progress.batch
            trainer.optimizer.learning_rate = learning_rate(options, done, steps)
        loss, norm = trainer.step(batch)
        for name, value in (("loss", loss), ("gradient's norm", norm)):
            if not math.isfinite(value):
                where = f"epoch {progress.epoch + 1}, batch {progress.batch + 1}"
                raise NotANumber(f"the {name} became {value} at {where}")
        weight = float(batch.weights.sum())
        progress.batch += 1
        progress.loss_sum += loss * weight
        progress.weight_sum += weight
        progress.norm_sum += norm
        bar.set_postfix_str(f"loss {progress.loss_sum / max(progress.weight_sum, 1e-9):.4f}", refresh=False)
        now = time.monotonic()
        if stop or now - saved_at > options.checkpoint_seconds:
            watch.book()
            saved_at = now
            keep()
        if stop:
            raise Stopped(stop[0], f"at epoch {progress.epoch + 1}, batch {progress.batch} of {len(plans)}")
    watch.book()


class NotANumber(UserError):
    """The loss, the gradient or the dev score is not a number.

    Attributes:
        best_epoch: the epoch, from 1, whose weights the model has again; 0 where none was finished.
    """

    best_epoch = 0

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; try a smaller --learning-rate or --clip", 1)


def _close_epoch(
    progress: Progress, metrics: Metrics, monitor: tuple[str, str], options: TrainingOptions
) -> bool:
    """Book a finished epoch; True if it is the best so far."""
    name, mode = monitor
    loss = progress.loss_sum / max(progress.weight_sum, 1e-9)
    known = loss if monitor == TRAIN_LOSS else metrics[name]
    score = _finite(known, name, f"after epoch {progress.epoch + 1}")
    row = {
        "epoch": progress.epoch + 1,
        "loss": loss,
        "gradient_norm": progress.norm_sum / progress.batch,
        **{f"dev_{key}": value for key, value in metrics.items()},
        "seconds": round(progress.seconds, 3),
    }
    progress.history.append(row)
    progress.epoch += 1
    progress.batch, progress.loss_sum, progress.weight_sum, progress.norm_sum = 0, 0.0, 0.0, 0.0
    better = progress.best is None or (score > progress.best if mode == "max" else score < progress.best)
    if better:
        progress.best, progress.best_epoch, progress.waited = score, progress.epoch, 0
    else:
        progress.waited += 1
    progress.finished = progress.epoch >= options.epochs or progress.waited >= options.patience
    return better


def _finite(score: float, name: str, when: str) -> float:
    """The score that decides; raises NotANumber if it is none."""
    if not math.isfinite(score):
        raise NotANumber(f"the dev {name} became {score} {when}")
    return score


def _restore(model: keras.Model, weights: list[np.ndarray] | None) -> None:
    for variable, value in zip(model.variables, weights or [], strict=bool(weights)):
        variable.assign(value)
