"""The configuration of a run as `config.json` holds it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from datasets.errors import UserError
from datasets.options import from_dict as options_from_dict
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import load_task


def to_dict(config: RunConfig) -> dict[str, object]:
    """The configuration as JSON can hold it."""
    return dataclasses.asdict(config)


def from_dict(stored: object, where: str) -> RunConfig:
    """The inverse of `to_dict`, after a way through JSON.

    Args:
        stored: what the file holds.
        where: the file's name, for messages.

    Raises:
        UserError: for an unknown task or option, or a value of a wrong type.
    """
    try:
        if not isinstance(stored, Mapping):
            raise TypeError(f"{stored!r} is no table")
        values: dict[str, Any] = {**stored}
        for name, options in (
            ("recurrent", RecurrentOptions),
            ("training", TrainingOptions),
            ("options", load_task(values["task"]).options_type),
        ):
            values[name] = options_from_dict(options, values[name], f"{where}: {name}")
        if not isinstance(values["dataset"], str):
            raise TypeError(f"dataset: {values['dataset']!r} is no name")
        values["data"] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values["data"].items()
        }
        return RunConfig(**values)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise UserError(f"{where}: this is no configuration of a run ({problem})") from None


def read_config(directory: RunDirectory) -> RunConfig:
    """The configuration of a run directory.

    Raises:
        UserError: if its file is missing or broken.
    """
    return from_dict(directory.load_config().get("config"), str(directory.config_path))
