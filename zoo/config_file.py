"""The configuration of a run as `config.json` holds it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasets.errors import UserError, see
from datasets.options import from_dict as options_from_dict
from datasets.options import option
from datasets.plugins import is_own
from zoo.config import RecurrentOptions, RunConfig, TrainingOptions
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import load_task


@dataclass(frozen=True)
class OwnModel:
    """Code of a user's own, `package.module:NAME`, that a command line names beside a run directory.

    A run directory may come from somebody else, and importing a module runs it. So the names that its configuration
    holds are imported only where the user gives them as well.
    """

    task: str | None = option(
        None, "the run's task, where it is one of your own: it is imported, which runs it", metavar="NAME"
    )
    cell: str | None = option(
        None, "the run's cell, where it is one of your own: it is imported, which runs it", metavar="NAME"
    )

    def check(self, stored: Mapping[str, object], where: str) -> None:
        """Compare what the user names with what a configuration holds.

        Args:
            stored: the names of the configuration, by field.
            where: the file's name, for messages.

        Raises:
            UserError: the configuration holds code of a user's own that is not named, or other names.
        """
        given = {name: getattr(self, name) for name in stored if hasattr(self, name)}
        for name, value in given.items():
            if value not in (None, stored.get(name)):
                raise UserError(f"--{name}: {where} is a run of {stored.get(name)}, not of {value}")
        missing = [name for name, value in given.items() if value is None and is_own(str(stored.get(name)))]
        if missing:
            flags = " ".join(f"--{name} {stored[name]}" for name in missing)
            raise UserError(
                f"{where} names code that is not the zoo's and would be run ({see('Run directories')}); "
                f"if you trust it, add {flags}"
            )


@dataclass(frozen=True)
class OwnCode(OwnModel):
    """The same for a command that reads the run's data too."""

    dataset: str | None = option(
        None, "the run's data set, where it is one of your own: it is imported, which runs it", metavar="NAME"
    )


def own_flags(stored: Mapping[str, Any]) -> list[str]:
    """The flags that name the code of a user's own in a configuration; whoever has made it may give them."""
    names = {name: str(value) for name, value in _names(stored).items()}
    return [text for name, value in names.items() if is_own(value) for text in (f"--{name}", value)]


def _names(stored: Mapping[str, Any]) -> dict[str, object]:
    """What a configuration calls its task, its cell and its data set."""
    recurrent = stored.get("recurrent")
    cell = recurrent.get("cell") if isinstance(recurrent, Mapping) else None
    return {"task": stored.get("task"), "cell": cell, "dataset": stored.get("dataset")}


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
        task = load_task(values["task"])
        for name, options in (
            ("recurrent", RecurrentOptions),
            ("training", TrainingOptions),
            ("options", task.options_type),
        ):
            values[name] = options_from_dict(options, values[name], f"{where}: {name}", task.before)
        if not isinstance(values["dataset"], str):
            raise TypeError(f"dataset: {values['dataset']!r} is no name")
        values["data"] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values["data"].items()
        }
        return RunConfig(**values)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise UserError(f"{where}: this is no configuration of a run ({problem})") from None


def read_config(directory: RunDirectory, own: OwnModel) -> RunConfig:
    """The configuration of a run directory.

    Args:
        own: what the user names of the run's own code; an `OwnCode` where the data are to be read.

    Raises:
        UserError: if its file is missing or broken, or names code of a user's own that `own` does not name.
    """
    stored, where = directory.load_config().get("config"), str(directory.config_path)
    if isinstance(stored, Mapping):
        own.check(_names(stored), where)
    return from_dict(stored, where)
