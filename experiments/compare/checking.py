"""Whether the cells of a grid can be made with their arguments: asked before anything runs.

Only a cell's class knows its arguments, and importing it imports Keras: `python -m experiments.compare.checking` does
it in a process of its own, which reads configurations from its standard input.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence

from datasets.errors import UserError
from experiments.compare.grid import Run
from experiments.compare.processes import environment
from zoo.cli.flags import main_guard
from zoo.config_file import from_dict
from zoo.runtime.platform import configure


def check_cells(planned: Sequence[Run]) -> None:
    """Refuse arguments that a cell does not take. Cells without arguments are not made.

    Raises:
        UserError: names the argument and those that there are.
    """
    configs = {
        json.dumps(run.config["recurrent"]): run.config
        for run in planned
        if run.config["recurrent"]["cell_options"]
    }
    if not configs:
        return
    done = subprocess.run(
        [sys.executable, "-m", "experiments.compare.checking"],
        env=environment(threads=1, gpu=False),
        input=json.dumps(list(configs.values())),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["the cells cannot be checked"]
        raise UserError(last[0].removeprefix("error: "))


@main_guard
def main() -> None:
    """Make each cell."""
    configure("cpu")
    from zoo.factory import recurrent_factory

    for stored in json.load(sys.stdin):
        options = from_dict(stored, "the configuration").recurrent
        recurrent_factory(options).cell(options.units)


if __name__ == "__main__":
    sys.exit(main())
