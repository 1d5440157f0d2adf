"""What is compared: a grid over tasks, cells, data sets, seeds, devices and any option of a run, as a list of runs."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets.errors import UserError
from datasets.options import option
from experiments.compare.contestants import contestant
from experiments.report.records import flat_options
from zoo.cli.cells import keras_layers, published_cells
from zoo.cli.flags import Parser
from zoo.config import RunConfig
from zoo.config_file import to_dict
from zoo.run import BESIDE, config_of, task_parser
from zoo.tasks.base import check_task, task_names

ALL = "all"
MATCHES = ("units", "parameters")
#: Options of `zoo.run` that say where and how, not what is run.
NOT_VARIED = ("export", "help", "out", "resume", *BESIDE)
#: Options of `zoo.run` that have a flag of their own here.
AXES = {"cell": "cells", "seed": "seeds", "dataset": "datasets", "device": "devices"}


@dataclass(frozen=True)
class Grid:
    """A comparison; its fields are flags of `experiments.compare` and arguments of the files in experiments/grids/."""

    tasks: tuple[str, ...] = option((), "tasks, or all", flag=False)
    cells: tuple[str, ...] = option(
        published_cells(),
        "cells that are compared; lstm(unit_forget_bias=false, units=96) is one with options of its own: arguments "
        "of the cell's constructor, and options of its runs",
        metavar="CELL",
    )
    datasets: tuple[str, ...] = option(("microworld",), "data sets, as in zoo.run", metavar="DATA")
    seeds: tuple[int, ...] = option((0, 1, 2), "seeds of each", minimum=0)
    devices: tuple[str, ...] = option(("auto",), "devices", choices=("auto", "cpu", "gpu"))
    vary: tuple[str, ...] = option(
        (),
        "options of the runs: units=64,128 gives two levels, epochs=3 one, sentiment.max_tokens=100 is for one task",
        metavar="[TASK.]OPTION=VALUE[,VALUE]",
    )
    match: str = option(
        "units", "what is equal for all cells; parameters looks for each cell's units", choices=MATCHES
    )
    until_clear: tuple[str, ...] = option(
        (),
        "add seeds to the pairs of cells that are not clear yet for the smallest difference that matters: 0.01, 1% of "
        "the mean score, or for one task",
        metavar="[TASK=]DIFFERENCE",
    )
    most: int = option(20, "with --until-clear, seeds of each cell at most", minimum=2)
    keras_seeds: int = option(
        1, "with how many of the seeds Keras' own layers of the same cells are run too; 0: not", minimum=0
    )


@dataclass(frozen=True)
class Run:
    """One run of a grid.

    Attributes:
        name: its folder under `runs/`, unique to its configuration.
        arguments: of `zoo.run`, without `--out`.
        config: as `config.json` will hold it.
        match: what was matched; `reference_cell` is the first cell of the grid, `reference_units` are its units.
        contestant: the cell with the options that are its own; empty where it has none.
        shared: what all others have in place of these options: values by column of the table of results.
    """

    name: str
    task: str
    cell: str
    seed: int
    device: str
    arguments: tuple[str, ...]
    config: Mapping[str, Any] = field(compare=False)
    match: str = "units"
    reference_units: int = 0
    reference_cell: str = ""
    contestant: str = ""
    shared: Mapping[str, object] = field(default_factory=dict, compare=False)

    def with_seed(self, seed: int) -> Run:
        """The same with another seed."""
        config = {**self.config, "training": {**self.config["training"], "seed": seed}}
        front = self.name.removesuffix(f"s{self.seed}-{self.digest}")
        name = f"{front}s{seed}-{digest(config, self.basis)}"
        arguments = (*self.arguments[:-1], str(seed))
        return dataclasses.replace(self, name=name, seed=seed, arguments=arguments, config=config)

    @property
    def basis(self) -> str:
        """What was matched, and to which cell and size. Runs that were matched to different cells are not compared."""
        return basis(self.match, self.reference_cell, self.reference_units, self.contestant)

    @property
    def digest(self) -> str:
        """Of everything that decides the run's numbers, and with what they are compared."""
        return digest(self.config, self.basis)


@dataclass(frozen=True)
class Block:
    """What the cells of a comparison share: a task and one level of everything that varies."""

    task: str
    levels: tuple[tuple[str, str], ...]

    def arguments(self, cell: str, seed: int, units: int | None = None) -> tuple[str, ...]:
        """The command line of a run.

        Args:
            cell: see `experiments.compare.contestants`; its own options overrule those of the levels.
            units: in place of those of the levels.
        """
        one = contestant(cell)
        own = one.options_for(self.task)
        levels = {name: value for name, value in self.levels if name not in own}
        if one.cell_options:
            levels["cell_options"] = " ".join([*levels.get("cell_options", "").split(), *one.cell_options])
        flags = [text for name, value in levels.items() for text in _flag(name, value)]
        if units is not None and "units" not in own:
            flags += _flag("units", str(units))
        flags += [text for name, value in own.items() for text in _flag(name, value)]
        return (self.task, *flags, "--cell", one.cell, "--seed", str(seed))

    def config(self, cell: str, seed: int, units: int | None = None) -> RunConfig:
        """The configuration of a run.

        Raises:
            UserError: for what `zoo.run` would refuse.
        """
        arguments = self.arguments(cell, seed, units)
        try:
            parser = _parser(self.task, dict(self.levels).get("dataset"))
            return config_of(self.task, parser.parse_args(arguments[1:]))
        except UserError as problem:
            raise UserError(f"{self.task}: {problem}") from None


@functools.cache
def _parser(task: str, dataset: str | None) -> Parser:
    return task_parser(task, dataset)


def basis(match: str, reference_cell: str, reference_units: int, contestant: str = "") -> str:
    """See `Run.basis`."""
    matched = match if match == "units" else f"{match} of {reference_cell} with {reference_units} units"
    return f"{matched}, as {contestant}" if contestant else matched


def digest(config: Mapping[str, object], basis: str) -> str:
    """Ten hexadecimal digits that tell configurations apart.

    Args:
        config: a configuration as JSON; `export` does not count, for it changes no number.
        basis: see `Run.basis`.
    """
    values = {name: value for name, value in dict(config).items() if name != "export"}
    text = json.dumps([values, basis], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def blocks(grid: Grid) -> list[Block]:
    """The comparisons of a grid, each to be run with every cell and seed.

    Raises:
        UserError: for an unknown task or option.
    """
    return [block for task in tasks(grid) for block in _blocks_of(task, grid)]


def tasks(grid: Grid) -> list[str]:
    """The names of the tasks.

    Raises:
        UserError: if there is none, or one is unknown.
    """
    known = task_names()
    if not grid.tasks:
        raise UserError(f"which tasks? some of: {', '.join(known)}; or {ALL}")
    if grid.tasks == (ALL,):
        return known
    for name in grid.tasks:
        check_task(name)
    return list(dict.fromkeys(grid.tasks))


def _blocks_of(task: str, grid: Grid) -> Iterator[Block]:
    axes = {"dataset": grid.datasets, "device": grid.devices, **_varied(task, grid)}
    for values in itertools.product(*axes.values()):
        yield Block(task, tuple(zip(axes, values, strict=True)))


def _varied(task: str, grid: Grid) -> dict[str, tuple[str, ...]]:
    """The options that vary for a task; what is said of this task alone overrules what is said of all."""
    general: dict[str, tuple[str, ...]] = {}
    own: dict[str, tuple[str, ...]] = {}
    for text in grid.vary:
        prefix, name, values = _parsed(text)
        if prefix and prefix not in tasks(grid):
            check_task(prefix)
            raise UserError(f"--vary {text}: {prefix} is not among the tasks")
        if prefix in ("", task):
            target = own if prefix else general
            if name in target:
                raise UserError(f"--vary {text}: {name} is given twice; write all values behind one =")
            target[name] = values
    return {**general, **own}


def _parsed(text: str) -> tuple[str, str, tuple[str, ...]]:
    """Task (or nothing), option and values of an argument of `--vary`.

    Raises:
        UserError: if it is none, or the option is not one that a comparison may set.
    """
    name, equals, values = text.partition("=")
    prefix, _, rest = name.rpartition(".")
    if not equals or not rest:
        raise UserError(f"--vary {text}: write OPTION=VALUE[,VALUE…] or TASK.OPTION=VALUE[,VALUE…]")
    option = rest.replace("-", "_")
    if option in ("cell", "seed"):
        raise UserError(f"--vary {text}: give --{option}s instead")
    if option in NOT_VARIED:
        raise UserError(
            f"--vary {text}: {rest} is no option that can differ between the runs of a comparison"
        )
    return prefix, option, tuple(values.split(","))


def overruled(grid: Grid, vary: tuple[str, ...] = (), **changes: tuple[object, ...] | str | int) -> Grid:
    """A grid with what flags give for it.

    Args:
        grid: as its file says.
        vary: an option that is varied here replaces what the grid says of it.
        changes: other fields of the grid. Data sets that are named replace the grid's. What the grid says of a task
            that was not chosen is left out.
    """
    chosen = dataclasses.replace(grid, **changes)  # type: ignore[arg-type]
    chosen_tasks, varied = tasks(chosen), [_parsed(text) for text in vary]

    def stays(text: str) -> bool:
        task, name, _ = _parsed(text)
        if (task and task not in chosen_tasks) or AXES.get(name) in changes:
            return False
        return not any(name == other and scope in ("", task) for scope, other, _ in varied)

    return dataclasses.replace(chosen, vary=(*filter(stays, grid.vary), *vary))


def _flag(name: str, value: str) -> list[str]:
    """`bidirectional`, `true` is `--bidirectional`; a value with blanks becomes several."""
    flag = name.replace("_", "-")
    if value in ("true", "false"):
        return [f"--{'' if value == 'true' else 'no-'}{flag}"]
    return [f"--{flag}", *value.split()]


def runs(grid: Grid, matched: Mapping[Block, Mapping[str, int]] | None = None) -> list[Run]:
    """Every run of a grid, each once, seed by seed so that all cells soon have some.

    Args:
        matched: the units of each cell by block, where parameters are matched.

    Raises:
        UserError: for what `zoo.run` would refuse.
    """
    cells = contestants(grid)
    runs_by_name: dict[str, Run] = {}
    for block in blocks(grid):
        units = (matched or {}).get(block, {})
        reference = block.config(cells[0], grid.seeds[0]).recurrent.units
        begun: dict[str, Run] = {}
        for number, seed in enumerate(dict.fromkeys(grid.seeds)):
            baselines = keras_cells(cells) if number < grid.keras_seeds else {}
            for cell, like in {**{cell: cell for cell in cells}, **baselines}.items():
                if cell not in begun:
                    begun[cell] = _run(block, cell, seed, units.get(like), grid.match, reference, cells[0])
                run = begun[cell].with_seed(seed)
                runs_by_name.setdefault(run.name, run)
    found = list(runs_by_name.values())
    _refuse_twins(found)
    return found


def contestants(grid: Grid) -> list[str]:
    """The names of what is compared, each once.

    Raises:
        UserError: for a text that is no cell with options, or a task's option where no run is of that task.
    """
    found = list(dict.fromkeys(contestant(text).name for text in grid.cells))
    for name in found:
        for task, own, _ in contestant(name).run_options:
            if task and task not in tasks(grid):
                raise UserError(f"--cells {name}: {task}.{own}: {task} is not among the tasks")
    return found


def _refuse_twins(found: list[Run]) -> None:
    """Refuse contestants that differ in their names alone."""
    names: dict[str, str] = {}
    for run in found:
        name = run.contestant or run.cell
        twin = names.setdefault(json.dumps(run.config, sort_keys=True), name)
        if twin != name:
            raise UserError(f"--cells: {twin} and {name} are the same runs of {run.task}; leave one out")


def keras_cells(cells: list[str]) -> dict[str, str]:
    """Keras' own layers that are not among the cells, each with the cell that it is the baseline of."""
    baselines = {cell: layer for layer, cell in keras_layers().items()}
    return {baselines[cell]: cell for cell in cells if cell in baselines and baselines[cell] not in cells}


def _run(
    block: Block, cell: str, seed: int, units: int | None, match: str, reference: int, reference_cell: str
) -> Run:
    config = block.config(cell, seed, units)
    stored = _stored(config)
    one = contestant(cell)
    own = "" if one.name == one.cell else one.name
    shared: dict[str, object] = {}
    if own:
        plain = flat_options(_stored(block.config(one.cell, seed, units)))
        shared = {name: value for name, value in plain.items() if value != flat_options(stored).get(name)}
    data = Path(config.dataset).name or config.dataset
    words = [re.sub(r"[^\w.]+", "-", part).strip("-.")[:40] for part in (block.task, cell, data)]
    digits = digest(stored, basis(match, reference_cell, reference, own))
    return Run(
        "-".join([*words, f"s{seed}", digits]), block.task, one.cell, seed, config.training.device,
        block.arguments(cell, seed, units), stored, match, reference, reference_cell, own, shared,
    )  # fmt: skip


def _stored(config: RunConfig) -> dict[str, Any]:
    """The configuration as its file gives it back."""
    stored: dict[str, Any] = json.loads(json.dumps(to_dict(config)))
    return stored


def with_data(grid: Grid, folder: str | None) -> Grid:
    """The grid with `{data}` replaced by the folder that holds the data sets.

    Raises:
        UserError: if the grid needs the folder and none is given.
    """
    if not needs_data(grid):
        return grid
    if folder is None:
        raise UserError(
            "this grid reads real data sets; say with --data FOLDER (or ZOO_DATA_DIR) where they are"
        )

    def filled(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(value.replace("{data}", folder.rstrip("/")) for value in values)

    return dataclasses.replace(grid, datasets=filled(grid.datasets), vary=filled(grid.vary))


def needs_data(grid: Grid) -> bool:
    """Whether a folder of data is to be filled in."""
    return any("{data}" in text for text in (*grid.datasets, *grid.vary))
