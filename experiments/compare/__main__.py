"""Compare cells on tasks: a grid of runs, each in a process of its own, then one table and a report.

Stop it with Ctrl-C and start the same command again: finished runs are found, stopped ones go on where they were.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from datasets import plugins
from datasets.errors import UserError
from datasets.options import from_dict, names
from experiments.compare import cluster
from experiments.compare.checking import check_cells
from experiments.compare.contestants import OF_RUNS
from experiments.compare.grid import (
    NOT_VARIED,
    Grid,
    Run,
    contestants,
    needs_data,
    overruled,
    runs,
    with_data,
)
from experiments.compare.locking import locked
from experiments.report.records import PLAN, TUNED, Plan
from experiments.report.sequential import stopping
from zoo.cli.flags import Parser, add_options, frozen, given, main_guard, number
from zoo.runtime.cores import cores
from zoo.runtime.progress import log
from zoo.runtime.rundir import make_folder, read_json
from zoo.tasks.base import load_task, task_names

if TYPE_CHECKING:
    from distributed import Client

    from experiments.compare.runner import Tally

EXAMPLES = """\
examples:
  python -m experiments.compare sentiment --cells vanilla lstm gru --seeds 0 1 2 --out runs/first
  python -m experiments.compare sentiment tagging --vary units=32,64 sentiment.max_tokens=100 --match parameters \\
      --out runs/second --workers 2
  python -m experiments.compare tagging --cells lstm "lstm(unit_forget_bias=false)" "gru(units=48)" --out runs/forget
  python -m experiments.compare --grid embedded --out runs/embedded
  dask scheduler --port 8786 & dask worker tcp://127.0.0.1:8786 --nthreads 1 &
  python -m experiments.compare sentiment --scheduler tcp://127.0.0.1:8786 --out runs/third
"""
GRIDS = "experiments.grids"


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(
        prog="python -m experiments.compare",
        usage="python -m experiments.compare TASK… --out DIR [options]",
        description=f"{__doc__}\n\ngrids (--grid): {', '.join(plugins.names(GRIDS, 'GRID'))}",
        epilog=EXAMPLES,
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("tasks", nargs="*", metavar="TASK", help="tasks of the zoo, or all")
    add("--out", metavar="DIR", required=True, help="folder of the comparison; an earlier one goes on")
    add(
        "--grid",
        metavar="NAME",
        help="a grid of experiments/grids/, or the folder of a search or comparison; flags overrule it",
    )
    add("--data", metavar="DIR", help="folder of real data sets, for grids that name it (or ZOO_DATA_DIR)")
    add_options(parser, Grid, "what is compared")
    group = parser.add_argument_group("where it runs")
    add = group.add_argument
    add(
        "--workers",
        type=number(int),
        metavar="N",
        help="runs at a time on this machine (default: one a core; one a GPU where all runs may use one)",
    )
    add("--threads", type=number(int), metavar="N", help="cores of each run (default: the cores shared out)")
    add("--gpus", type=number(int), metavar="N", help="GPUs of this machine that are used (default: all)")
    add("--scheduler", metavar="ADDRESS", help="give the runs to a Dask cluster that is there already")
    add("--list", action="store_true", help="say what would be run, and run nothing")
    return parser


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line; an option of the runs that stands there by itself is sent to `--vary`.

    Raises:
        UserError: for an option that is none of this command's.
    """
    _, rest = parser().parse_known_args(argv)
    for place, text in enumerate(rest):
        option, _, value = text.removeprefix("--").partition("=")
        if text.startswith("--") and _of_runs(option):
            following = rest[place + 1 : place + 2]
            value = value or next((text for text in following if not text.startswith("-")), "VALUE")
            raise UserError(f"--{option} is an option of the runs; write --vary {option}={value}")
    return parser().parse_args(argv)


def _of_runs(option: str) -> bool:
    """Whether a task of the zoo has the option."""
    name = option.replace("-", "_")
    if name in (*NOT_VARIED, "cell", "seed"):
        return False
    return any(name in names(load_task(task).options_type) for task in task_names()) or name in OF_RUNS


def grid_of(arguments: argparse.Namespace) -> Grid:
    """The grid that the flags, or a file and the flags, describe.

    Raises:
        UserError: if there is no such grid file, or it needs a folder of data.
    """
    name = getattr(arguments, "grid", None)
    grid = _grid(name) if name else Grid()
    changes = {field: frozen(getattr(arguments, field)) for field in given(arguments, Grid)}
    if not changes.get("tasks"):
        changes.pop("tasks", None)
    grid = overruled(grid, **changes)
    if "data" in arguments and not needs_data(grid):
        raise UserError(
            f"--data {arguments.data}: nothing of this grid reads from there; name data with --datasets"
        )
    return with_data(grid, getattr(arguments, "data", None) or os.environ.get("ZOO_DATA_DIR"))


def _grid(name: str) -> Grid:
    """A grid of experiments/grids/, or that of an earlier comparison or search: its folder, or a file of it."""
    path = Path(name)
    if not path.is_dir() and path.suffix != ".json":
        return plugins.load(GRIDS, name, "GRID", Grid)
    found = next((file for file in (path / TUNED, path / PLAN) if file.is_file()), path)
    if not found.is_file():
        raise UserError(f"--grid {name}: there is no {TUNED} and no {PLAN} in it")
    stored = read_json(found)
    if not isinstance(stored, dict) or "grid" not in stored:
        raise UserError(f"--grid {name}: {found} holds no grid")
    return from_dict(Grid, stored["grid"], f"--grid {found}")


@main_guard
def main(argv: list[str] | None = None) -> int | None:
    """Parse, run, report."""
    arguments = parsed(argv)
    for name, least in (("workers", 1), ("threads", 1), ("gpus", 0)):
        if getattr(arguments, name, least) < least:
            raise UserError(f"--{name} {getattr(arguments, name)}: at least {least}")
    for name in ("workers", "gpus"):
        if "scheduler" in arguments and name in arguments:
            raise UserError(
                f"--{name}: a cluster that is there already (--scheduler) has the workers that it has"
            )
    out = Path(arguments.out)
    grid = grid_of(arguments)
    stopping(dataclasses.asdict(grid))  # refuses what is no difference
    planned = runs(grid)
    check_cells(planned)
    if "list" in arguments:
        if grid.match == "parameters":
            log(
                "units of each cell but the first are found when the grid is run, for equal numbers of parameters"
            )
        if grid.until_clear:
            log(f"further seeds, up to {grid.most} of each cell, are added when the grid is run")
        print("\n".join(shlex.join(["python", "-m", "zoo.run", *run.arguments]) for run in planned))
        return None
    make_folder(out)
    with locked(out):
        return _compare(arguments, grid, planned, out)


def _compare(arguments: argparse.Namespace, grid: Grid, planned: list[Run], out: Path) -> int | None:
    """Match, run and report; the exit code."""
    if grid.match == "parameters":
        from experiments.compare.matching import match_parameters

        planned = runs(grid, match_parameters(grid, out))
    _plan(grid, planned, out)
    tally = _run(arguments, out, grid, planned)
    _report(out)
    return 1 if tally.failed or tally.stopped else None


def _plan(grid: Grid, planned: list[Run], out: Path) -> None:
    """Write down what is to be run, with contestants as tables name them."""
    named = dataclasses.replace(grid, cells=tuple(contestants(grid)))
    Plan(dataclasses.asdict(named), [run.name for run in planned]).write(out / PLAN)


def _run(arguments: argparse.Namespace, out: Path, grid: Grid, planned: list[Run]) -> Tally:
    """Do the runs on this machine or on a cluster, and give the tally of how they ended."""
    from experiments.compare.runner import Setting, do_all
    from experiments.compare.seeds import further_runs

    address = getattr(arguments, "scheduler", None)
    threads = getattr(arguments, "threads", None)
    client, share = (cluster.remote_client(address), None) if address else _local(arguments, planned)
    with client as connected:
        cluster.check_gpus(connected, any(run.device == "gpu" for run in planned))
        setting = Setting(out, travels=bool(address), threads=threads or share)
        tally = do_all(connected, planned, setting)
        while grid.until_clear and (more := further_runs(out, planned)):
            planned = [*planned, *more]
            _plan(grid, planned, out)
            tally = tally.with_more(do_all(connected, more, setting))
    if tally.failed:
        log(f"{len(tally.failed)} runs failed; see {out / 'failures'}. Starting again tries them again")
    if tally.stopped:
        log(f"{tally.stopped} runs were stopped from outside; starting again goes on where they were")
    return tally


def _local(arguments: argparse.Namespace, planned: list[Run]) -> tuple[AbstractContextManager[Client], int]:
    """A cluster of this machine, and the cores of each run."""
    gpus = cluster.gpus_here()
    gpus = gpus[: getattr(arguments, "gpus", len(gpus))]
    # Where all runs go to GPUs, more workers than these would have nothing to do, and their cores with them.
    on_gpus = bool(gpus) and all(run.device in ("auto", "gpu") for run in planned)
    workers = getattr(arguments, "workers", len(gpus) if on_gpus else cores())
    workers = min(workers, max(1, len(planned)))
    return cluster.local_client(workers, gpus), max(1, cores() // workers)


def _report(out: Path) -> None:
    from experiments.report.writing import write

    print(write(out, out))


if __name__ == "__main__":
    sys.exit(main())
