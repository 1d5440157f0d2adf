"""Run directories whose models have learned nothing, for tests of what needs no training."""

from __future__ import annotations

from pathlib import Path

import datasets
from datasets.options import names
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
    embedding = ("--embedding", "4") if "embedding" in names(load_task(task).options_type) else ()
    arguments = ("--units", "5", *embedding, *arguments)
    config = config_of(task, task_parser(task).parse_args(arguments))
    directory = RunDirectory.create(folder)
    directory.save_config({"config": to_dict(config)})
    fields = load_task(task).fields
    context = RunContext.prepare(config, datasets.load(config.dataset, fields, config.data))
    write_json(directory.prepared_path, context.prepared.learned.to_json())
    save_model(context.build(), directory.model_path)
    return folder
