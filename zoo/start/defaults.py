"""Options that follow from the run that a new one starts from, where the command line does not say otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from datasets.plugins import is_own
from zoo.config import RunConfig
from zoo.config_file import OwnModel, read_config
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import AnyTask

#: Of `RecurrentOptions`: what decides whether cells fit.
RECURRENT = ("cell", "units", "layers", "cell_options")
#: Of a task's options.
OWN = ("embedding", "lowercase", "character_embedding", "character_units")


@dataclass(frozen=True)
class Defaults:
    """Values by the names of options: of the recurrent layers, and of the task."""

    recurrent: Mapping[str, object] = field(default_factory=dict)
    options: Mapping[str, object] = field(default_factory=dict)


def defaults_from(runs: Sequence[str], task: AnyTask, own: OwnModel) -> Defaults:
    """What the first of the runs decides; nothing where there is none.

    Args:
        runs: their directories.
        task: the one that is to start.
        own: what the command line names of a user's own code.

    Raises:
        UserError: no run, or one of code of a user's own that is not named.
    """
    if not runs:
        return Defaults()
    config = config_of(Path(runs[0]), own)
    names = {option.name for option in fields(task.options_type)}
    options = {
        name: getattr(config.options, name) for name in OWN if name in names and hasattr(config.options, name)
    }
    recurrent = {name: getattr(config.recurrent, name) for name in RECURRENT}
    elsewhere = task.sizes_from.get(getattr(config.options, "tokens", ""), {})
    if elsewhere:
        options[elsewhere["embedding"]] = options.pop("embedding")
        options[elsewhere["units"]] = recurrent.pop("units")
        del recurrent["layers"]
    return Defaults(recurrent, options)


def config_of(path: Path, own: OwnModel) -> RunConfig:
    """The configuration of a run that another one starts from.

    Args:
        own: what may be imported of a user's own code; a task only where it is that of the run.
    """
    return read_config(RunDirectory.open(path), own)


def own_code(task: str, cell: str) -> OwnModel:
    """The code of a user's own that is imported anyway, and so may be that of the other run, too."""
    return OwnModel(task=task if is_own(task) else None, cell=cell if is_own(cell) else None)
