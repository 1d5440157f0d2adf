"""One run from data to numbers: the only place where a task, a data set and a cell come together."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import keras

from datasets.base import Dataset
from datasets.errors import UserError
from zoo import serving
from zoo.config import TRAINED, RunConfig, TrainedBaselines
from zoo.config_file import OwnModel
from zoo.data.digest import as_read, digests
from zoo.factory import recurrent_factory
from zoo.keras_private import all_layers
from zoo.layers.recurrent import Recurrent
from zoo.members import mean_of
from zoo.runtime.figures import save
from zoo.runtime.learning_curves import draw_history
from zoo.runtime.links import refuse_link
from zoo.runtime.platform import device_name
from zoo.runtime.process_memory import resident_memory
from zoo.runtime.progress import log
from zoo.runtime.results import Results, history_csv, read_results, result_table, tensorboard
from zoo.runtime.rundir import RunDirectory, read_json, write_atomically, write_json
from zoo.start.defaults import config_of, own_code
from zoo.start.record import Start
from zoo.start.weights import Donor, begin
from zoo.stored_run import (
    NO_OWN_CODE,
    keep_language_model,
    kept_language_model,
    load_language_model,
    load_run,
)
from zoo.tasks.base import Batches, load_task
from zoo.tasks.next_tokens import NextTokens
from zoo.training.baselines import LEFT_OUT, baseline_metrics
from zoo.training.checkpoint import Progress
from zoo.training.context import RunContext, count_parameters
from zoo.training.ending import ending
from zoo.training.evaluation import Predictor
from zoo.training.loop import NotANumber, Trainer, fit, repetition_note


def run(
    directory: RunDirectory,
    config: RunConfig,
    dataset: Dataset,
    baselines: TrainedBaselines = TRAINED,
) -> str:
    """Train, score and save; or go on where the directory's checkpoint stands. Gives the table of results.

    Args:
        directory: held by this process.
        config: what to run.
        dataset: the examples that the configuration names.
        baselines: which are trained beside the model, and where they are kept.

    Raises:
        UserError: for what a person can fix.
        Stopped: after a signal during training; the run can be resumed.
    """
    began = time.monotonic()
    notes = _prove_data(directory, dataset)
    dataset = replace(dataset, info=replace(dataset.info, notes=(*dataset.info.notes, *notes)))
    start, donors = _beginning(directory, config)
    language_model = _language_model(directory, config)
    context = RunContext.prepare(config, dataset, start.tokens if start else None)
    if language_model is not None:
        context = context.with_language_model(language_model)
    repeated = repetition_note(context.prepared.train, config.training)
    for note in (*context.notes, *repeated):
        log(note)
    _keep_learned(directory, context.prepared.learned.to_json())
    prepared_in = time.monotonic() - began

    trainer, start = _trainer(context, directory, start, donors)
    predictor = Predictor(trainer.model)
    progress = _trained(context, trainer, predictor, directory)
    model = _calibrated(context, trainer.model, predictor)
    predictor = predictor if model is trainer.model else Predictor(model)
    trained = _Trained(context, model, predictor, progress)
    _keep_model(trained, directory)

    results = _evaluate(trained, directory, lambda splits: baseline_metrics(context, splits, baselines))
    seconds = {
        "prepare": prepared_in,
        "train": progress.seconds,
        "processor": progress.processor_seconds,
        "total": time.monotonic() - began,
    }
    results = replace(
        results,
        notes=(
            *results.notes,
            *repeated,
            *(start.notes if start else ()),
            *((LEFT_OUT,) if baselines.left_out else ()),
        ),
        ending=ending(progress, config.training, context.monitor[0]),
        seconds={name: round(value, 2) for name, value in seconds.items()},
    )
    results.write(directory.metrics_path)
    return result_table(results, directory.path)


def _trainer(
    context: RunContext, directory: RunDirectory, start: Start | None, donors: list[Donor]
) -> tuple[Trainer, Start | None]:
    """The model, ready to be trained, and what it began with; what was taken from other runs is told and kept."""
    started: list[str] = []
    trainer = Trainer(partial(_build, context, donors, started), context.task.loss, context.config.training)
    if start and donors:
        start = replace(start, notes=tuple(started))
        start.write(directory.start_path)
    for note in start.notes if start else ():
        log(note)
    return trainer, start


def _trained(
    context: RunContext, trainer: Trainer, predictor: Predictor, directory: RunDirectory
) -> Progress:
    """Train, from the checkpoint on where there is one; leaves the model with the weights of its best epoch."""
    config = context.config
    try:
        return fit(
            trainer,
            context.prepared.train,
            partial(context.score, predictor, context.prepared.valid),
            context.monitor,
            title=config.recurrent.cell,
            checkpoint_path=checkpoint_file(directory),
            untrained_counts=context.task.untrained_counts(context.prepared.learned),
            after_epoch=partial(_after_epoch, directory, config),
        )
    except NotANumber as problem:
        raise _keep_last_good(directory, trainer.model, problem) from None


@dataclass(frozen=True)
class _Trained:
    """A model that is as it will be kept, and how it came to be."""

    context: RunContext
    model: keras.Model
    predictor: Predictor
    progress: Progress

    @cached_property
    def server(self) -> serving.Server:
        """The exported model; it takes seconds to make, so what needs it shares it."""
        return self.context.task.serve(self.model, self.context.prepared.learned)


def _keep_model(trained: _Trained, directory: RunDirectory) -> None:
    """Write the trained model, its SavedModel where that is asked for, and how it was trained."""
    context, progress = trained.context, trained.progress
    save_model(trained.model, directory.model_path)
    if context.config.export:
        serving.save(trained.server, directory.export_path)
    history_csv(progress.history, directory.history_path)  # a kill may have come between checkpoint and table
    draw_history(
        progress.history, directory.path / "history.png", context.task.headline_of(context.prepared.learned)
    )


def ensemble(
    directory: RunDirectory,
    config: RunConfig,
    dataset: Dataset,
    members: Sequence[RunDirectory],
    own: OwnModel = NO_OWN_CODE,
) -> str:
    """Make one run of several; what it leaves is what a run leaves, but for its training. Gives the table of results.

    Args:
        directory: held by this process; of the new run.
        config: of the new run.
        dataset: the examples that the configuration names.
        members: the runs, which have ended.
        own: see `load_run`.

    Raises:
        UserError: the runs have other data, or learned other things from them.
    """
    began = time.monotonic()
    dataset = as_read(dataset, read_json(members[0].data_path))
    for member in members:
        if read_json(member.data_path) != json.loads(json.dumps(digests(dataset))):
            raise UserError(f"{member.path} was trained on other data than {config.dataset} holds now", 1)
    tokens = Start.read(members[0].start_path).tokens if members[0].start_path.exists() else None
    context = RunContext.prepare(config, dataset, tokens)
    learned = context.prepared.learned.to_json()
    for member in members:
        if read_json(member.prepared_path) != json.loads(json.dumps(learned)):
            raise UserError(f"{member.path} learned other things from its data than {members[0].path}", 1)
    write_json(directory.prepared_path, learned)
    write_json(directory.data_path, digests(dataset))
    model = mean_of([load_run(member.path, own)[1] for member in members])
    save_model(model, directory.model_path)
    before = [read_results(member.metrics_path) for member in members]
    trained = _Trained(context, model, Predictor(model), Progress())
    results = _evaluate(trained, directory, lambda _: before[0].baselines)
    names = ", ".join(str(member.path) for member in members)
    seconds = {
        "train": sum(each.seconds["train"] for each in before),
        "total": time.monotonic() - began + sum(each.seconds["total"] for each in before),
    }
    results = replace(
        results,
        epochs=sum(each.epochs for each in before),
        notes=(*results.notes, f"the mean of {len(members)} models: {names}"),
        seconds={name: round(value, 2) for name, value in seconds.items()},
    )
    results.write(directory.metrics_path)
    return result_table(results, directory.path)


def _beginning(directory: RunDirectory, config: RunConfig) -> tuple[Start | None, list[Donor]]:
    """How a run begins that starts from others, and these; once it has begun it needs them no more."""
    if not config.training.start_from:
        return None, []
    if directory.state_path.exists():
        return Start.read(directory.start_path), []
    own = own_code(config.task, config.recurrent.cell)
    donors = [_donor(Path(path), own) for path in config.training.start_from]
    return Start(donors[0].tokens), donors


def _donor(path: Path, own: OwnModel) -> Donor:
    config = config_of(path, own)
    learned, model = load_run(path, own)
    return Donor(path, config.task, model, load_task(config.task).token_layers(learned))


def _language_model(directory: RunDirectory, config: RunConfig) -> NextTokens | None:
    """The language model that has a say in the answers; the run keeps it, and goes on without the other run."""
    path, own = (
        load_task(config.task).language_model_of(config.options),
        own_code(config.task, config.recurrent.cell),
    )
    if path is not None and not directory.language_model_path.exists():
        language_model = load_language_model(Path(path), own.cell)
        keep_language_model(directory, RunDirectory.open(path))
        return language_model
    return kept_language_model(directory, config, own)


def _build(context: RunContext, donors: list[Donor], notes: list[str]) -> keras.Model:
    """The model, with weights of other runs where it starts from these; what was taken is added to the notes."""
    model = context.build()
    if donors:
        notes += begin(model, context.task.token_layers(context.prepared.learned), donors)
    return model


def check_cell(config: RunConfig) -> None:
    """Refuse a cell that does not do what Keras' contract asks for; raises UserError."""
    keras.mixed_precision.set_global_policy(config.training.precision)
    recurrent_factory(config.recurrent, config.training.seed).check_cell()


def _prove_data(directory: RunDirectory, dataset: Dataset) -> tuple[str, ...]:
    """Write what the examples are; a run that goes on must have the same. Gives notes.

    Raises:
        UserError: if a split has other examples than when the checkpoint was written, or was not read then.
    """
    known = digests(dataset)
    if not checkpoint_file(directory).exists():
        write_json(directory.data_path, known)
        return ()
    if not directory.data_path.exists():
        return (
            "the run was begun by a version that kept no digest of its data: whether they are the same is not known",
        )
    stored = read_json(directory.data_path)
    for split, facts in known.items():
        if split == "test" and isinstance(stored, dict) and split not in stored:
            raise UserError(f"{directory.path}: was begun without its test split; give --dev-only here, too")
        if not isinstance(stored, dict) or stored.get(split) != facts:
            what = "training" if split == "train" else split
            raise UserError(f"{directory.path}: the {what} data have changed since; start the run again", 1)
    return ()


def _keep_learned(directory: RunDirectory, learned: dict[str, object]) -> None:
    """Write what was learned from train; a resumed run must learn the same again.

    Raises:
        UserError: if the data have changed since the checkpoint was written.
    """
    if directory.prepared_path.exists() and checkpoint_file(directory).exists():
        if read_json(directory.prepared_path) != json.loads(json.dumps(learned)):
            raise UserError(f"{directory.path}: the training data have changed since; start the run again", 1)
        return
    write_json(directory.prepared_path, learned)


def _calibrated(context: RunContext, trained: keras.Model, predictor: Predictor) -> keras.Model:
    """The model with what the task sets by dev after training."""
    task, learned, dev = context.task, context.prepared.learned, context.prepared.valid
    return task.calibrated(learned, trained, dev, lambda: predictor(dev, "calibrating on dev"))


def _evaluate(
    trained: _Trained,
    directory: RunDirectory,
    baselines: Callable[[Mapping[str, Batches]], Mapping[str, Mapping[str, Mapping[str, float]]]],
) -> Results:
    """Everything that `metrics.json` says but the seconds; here the test split is read, once."""
    context, model, progress = trained.context, trained.model, trained.progress
    task, learned = context.task, context.prepared.learned
    both = {"dev": context.prepared.valid, "test": context.prepared.test()}
    splits = {split: batches for split, batches in both.items() if batches is not None}
    predictions = {split: trained.predictor(batches, f"scoring {split}") for split, batches in splits.items()}
    for split, batches in splits.items():
        found = predictions[split]
        predictions[split] = task.finish(learned, model, lambda: trained.server, batches, found)
    scores = {split: task.score(learned, predictions[split], batches) for split, batches in splits.items()}
    last = list(splits)[-1]
    of_last = learned, predictions[last], splits[last]
    rows = task.by_length(*of_last)
    for name, figure in task.pictures(*of_last).items():
        save(figure, directory.path / name)
    engine = recurrent_layer(model).engine_choice
    peak_memory = resident_memory(peak=True)  # before the baselines are trained
    return Results(
        task=context.config.task,
        cell=context.config.recurrent.cell,
        dataset=context.dataset.info.name,
        synthetic=context.dataset.info.synthetic,
        seed=context.config.training.seed,
        headline=task.headline_of(learned),
        ceiling=dict(context.dataset.info.ceiling),
        scores=scores,
        baselines=baselines(splits),
        details={"split": last, **task.details(*of_last), **({"by_length": rows} if rows else {})},
        parameters=count_parameters(model),
        epochs=progress.epoch,
        best_epoch=progress.best_epoch,
        seconds={},
        peak_memory_bytes=peak_memory,
        engine=engine.engine,
        engine_why=engine.why,
        device=device_name(),
        notes=(*context.notes, *task.calibration(model)),
    )


def _after_epoch(directory: RunDirectory, config: RunConfig, progress: Progress) -> None:
    row = progress.history[-1]
    metrics = ", ".join(
        f"{name} {value:.4f}" if math.isfinite(value) else f"{name} –"
        for name, value in row.items()
        if name not in ("epoch", "seconds")
    )
    log(f"epoch {row['epoch']:.0f}/{config.training.epochs}: {metrics}, {row['seconds']:.0f} s")
    history_csv(progress.history, directory.history_path)
    if config.training.tensorboard:
        refuse_link(directory.path / "tensorboard")
        tensorboard(row, directory.path / "tensorboard")


def _keep_last_good(directory: RunDirectory, model: keras.Model, problem: NotANumber) -> UserError:
    """Save the best weights so far; the error then says so."""
    if not problem.best_epoch:
        return UserError(f"{problem}; there are no good weights to keep yet", 1)
    save_model(model, directory.model_path)
    return UserError(f"{problem}; {directory.model_path} holds the weights of epoch {problem.best_epoch}", 1)


def checkpoint_file(directory: RunDirectory) -> Path:
    """The one file of a run's checkpoint."""
    refuse_link(directory.checkpoint_path)
    directory.checkpoint_path.mkdir(exist_ok=True)
    return directory.state_path


def save_model(model: keras.Model, path: Path) -> None:
    """Write a `.keras` file whole or not at all."""
    write_atomically(path, lambda temporary: model.save(temporary))


def recurrent_layer(model: keras.Model) -> Recurrent:
    """The first recurrent layer of a model."""
    return next(layer for layer in all_layers(model) if isinstance(layer, Recurrent))
