"""Search for the options with which each contestant is at its best, by dev scores; then compare them on fresh seeds.

Stop it with Ctrl-C and start the same command again: it goes on with the trials that were begun.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError
from experiments.compare import cluster
from experiments.compare.checking import check_cells
from experiments.compare.contestants import contestant
from experiments.compare.grid import Grid, contestants, runs
from experiments.compare.locking import locked
from experiments.report.records import TUNED, Plan
from experiments.tune.asked import Asked
from experiments.tune.space import Dimension, space, with_options
from zoo.cli.flags import Parser, add_options, collect, main_guard, number
from zoo.runtime.cores import cores
from zoo.runtime.progress import log
from zoo.runtime.rundir import make_folder, read_json, write_json
from zoo.tasks.base import check_task, load_task

if TYPE_CHECKING:
    from experiments.tune.study import Study

EXAMPLES = """\
examples:
  python -m experiments.tune tagging --cells lstm gru --space learning_rate=1e-4..1e-2 units=32,64 --trials 20 \\
      --out runs/tuned
  python -m experiments.compare --grid runs/tuned --seeds 10 11 12 --out runs/again
"""
#: In the folder of a search: what was asked, what was tried, the runs of the trials, and the comparison at the end.
ASKED, JOURNAL, TRIALS, COMPARISON = "search.json", "trials.journal", "trials", "comparison"


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(
        prog="python -m experiments.tune",
        usage="python -m experiments.tune TASK --space … --out DIR [options]",
        description=__doc__,
        epilog=EXAMPLES,
        argument_default=argparse.SUPPRESS,
    )
    add = parser.add_argument
    add("task", metavar="TASK", help="a task of the zoo")
    add("--out", metavar="DIR", required=True, help="folder of the search; an earlier one goes on")
    add_options(parser, Asked, "what is searched")
    group = parser.add_argument_group("where it runs")
    group.add_argument(
        "--workers",
        type=number(int),
        metavar="N",
        help="trials at a time on this machine (default: one a core)",
    )
    return parser


@main_guard
def main(argv: list[str] | None = None) -> int | None:
    """Parse, search, compare, report."""
    arguments = parser().parse_args(argv)
    workers = getattr(arguments, "workers", cores())
    if workers < 1:
        raise UserError(f"--workers {workers}: at least 1")
    asked = collect(arguments, Asked)
    check_task(asked.task)
    dimensions = space(asked.space)
    _check(asked, dimensions)
    if importlib.util.find_spec("optuna") is None:
        raise UserError('optuna is not installed; install it with: pip install "optuna>=5,<6"')
    out = Path(arguments.out)
    make_folder(out)
    with locked(out):
        _same_search(asked, out)
        asked = _matched(asked, out)
        studies = _search(asked, dimensions, out, workers)
        tuned = _tuned(asked, studies)
        Plan(dataclasses.asdict(tuned), []).write(out / TUNED)
        code = _compared(out, workers) if asked.final_seeds else 0
        print(_report(asked, studies, out))
    return code


def _check(asked: Asked, dimensions: list[Dimension]) -> None:
    """Refuse what no run would take, at both ends of all that is searched; raises UserError."""
    every = asked.grid(asked.cells, (asked.seed,))
    if asked.match == "parameters" and any(one.name == "units" for one in dimensions):
        raise UserError(
            "--space units: with --match parameters each contestant's units follow from the first one's"
        )
    if len(runs(every)) != len(contestants(every)):
        raise UserError("--vary: a search has one value of each option that all share")
    for end in (0, 1):
        options = {one.name: one.ends[end] for one in dimensions}
        texts = tuple(with_options(contestant(name), options) for name in contestants(every))
        check_cells(runs(asked.grid(texts, (asked.seed,))))


def _same_search(asked: Asked, out: Path) -> None:
    """Write down what is asked; more trials and other final seeds may be asked of an earlier search.

    Raises:
        UserError: if the folder holds another search.
    """
    stored, path = dataclasses.asdict(asked), out / ASKED
    fixed = {name: value for name, value in stored.items() if name not in ("trials", "final_seeds")}
    if path.exists():
        earlier = {**dataclasses.asdict(Asked()), **read_json(path)}
        for name, value in fixed.items():
            before = earlier[name]
            if before != (list(value) if isinstance(value, tuple) else value):
                raise UserError(
                    f"--out {out} holds another search: its {name} is {before}; choose another folder"
                )
    write_json(path, stored)


def _matched(asked: Asked, out: Path) -> Asked:
    """With the units of each contestant among its options, where the numbers of parameters are to be equal.

    Raises:
        UserError: as `match_parameters`.
    """
    if asked.match == "units":
        return asked
    from experiments.compare.matching import match_parameters

    grid = asked.grid(asked.cells, (asked.seed,))
    ((_, units),) = match_parameters(dataclasses.replace(grid, match=asked.match), out).items()
    texts = []
    for name in contestants(grid):
        one = contestant(name)
        told = "units" in one.options_for(asked.task)
        texts.append(name if told else with_options(one, {"units": str(units[name])}))
    return dataclasses.replace(asked, cells=tuple(texts))


def _search(asked: Asked, dimensions: list[Dimension], out: Path, workers: int) -> list[Study]:
    from experiments.tune.search import Search
    from experiments.tune.study import Study, storage

    metric, mode = load_task(asked.task).monitor
    kept, grid = storage(out / JOURNAL), asked.grid(asked.cells, (asked.seed,))
    studies = [
        Study(name, dimensions, kept, mode == "max", asked.seed, workers) for name in contestants(grid)
    ]
    if all(len(study.trials()) >= asked.trials for study in studies):
        log(f"all {asked.trials} trials of each contestant were done before")
        return studies
    local: AbstractContextManager = cluster.local_client(workers)
    with local as client:
        share = max(1, cores() // workers)
        Search(studies, grid, metric, asked.trials, out / TRIALS, share).run(client)
    return studies


def _tuned(asked: Asked, studies: list[Study]) -> Grid:
    """The contestants with their best options, and seeds that no trial had.

    Raises:
        UserError: if of a contestant no trial came to its end.
    """
    from experiments.tune.study import TEXT

    texts = []
    for study in studies:
        best = study.best_trial()
        if best is None:
            raise UserError(f"{study.name}: no trial came to its end; see the logs beside the trials", 1)
        texts.append(str(best.user_attrs[TEXT]))
    first = asked.seed + 1
    return asked.grid(tuple(texts), tuple(range(first, first + max(1, asked.final_seeds))))


def _compared(out: Path, workers: int) -> int:
    """The comparison at the end, as the command would make it."""
    from experiments.compare.__main__ import main as compare

    return compare(["--grid", str(out), "--out", str(out / COMPARISON), "--workers", str(workers)])


def _report(asked: Asked, studies: list[Study], out: Path) -> str:
    from experiments.tune.report import write

    return write(asked, studies, out, out / COMPARISON)


if __name__ == "__main__":
    sys.exit(main())
