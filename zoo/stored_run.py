"""What a finished run left: its model, and what it learned from its data."""

from __future__ import annotations

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
from zoo.runtime.rundir import RunDirectory, read_json
from zoo.stored_types import check as check_types
from zoo.tasks.base import AnyTask, Learned, Prepared, load_task

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
    return learned, model


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
