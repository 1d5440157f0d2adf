"""The numbers of one run for people and programs: metrics.json, the final table, history.csv, TensorBoard."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets.errors import UserError
from zoo.runtime.metric_names import fold_of, less_is_better
from zoo.runtime.rundir import read_json, write_atomically, write_json

SPLITS = ("dev", "test")
#: What this version calls `baselines` in the file, and version 0.1 called otherwise.
FORMER_BASELINES = "trivial"
Scores = Mapping[str, float]


@dataclass(frozen=True)
class Results:
    """What `metrics.json` says of a finished run.

    Attributes:
        task, cell: what was run.
        dataset, synthetic: name of the data set, and whether it is generated.
        seed: of the run.
        headline: metrics of the final table, in order.
        ceiling: what no model can surpass on average, by metric, where that is known.
        scores: metrics of the model by split: `dev`, and `test` where there is one. A number that is not finite is NaN.
        baselines: the same of each baseline, by name.
        parameters: how many numbers were trained.
        epochs, best_epoch: how many there were, and which one's weights were kept, from 1.
        seconds: what took how long: `prepare`, `train`, `total`; `processor`, of training, of all cores together.
        peak_memory_bytes: of the process, before the baselines were trained.
        engine, engine_why: which engine ran the cell, and why.
        device: where it ran.
        details: what the task tells of the last split, such as a confusion matrix, and `split`, its name.
        notes: sentences about the data and what was done to it.
        ending: why training ended.
    """

    task: str
    cell: str
    dataset: str
    synthetic: bool
    seed: int
    headline: tuple[str, ...]
    ceiling: Scores
    scores: Mapping[str, Scores]
    baselines: Mapping[str, Mapping[str, Scores]]
    parameters: int
    epochs: int
    best_epoch: int
    seconds: Mapping[str, float]
    peak_memory_bytes: int
    engine: str
    device: str
    engine_why: str = ""
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    ending: str = ""

    def to_json(self) -> dict[str, Any]:
        """The content of `metrics.json`: the splits of the model's scores stand beside all others."""
        stored = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return stored | dict(stored.pop("scores"))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Results:
        """The inverse of `to_json`, after a way through JSON; files of version 0.1 too.

        Raises:
            KeyError, TypeError, ValueError, AttributeError, OverflowError: if this is no content of a `metrics.json`.
        """
        baselines = stored["baselines"] if "baselines" in stored else stored[FORMER_BASELINES]
        seconds = _scores(stored["seconds"])
        if not {"train", "total"} <= set(seconds):
            raise KeyError("seconds")
        return cls(
            task=str(stored["task"]),
            cell=str(stored["cell"]),
            dataset=str(stored["dataset"]),
            synthetic=bool(stored["synthetic"]),
            seed=int(stored["seed"]),
            headline=tuple(str(name) for name in stored["headline"]),
            ceiling=_scores(stored["ceiling"]),
            scores={split: _scores(stored[split]) for split in SPLITS if split in stored},
            baselines={str(name): _by_split(by_split) for name, by_split in baselines.items()},
            parameters=int(stored["parameters"]),
            epochs=int(stored["epochs"]),
            best_epoch=int(stored["best_epoch"]),
            seconds=seconds,
            peak_memory_bytes=int(stored["peak_memory_bytes"]),
            engine=str(stored["engine"]),
            device=str(stored["device"]),
            engine_why=str(stored.get("engine_why", "")),
            details=dict(stored.get("details") or {}),
            notes=tuple(str(note) for note in stored.get("notes", ())),
            ending=str(stored.get("ending", "")),
        )

    def write(self, path: Path) -> None:
        """Write `metrics.json` whole or not at all."""
        write_json(path, self.to_json())


def read_results(path: Path) -> Results:
    """The results in a `metrics.json`.

    Raises:
        UserError: if the file is missing, or holds something else.
    """
    try:
        return Results.from_json(read_json(path))
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        raise UserError(f"{path} holds no results of a run; remove it, and --resume makes it again") from None


def _scores(stored: Mapping[str, Any]) -> dict[str, float]:
    """Numbers by name; null stands for what was not finite."""
    return {str(name): math.nan if value is None else float(value) for name, value in stored.items()}


def _by_split(stored: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {str(split): _scores(scores) for split, scores in stored.items()}


def result_table(results: Results, path: Path) -> str:
    """What a run prints at its end: dev and test metrics beside the baselines, cost, and where it all lies."""
    import pandas as pd

    models = {results.cell: results.scores, **results.baselines}
    table = pd.DataFrame.from_dict(
        {
            name: {
                f"{split} {metric}": scores[metric]
                for split, scores in by_split.items()
                for metric in results.headline
                if metric in scores
            }
            for name, by_split in models.items()
        },
        orient="index",
    )
    ceiling = ", ".join(f"{name} {value:.4f}" for name, value in results.ceiling.items())
    seconds = results.seconds
    lines = [
        "",
        table.to_string(float_format="{:.4f}".format, na_rep="–"),
        "",
        *fold_table(results),
        *([f"ceiling     {ceiling} (known: {results.dataset} is synthetic)"] if ceiling else []),
        *([f"baseline    {better}"] if (better := better_baseline(results)) else []),
        f"seconds     {seconds['total']:.1f} in all, {seconds['train']:.1f} in training, {results.epochs} epochs "
        f"(best: {results.best_epoch})",
        *([f"ending      {results.ending}"] if results.ending else []),
        f"parameters  {results.parameters:,}",
        f"engine      {results.engine} (why: see metrics.json)",
        f"device      {results.device}",
        f"run         {path}",
    ]
    return "\n".join(lines)


def fold_table(results: Results) -> list[str]:
    """The first metric of the table by fold of the last split, with mean and deviation; none where it has no folds."""
    import pandas as pd

    split, metric = list(results.scores)[-1], results.headline[0]
    rows = {}
    for name, by_split in {results.cell: results.scores, **results.baselines}.items():
        scores = by_split.get(split, {})
        folds = {of_name: fold_of(of_name, metric) for of_name in scores}
        rows[name] = {f"fold {fold}": scores[of_name] for of_name, fold in folds.items() if fold}
    table = pd.DataFrame.from_dict(rows, orient="index")
    if table.empty:
        return []
    table = table.assign(mean=table.mean(axis=1), deviation=table.std(axis=1))
    return [f"{split} {metric} by fold", table.to_string(float_format="{:.4f}".format, na_rep="–"), ""]


def better_baseline(results: Results) -> str:
    """Which baseline is better than the model in the first metric of the table, on the last split; empty if none is.

    What the four decimals of the table do not show does not count.
    """
    split, metric = list(results.scores)[-1], results.headline[0]
    sign = -1 if less_is_better(metric) else 1
    own = results.scores[split].get(metric, math.nan)
    values = {
        name: by_split.get(split, {}).get(metric, math.nan) for name, by_split in results.baselines.items()
    }
    better = {name: value for name, value in values.items() if sign * round(value, 4) > sign * round(own, 4)}
    if not better:
        return ""
    name = max(better, key=lambda name: sign * better[name])
    return f"{name} is better than {results.cell}: {split} {metric} {better[name]:.4f}, not {own:.4f}"


def history_csv(history: list[dict[str, float]], path: Path) -> None:
    """One row per epoch, written whole."""
    import pandas as pd

    table = pd.DataFrame(history)
    write_atomically(path, lambda temporary: table.to_csv(temporary, index=False))


def tensorboard(row: Mapping[str, float], folder: Path) -> None:
    """Add one epoch to the event files of TensorBoard, which need not be installed for that."""
    import tensorflow as tf

    scalar = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        for name, value in row.items():
            if name != "epoch":
                tf.summary.write(
                    name, tf.constant(value, tf.float32), step=int(row["epoch"]), metadata=scalar
                )
    writer.close()
