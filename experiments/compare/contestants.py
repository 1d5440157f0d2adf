"""Contestants: cells with options, written `lstm(unit_forget_bias=false, units=96)`."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from datasets import plugins
from datasets.errors import UserError
from datasets.options import names
from zoo.cli import cells
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.tasks.base import check_task

#: Options of a run that are the same for all that is compared, or have a flag of their own.
NOT_OWN = ("cell", "cell_options", "seed", "device", "dataset", "start_from")
#: All other options of the recurrent layers and of training may be a contestant's own.
OF_RUNS = tuple(
    name for part in (RecurrentOptions, TrainingOptions) for name in names(part) if name not in NOT_OWN
)


@dataclass(frozen=True)
class Contestant:
    """A cell with options of its own.

    Attributes:
        cell: the cell's name.
        cell_options: arguments of its constructor, `NAME=VALUE`.
        run_options: task (or nothing, for all tasks), option of `zoo.run`, and its value.
    """

    cell: str
    cell_options: tuple[str, ...] = ()
    run_options: tuple[tuple[str, str, str], ...] = ()

    @property
    def name(self) -> str:
        """As tables name it: the cell, and behind it what is special to the contestant, in the order of names."""
        runs = [
            f"{task}.{name}={value}" if task else f"{name}={value}" for task, name, value in self.run_options
        ]
        own = ", ".join([*self.cell_options, *runs])
        return f"{self.cell}({own})" if own else self.cell

    def options_for(self, task: str) -> dict[str, str]:
        """Its options of `zoo.run` for a task; what is said of this task alone overrules what is said of all."""
        ordered = sorted(self.run_options, key=lambda option: option[0] != "")
        return {name: value for scope, name, value in ordered if scope in ("", task)}


@functools.cache
def contestant(text: str) -> Contestant:
    """What a text stands for.

    A name that `zoo.run` has for the recurrent layers or for training (`units`, `learning_rate`) is an option of the
    run; `sentiment.embedding` is an option of that task's runs; any other name is an argument of the cell's
    constructor.

    Raises:
        UserError: if it is none, there is no such cell, or an option is the same for all that is compared.
    """
    cell, options = cells.named(text)
    plugins.check(cells.PACKAGE, cell, "CELL")
    of_cell, of_runs = list[str](), list[tuple[str, str, str]]()
    for option in sorted(options):
        name, _, value = option.partition("=")
        task, _, rest = name.rpartition(".")
        rest = rest.replace("-", "_")
        if rest in NOT_OWN:
            raise UserError(
                f"--cells {text}: {rest} is the same for all cells that are compared; leave it out"
            )
        if task:
            check_task(task)
        if task or rest in OF_RUNS:
            of_runs.append((task, rest, value))
        else:
            of_cell.append(f"{rest}={value}")
    return Contestant(plugins.present_name(cells.PACKAGE, cell), tuple(of_cell), tuple(of_runs))
