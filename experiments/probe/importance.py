"""What a forecast rests on and what it is made of: a run of forecasting, on windows of its dev split.

How much worse the forecasts are where steps of the window are hidden (occlusion), and where a variable, a covariate
or a cycle of the calendar is that of another window (permutation); and the base forecast, the correction and the
calendar that forecasts are the sum of. All of it tells of the model, not of the world.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.errors import UserError
from datasets.options import option
from experiments.probe.base import Probe
from experiments.probe.tables import markdown, write_text
from zoo.config_file import OwnCode, read_config
from zoo.runtime.progress import log
from zoo.runtime.rundir import RunDirectory, make_folder, write_atomically
from zoo.tasks.base import load_task
from zoo.tasks.forecasting.task import Forecasting

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from zoo.tasks.forecasting.windows import Windows
    from zoo.training.context import RunContext


@dataclass(frozen=True)
class Options(OwnCode):
    """What to look at."""

    run: str = option("", "a finished run of forecasting", flag=False)
    windows: int = option(1_000, "windows of the dev split, from all over it", minimum=2)
    blocks: int = option(12, "blocks that the steps of the window are hidden in, at most", minimum=1)
    repeats: int = option(3, "random orders of the windows that values are taken from", minimum=1)
    seed: int = option(0, "of the orders", minimum=0)


def check(options: Options) -> None:
    """Refuse what cannot be run, before anything slow is imported.

    Raises:
        UserError: if there is no such run, or its task forecasts nothing.
    """
    config = read_config(RunDirectory.open(options.run), options)
    if not isinstance(load_task(config.task), Forecasting):
        raise UserError(
            f"{options.run} is a run of {config.task}; importance is measured of runs of forecasting"
        )


def run(options: Options, out: Path) -> str:
    """Measure, draw, and give the report.

    Args:
        options: the run, and how much is measured.
        out: folder of `importance.csv`, `importance.md`, `importance.png` and `pieces.png`.
    """
    import datasets
    from experiments.probe.importance_picture import draw, draw_pieces
    from zoo.stored_run import load_run
    from zoo.training.context import RunContext

    config = read_config(RunDirectory.open(options.run), options)
    task = load_task(config.task)
    _, model = load_run(Path(options.run), options)
    context = RunContext.prepare(config, datasets.load(config.dataset, task.fields, config.data))
    make_folder(out)
    frame = measure(context, model, options)
    write_atomically(out / "importance.csv", lambda file: frame.to_csv(file, index=False))
    title = f"{config.dataset}, {config.recurrent.cell}"
    draw(frame, title, out / "importance.png")
    draw_pieces(context.prepared.valid, model, context.prepared.learned.variables, out / "pieces.png")
    text = report(frame, title)
    write_text(out / "importance.md", text + "\n")
    return text


def measure(context: RunContext, model: keras.Model, options: Options) -> pd.DataFrame:
    """A row for each part of the input: its kind and name, the error without it, and by how much that is larger.

    The first row, of kind `all`, has the error with everything; `spread` is the deviation over random orders.
    """
    import pandas as pd

    rows = list(_rows(context, model, options))
    frame = pd.DataFrame(rows, columns=["kind", "part", "metric", "error", "spread"])
    frame["more"] = frame["error"] / frame["error"].iloc[0] - 1
    return frame


def _rows(context: RunContext, model: keras.Model, options: Options) -> Iterator[tuple[Any, ...]]:
    from zoo.tasks.forecasting.importance import Changed, column_parts, some_of, step_parts
    from zoo.training.evaluation import Predictor

    learned = context.prepared.learned
    windows = some_of(context.prepared.valid, options.windows)
    metric, predictor = context.task.headline_of(learned)[0], Predictor(model)

    def error(batches: Windows | Changed) -> float:
        predictions = predictor(batches, "predicting")
        return float(context.task.score(learned, predictions, windows)[metric])

    log(f"{len(windows):,} windows of dev")
    yield "all", "", metric, error(windows), 0.0
    for part in step_parts(windows.specification.window, options.blocks):
        yield part.kind, part.name, metric, error(Changed(windows, part.change)), 0.0
    orders = [
        np.random.default_rng((options.seed, n)).permutation(len(windows)) for n in range(options.repeats)
    ]
    for parts in zip(*(column_parts(windows, learned, order) for order in orders), strict=True):
        errors = [error(Changed(windows, part.change)) for part in parts]
        yield parts[0].kind, parts[0].name, metric, float(np.mean(errors)), float(np.std(errors))


def report(frame: pd.DataFrame, title: str) -> str:
    """Two Markdown tables: what is exchanged, the most important first; and what is hidden, the last steps first."""
    whole, metric = frame["error"].iloc[0], frame["metric"].iloc[0]
    text = f"{title}, dev: {metric} {whole:.4g} with everything.\n"
    steps = frame[frame["kind"] == "steps"]
    columns = frame[~frame["kind"].isin(["all", "steps"])].sort_values("more", ascending=False, kind="stable")
    if len(columns):
        lines = [
            [row.kind, row.part, f"{row.error:.4g} ± {row.spread:.2g}", _growth(row.more)]
            for row in columns.itertuples()
        ]
        text += "\nExchanged for that of another window:\n\n"
        text += markdown(["", "", metric, "more error"], lines) + "\n"
    lines = [[row.part, f"{row.error:.4g}", _growth(row.more)] for row in steps.itertuples()]
    text += "\nHidden, steps before the first forecast:\n\n"
    return text + markdown(["steps", metric, "more error"], lines)


def _growth(share: float) -> str:
    return f"{round(share, 3) + 0.0:+.1%}"  # 0 in place of -0


PROBE = Probe(Options, check, run, positional={"run": "RUN"})
