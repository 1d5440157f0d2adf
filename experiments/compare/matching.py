"""Units for each cell, so that whole models have as nearly as possible the same number of parameters.

The models are built for the task on the prepared data and counted: nothing is assumed about how a cell's parameters
grow with its units, but that they do. `python -m experiments.compare.matching QUESTION.json ANSWER.json` asks in a
process of its own, since that needs TensorFlow. Units that a contestant has of its own stay as they are.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from datasets.errors import UserError
from experiments.compare.contestants import OF_RUNS, contestant
from experiments.compare.grid import Block, Grid, blocks, contestants, digest, runs
from experiments.compare.processes import environment
from zoo.config_file import from_dict, to_dict
from zoo.runtime.progress import log
from zoo.runtime.rundir import read_json, write_json

MOST_UNITS = 1 << 14


def nearest_units(count: Callable[[int], int], wanted: int) -> int:
    """The units with which `count`, which grows with them, comes nearest to the wanted number."""
    low, high = 1, 1
    while count(high) < wanted:
        low, high = high, 2 * high
        if high > MOST_UNITS:
            raise UserError(f"{wanted:,} parameters would take more than {MOST_UNITS} units", 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if count(middle) < wanted else (low, middle)
    return min((low, high), key=lambda units: abs(count(units) - wanted))


def match_parameters(grid: Grid, out: Path) -> dict[Block, dict[str, int]]:
    """The units of each cell by block. Answers are kept in `out/matching` and looked up the next time.

    Raises:
        UserError: for what `zoo.run` would refuse, data that cannot be read, and contestants with options of their own
            that are a task's, since data are prepared once for all of them.
    """
    runs(grid)  # refuses a wrong grid before data are read
    for name in contestants(grid):
        for task, option, _ in contestant(name).run_options:
            if option not in OF_RUNS:
                raise UserError(f"--match parameters: {name}: {task}.{option} may change more than the cell")
    units_of_blocks = {}
    for block in blocks(grid):
        answer = _ask(block, grid, out / "matching")
        units_of_blocks[block] = {cell: facts["units"] for cell, facts in answer["cells"].items()}
        log(f"{block.task}: {summary(answer)}")
    return units_of_blocks


def summary(answer: Mapping[str, Any]) -> str:
    """What was matched, and how near."""
    parts = [
        f"{cell} {facts['units']} units, {facts['parameters']:,} parameters ({facts['difference']:+.2%})"
        for cell, facts in answer["cells"].items()
    ]
    return "; ".join(parts)


def _ask(block: Block, grid: Grid, folder: Path) -> dict[str, Any]:
    """The answer for a block, from an earlier time or from a process that looks for it."""
    question = _question(block, grid)
    path = folder / f"{digest(question, 'parameters')}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        question_path = path.with_suffix(".question")
        write_json(question_path, question)
        log(f"{block.task}: looking for units with equal numbers of parameters")
        answer_apart(block.task, question_path, path)
        question_path.unlink()
    return read_json(path)


def _question(block: Block, grid: Grid) -> dict[str, Any]:
    """What is asked for a block.

    Returns:
        `config`: of the first contestant; `cells`: the names of all; `configs`: of each; `fixed`: those whose options
        tell their units. The last two are left out where no cell has options of its own.
    """
    names = contestants(grid)
    configs = {name: json.loads(json.dumps(to_dict(block.config(name, grid.seeds[0])))) for name in names}
    question: dict[str, Any] = {"config": configs[names[0]], "cells": names}
    if any(name != contestant(name).cell for name in names):
        fixed = [name for name in names if "units" in contestant(name).options_for(block.task)]
        question |= {"configs": configs, "fixed": fixed}
    return question


def answer_apart(task: str, question: Path, out: Path) -> None:
    """Answer a question in a process of its own, which writes the answer into a file.

    Raises:
        UserError: if the process fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "experiments.compare.matching", str(question), str(out)],
        env=environment(threads=1, gpu=False),
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode or not out.exists():
        last = done.stderr.strip().splitlines()[-1:] or ["no answer"]
        raise UserError(f"{task}: {last[0].removeprefix('error: ')}", 1)


def answer(question: Mapping[str, Any]) -> dict[str, Any]:
    """Units, parameters and relative difference of each cell of the question."""
    import dataclasses

    import keras

    import datasets
    from zoo.factory import recurrent_factory
    from zoo.tasks.base import load_task
    from zoo.training.context import RunContext, count_parameters

    config = from_dict(question["config"], "the first cell's configuration")
    fields = load_task(config.task).fields
    context = RunContext.prepare(config, datasets.load(config.dataset, fields, config.data))
    configs = question.get("configs", {})
    recurrent = {
        name: from_dict(configs[name], f"the configuration of {name}").recurrent
        if name in configs
        else dataclasses.replace(config.recurrent, cell=name)
        for name in question["cells"]
    }

    @cache
    def count(cell: str, units: int) -> int:
        options = dataclasses.replace(recurrent[cell], units=units)
        model = dataclasses.replace(context, recurrent=recurrent_factory(options)).build()
        keras.backend.clear_session()
        return count_parameters(model)

    first = question["cells"][0]
    wanted = count(first, config.recurrent.units)
    cells = {}
    for cell in question["cells"]:
        units = recurrent[cell].units
        if cell != first and cell not in question.get("fixed", ()):
            units = nearest_units(partial(count, cell), wanted)
        parameters = count(cell, units)
        cells[cell] = {"units": units, "parameters": parameters, "difference": parameters / wanted - 1}
    return {"wanted": wanted, "cells": cells}


def main(argv: list[str]) -> None:
    """Read the question, write the answer."""
    from zoo.cli.flags import main_guard
    from zoo.runtime.platform import configure

    def answer_file(question: str, out: str) -> None:
        configure("cpu")
        write_json(out, answer(read_json(question)))

    sys.exit(main_guard(answer_file)(*argv))


if __name__ == "__main__":
    main(sys.argv[1:])
