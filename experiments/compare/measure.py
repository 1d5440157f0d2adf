"""What a finished run costs where it is used: the time of single answers, and the size of what is shipped.

`python -m experiments.compare.measure RUN` writes `measured.json` into the run directory.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError
from experiments.report.records import COSTS, Costs
from zoo.cli.flags import Parser, add_options, collect, main_guard
from zoo.config_file import OwnCode, read_config
from zoo.runtime.platform import configure
from zoo.runtime.rundir import RunDirectory
from zoo.tasks.base import AnyTask, load_task

if TYPE_CHECKING:
    from zoo.config import RunConfig
    from zoo.serving import Server

INPUTS, WARM_UP, ANSWERS, SECONDS = 32, 5, 200, 3.0


def parser() -> Parser:
    """The command's parser."""
    parser = Parser(prog="python -m experiments.compare.measure", description=__doc__)
    parser.add_argument("run", metavar="RUN", help="a finished run directory")
    add_options(parser, OwnCode, "code of your own")
    return parser


def single_answers(task: AnyTask, server: Server, inputs: Sequence[object]) -> list[float]:
    """Milliseconds of answers to one raw input at a time, after some that do not count.

    An input that has no answer, such as a series that is shorter than a window, is not asked again.

    Raises:
        UserError: if no input has an answer.
    """
    asked, times = deque(inputs), list[float]()
    start = time.perf_counter()
    while len(times) < WARM_UP + ANSWERS:
        before = time.perf_counter()
        try:
            task.answer(server, [asked[0]], task.answer_options())
        except UserError:
            if len(asked) == 1:
                raise
            asked.popleft()
            continue
        asked.rotate(-1)
        now = time.perf_counter()
        times.append(1000 * (now - before))
        if len(times) == WARM_UP:
            start = now
        if len(times) > WARM_UP and now - start > SECONDS:
            break
    return times[WARM_UP:]


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def some_inputs(task: AnyTask, config: RunConfig, folder: Path) -> list[object]:
    """Raw inputs as a user would give them, from the dev split (the test split is read once, in training)."""
    import datasets

    dataset = datasets.load(config.dataset, task.fields, config.data)
    return task.input_kind.examples(itertools.islice(dataset.valid, INPUTS), folder)


@main_guard
def main(argv: list[str] | None = None) -> None:
    """Parse, measure, write."""
    arguments = parser().parse_args(argv)
    directory = RunDirectory.open(Path(arguments.run))
    own = collect(arguments, OwnCode)
    config = read_config(directory, own)
    task = load_task(config.task)
    configure(config.training.device)
    import numpy as np

    from zoo import serving
    from zoo.stored_run import load_run

    learned, model = load_run(directory.path, own)
    server = task.serve(model, learned)
    with tempfile.TemporaryDirectory() as folder:
        saved = directory.export_path
        if not saved.is_dir():
            saved = Path(folder) / "export"
            serving.save(server, saved)
        artifact = size_of(saved)
        times = single_answers(task, server, some_inputs(task, config, Path(folder)))
    low, high = np.percentile(times, [50, 95])
    costs = Costs(
        latency_p50_ms=float(low),
        latency_p95_ms=float(high),
        answers=len(times),
        artifact_bytes=artifact,
        model_bytes=size_of(directory.model_path),
    )
    costs.write(directory.path / COSTS)


if __name__ == "__main__":
    sys.exit(main())
