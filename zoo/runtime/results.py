"""The numbers of one run for people and programs: the final table, history.csv, TensorBoard."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from zoo.runtime.rundir import write_atomically


def result_table(metrics: Mapping[str, Any], path: Path) -> str:
    """What a run prints at its end: dev and test metrics beside the trivial rows, cost, and where it all lies."""
    rows = {metrics["cell"]: {split: metrics[split] for split in ("dev", "test") if split in metrics}}
    rows |= metrics["trivial"]
    table = pd.DataFrame.from_dict(
        {
            name: {
                f"{split} {metric}": scores[metric]
                for split, scores in splits.items()
                for metric in metrics["headline"]
                if metric in scores
            }
            for name, splits in rows.items()
        },
        orient="index",
    )
    ceiling = ", ".join(f"{name} {value:.4f}" for name, value in metrics["ceiling"].items())
    seconds = metrics["seconds"]
    lines = [
        "",
        table.to_string(float_format="{:.4f}".format, na_rep="–"),
        "",
        *([f"ceiling     {ceiling} (known: {metrics['dataset']} is synthetic)"] if ceiling else []),
        f"seconds     {seconds['total']:.1f} in all, {seconds['train']:.1f} in training, {metrics['epochs']} epochs "
        f"(best: {metrics['best_epoch']})",
        f"parameters  {metrics['parameters']:,}",
        f"engine      {metrics['engine']} (why: see metrics.json)",
        f"device      {metrics['device']}",
        f"run         {path}",
    ]
    return "\n".join(lines)


def history_csv(history: list[dict[str, float]], path: Path) -> None:
    """One row per epoch, written whole."""
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
