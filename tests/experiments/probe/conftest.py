"""Small run directories that the probes look into. Their models have learned nothing: no test needs that."""

from __future__ import annotations

from pathlib import Path

import pytest

import datasets
from tests.experiments.probe import own_cell
from tests.zoo.conftest import toy_rows, write_tsv
from zoo.config_file import to_dict
from zoo.pipeline import save_model
from zoo.run import config_of, task_parser
from zoo.runtime.rundir import RunDirectory, write_json
from zoo.tasks.base import load_task
from zoo.training.context import RunContext


def untrained_run(folder: Path, task: str, *arguments: str) -> Path:
    """A run directory with all that `zoo.run` leaves for those who load its model.

    Args:
        folder: which is made.
        task: name of the task.
        arguments: of `zoo.run`, flags alone.
    """
    arguments = ("--units", "5", "--embedding", "4", *arguments)
    config = config_of(task, task_parser(task).parse_args(arguments))
    directory = RunDirectory.create(folder)
    directory.save_config({"config": to_dict(config)})
    fields = load_task(task).fields
    context = RunContext.prepare(config, datasets.load(config.dataset, fields, config.data))
    write_json(directory.prepared_path, context.prepared.learned.to_json())
    save_model(context.build(), directory.model_path)
    return folder


@pytest.fixture(scope="session")
def toy_reviews(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of short texts with labels."""
    return str(write_tsv(tmp_path_factory.mktemp("toy") / "toy.tsv", toy_rows(80)))


@pytest.fixture(scope="session")
def sentiment_run(tmp_path_factory: pytest.TempPathFactory, toy_reviews: str) -> Path:
    """Of a vanilla cell whose last output alone is read."""
    folder = tmp_path_factory.mktemp("sentiment") / "run"
    options = ("--cell", "vanilla", "--pooling", "last", "--dataset", toy_reviews)
    return untrained_run(folder, "sentiment", *options)


@pytest.fixture(scope="session")
def own_cell_run(tmp_path_factory: pytest.TempPathFactory, toy_reviews: str) -> Path:
    """Of a cell that the zoo does not know."""
    folder = tmp_path_factory.mktemp("own") / "run"
    return untrained_run(folder, "sentiment", "--cell", own_cell.NAME, "--dataset", toy_reviews)


@pytest.fixture(scope="session")
def tagging_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an LSTM in both directions and two layers, with another recurrent layer that reads the characters."""
    folder = tmp_path_factory.mktemp("tagging") / "run"
    options = ("--cell", "lstm", "--bidirectional", "--layers", "2", "--character-units", "3")
    sizes = ("--examples", "60", "--valid-examples", "20", "--test-examples", "20")
    return untrained_run(folder, "tagging", *options, *sizes)
