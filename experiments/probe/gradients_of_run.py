"""The gradients probe on the model of a run directory, of any task."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import tensorflow as tf

import datasets
from experiments.probe.tables import spread, table_by_lag, write_text
from experiments.probe.tracing import Trace, find_layer, norms_by_lag, traced
from zoo.config import RunConfig
from zoo.config_file import OwnCode, read_config
from zoo.layers.recurrent import Recurrent
from zoo.runtime.rundir import RunDirectory, make_folder, write_atomically
from zoo.stored_run import load_run
from zoo.tasks.base import load_task
from zoo.training.context import RunContext

if TYPE_CHECKING:
    import pandas as pd


def run(folder: str, own: OwnCode, layer_name: str | None, examples: int, out: Path) -> str:
    """Measure, draw, and give the report.

    Args:
        folder: a finished run; its data must be where they were.
        own: what the user names of the run's own code.
        layer_name: which recurrent layer; None: the main one.
        examples: how many of the longest sequences of the dev split.
        out: folder of `run.csv`, `run.md` and `run.png`.
    """
    from experiments.probe.gradients_picture import draw_run

    config = read_config(RunDirectory.open(folder), own)
    _, model = load_run(Path(folder), own)
    layer = find_layer(model, layer_name)
    frame = _frame(measure(config, model, layer, examples))
    make_folder(out)
    write_atomically(out / "run.csv", lambda file: frame.to_csv(file, index=False))
    title = f"{config.task}, {config.recurrent.cell}: layer {layer.name}"
    draw_run(frame, title, out / "run.png")
    text = report(frame, config, layer)
    write_text(out / "run.md", text + "\n")
    return text


def measure(
    config: RunConfig, model: keras.Model, layer: Recurrent, examples: int
) -> list[tuple[str, np.ndarray]]:
    """For each direction of the layer its name and the norms `(sequences, lags)`.

    The loss of a sequence reaches the states through the last output of the layer alone: all others are cut.
    """
    task = load_task(config.task)
    context = RunContext.prepare(config, datasets.load(config.dataset, task.fields, config.data))
    batches = context.prepared.valid
    norms_by_direction: dict[str, list[np.ndarray]] = {}
    count = 0
    for planned in reversed(batches.plan(None)):  # the longest sequences come last
        batch = batches.load(planned)
        targets = tf.nest.map_structure(tf.constant, batch.targets)
        with traced(layer) as traces, tf.GradientTape(persistent=True) as tape:
            losses = task.loss(targets, model(dict(batch.inputs), training=False))
            loss = tf.reduce_sum(tf.cast(losses, tf.float32) * batch.weights)
        rows = _real_rows(batch.weights)
        for trace in _longest_each_way(traces):
            name = "backward" if trace.reverse else "forward"
            norms = norms_by_lag(tape, loss, trace)
            norms_by_direction.setdefault(name, []).append(norms[rows] if len(norms) == len(rows) else norms)
        count += int(rows.sum())
        if count >= examples:
            break
    return [(name, _joined(parts)[:examples]) for name, parts in norms_by_direction.items()]


def _real_rows(weights: np.ndarray) -> np.ndarray:
    """`(batch,)`: which rows of a batch are examples, and no filling."""
    return (np.asarray(weights).reshape(len(weights), -1) != 0).max(axis=1)


def _longest_each_way(traces: list[Trace]) -> list[Trace]:
    """A layer may run more than once in a model: of each direction the trace over the longest sequence."""
    longest: dict[bool, Trace] = {}
    for trace in traces:
        if trace.reverse not in longest or len(trace.inputs) > len(longest[trace.reverse].inputs):
            longest[trace.reverse] = trace
    return list(longest.values())


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    width = max(part.shape[1] for part in parts)
    filled = [np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=np.nan) for part in parts]
    return np.concatenate(filled)


def _frame(norms_by_direction: list[tuple[str, np.ndarray]]) -> pd.DataFrame:
    """A row for each direction and lag that at least half of the sequences have."""
    import pandas as pd

    rows = [
        {"direction": name, "lag": lag, "sequences": int(np.isfinite(column).sum()), **spread(column)}
        for name, norms in norms_by_direction
        for lag, column in enumerate(norms.T)
        if np.isfinite(column).sum() >= max(1, len(norms) / 2)
    ]
    return pd.DataFrame(rows)


def report(frame: pd.DataFrame, config: RunConfig, layer: Recurrent) -> str:
    """A Markdown table with a line for each direction."""
    sequences = int(frame["sequences"].max())
    text = (
        f"A run of {config.task} on {config.dataset}: the {layer.layers}-layer {config.recurrent.cell} called "
        f"{layer.name}, top layer; {sequences} sequences of the dev split.\n\n"
    )
    return text + table_by_lag(frame, {"direction": "direction"})
