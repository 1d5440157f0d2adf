"""What a finished run left: its model, and what it learned from its data."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import keras

from datasets.errors import UserError
from zoo.cli.flags import memory_is_full
from zoo.config import RunConfig
from zoo.config_file import OwnModel, read_config
from zoo.factory import recurrent_factory
from zoo.keras_private import all_layers
from zoo.members import mean_of
from zoo.runtime.rundir import RunDirectory, read_json, write_atomically
from zoo.stored_types import check as check_types
from zoo.tasks.base import AnyTask, Learned, Prepared, load_task
from zoo.tasks.next_tokens import NextTokens

NO_OWN_CODE = OwnModel()


def load_run(path: Path, own: OwnModel = NO_OWN_CODE) -> tuple[Learned, keras.Model]:
    """What a finished run learned, and its model.

    Args:
        path: the run directory.
        own: the task and the cell, where they are not the zoo's; they are imported only if they are named here.

    Raises:
        UserError: if the run is not finished, its files cannot be read, or it names other code.
    """
    directory = RunDirectory.open(path)
    config = read_config(directory, own)
    directory.require_model()
    language_model = kept_language_model(directory, config, own)
    keras.mixed_precision.set_global_policy(config.training.precision)
    task = load_task(config.task)
    factory = recurrent_factory(config.recurrent)
    learned = restored(directory.prepared_path, task, config.options)
    import zoo.layers.pooling  # noqa: F401  (registered, it can be loaded)

    with fitting_together(path):
        expected = _built_anew(
            task, learned, config
        )  # which registers all classes that the stored model needs
    with _told(directory.model_path):
        _refuse_damage(directory.model_path)
        model = keras.models.load_model(
            directory.model_path,
            custom_objects={factory.cell_class.__name__: factory.cell_class},
            compile=False,
        )
    with fitting_together(path):
        _compare(model, expected)
    if language_model is not None:
        learned = task.with_language_model(learned, language_model)
    return learned, model


def kept_language_model(directory: RunDirectory, config: RunConfig, own: OwnModel) -> NextTokens | None:
    """The language model that a run has in its directory; None where it has none.

    Raises:
        UserError: as `load_run`.
    """
    if load_task(config.task).language_model_of(config.options) is None:
        return None
    return load_language_model(directory.language_model_path, own.cell)


def load_language_model(path: Path, cell: str | None) -> NextTokens:
    """The language model of a finished run.

    Args:
        path: the run directory.
        cell: of a user's own that may be imported.

    Raises:
        UserError: as `load_run`, or it is a run of another task.
    """
    directory = RunDirectory.open(path)
    config = read_config(directory, _own_of(directory, cell))
    learned, model = load_run(path, _own_of(directory, cell))
    language_model = load_task(config.task).next_tokens(learned, model)
    if language_model is None:
        raise UserError(
            f"--language-model {path}: is a run of {config.task}, not of language_model; train one with: python -m "
            "zoo.run language_model --dataset TEXTS --documents"
        )
    return language_model


def keep_language_model(directory: RunDirectory, run: RunDirectory) -> None:
    """Copy what is needed to load the language model of another run, so that a run does without that one."""

    def copy(folder: Path) -> None:
        folder.mkdir()
        for path in (run.config_path, run.prepared_path, run.model_path):
            shutil.copyfile(path, folder / path.name)

    write_atomically(directory.language_model_path, copy)


def _own_of(directory: RunDirectory, cell: str | None) -> OwnModel:
    """A cell of the user's own, only where the run has that one; another may have another one."""
    stored = directory.load_config().get("config")
    recurrent = stored.get("recurrent") if isinstance(stored, dict) else None
    its = recurrent.get("cell") if isinstance(recurrent, dict) else None
    return OwnModel(cell=cell) if cell == its else NO_OWN_CODE


def restored(path: Path, task: AnyTask, options: object) -> Learned:
    """What a run learned, from its `prepared.json`; raises UserError where the file holds anything else."""
    stored = read_json(path)
    with _told(path):
        learned: Learned = task.restore(stored, options)
        check_types(learned, stored)
    return learned


@contextmanager
def fitting_together(path: Path) -> Iterator[None]:
    """Whatever fails where a run's model meets what was learned, such as in `Task.serve`, is told in one line."""
    try:
        yield
    except Exception as problem:
        if isinstance(problem, UserError) or memory_is_full(problem):
            raise
        lines = str(problem).strip().splitlines()
        reason = lines[0][:200] if len(lines) == 1 else "the model is not the one of this configuration"
        raise UserError(
            f"{path}: model.keras, config.json and prepared.json do not belong together or are damaged: {reason}",
            1,
        ) from None


class _NeedsExamples(Exception):
    """A task looks at examples to build its model."""


class _NoExamples:
    """In place of batches."""

    def __getattr__(self, name: str) -> NoReturn:
        raise _NeedsExamples(name)


def _built_anew(task: AnyTask, learned: Learned, config: RunConfig) -> keras.Model | None:
    """The untrained model of a configuration; None where the task would have to look at examples."""
    none: Any = _NoExamples()
    try:
        prepared = Prepared(learned, none, none, lambda: None)
        models = [
            task.build(prepared, recurrent_factory(config.recurrent), config.options)
            for _ in range(config.training.members)
        ]
        return mean_of(models) if len(models) > 1 else models[0]
    except _NeedsExamples:
        return None


def _compare(model: keras.Model, expected: keras.Model | None) -> None:
    """Raises ValueError where a model reads or gives other shapes than the one expected, or knows other tokens."""
    if expected is not None and _shapes(model) != _shapes(expected):
        raise ValueError("the model is not the one of this configuration")


def _shapes(model: keras.Model) -> tuple[object, ...]:
    """Of the inputs by name, of the outputs, and of the tables of embeddings."""
    tables = [layer for layer in all_layers(model) if isinstance(layer, keras.layers.Embedding)]
    return (
        {tensor.name: tuple(tensor.shape) for tensor in model.inputs},
        sorted(str(tuple(tensor.shape)) for tensor in model.outputs),
        sorted((layer.input_dim, layer.output_dim) for layer in tables),
    )


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Whatever a damaged file raises, which depends on where it is damaged, is told in one line."""
    try:
        yield
    except Exception as problem:
        reason = (str(problem) or type(problem).__name__).splitlines()[0][:200]
        raise UserError(f"{path} cannot be loaded: {reason}; train the run again", 1) from None


def _refuse_damage(archive: Path) -> None:
    """Compare the checksums of a `.keras` file, for Keras reads its weights without them."""
    with zipfile.ZipFile(archive) as file:
        if damaged := file.testzip():
            raise ValueError(f"{damaged} in it is damaged")
