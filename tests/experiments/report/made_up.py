"""Run directories with the files that a report reads, and numbers of the test's choice."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEADLINE = ["accuracy", "loss"]


def write_run(
    folder: Path,
    *,
    cell: str = "gru",
    seed: int = 0,
    accuracy: float | None = 0.8,
    task: str = "sentiment",
    dataset: str = "microworld",
    units: int = 8,
    match: str = "units",
    reference_units: int | None = None,
    latency: float | None = 2.0,
    seconds: float = 10.0,
    parameters: int = 1000,
    synthetic: bool = True,
    by_length: Sequence[dict[str, float]] = (),
    epochs: int = 3,
    **changes: object,
) -> Path:
    """A finished run; `changes` overrule what metrics.json says."""
    folder.mkdir(parents=True)
    config = {
        "task": task, "dataset": dataset, "data": {}, "export": False,
        "recurrent": {"cell": cell, "units": units, "layers": 1, "dropout": 0.2},
        "training": {"seed": seed, "epochs": epochs, "device": "auto"},
        "options": {"max_tokens": 100},
    }  # fmt: skip
    environment = {
        "python": "3.11.7", "platform": "Linux", "packages": {"tensorflow": "2.21.0", "keras": "3.15.1"},
        "git": {"commit": "a" * 40, "dirty": False}, "created": "2026-01-01T00:00:00+00:00",
    }  # fmt: skip
    scores = {"accuracy": accuracy, "loss": None if accuracy is None else 1 - accuracy}
    of_baseline = {"accuracy": 0.5, "loss": 0.69}
    metrics = {
        "task": task, "cell": cell, "dataset": dataset, "synthetic": synthetic, "seed": seed, "headline": HEADLINE,
        "ceiling": {"accuracy": 0.95}, "dev": scores, "test": scores,
        "baselines": {"majority": {"dev": of_baseline, "test": of_baseline}},
        "details": {"split": "test", "by_length": list(by_length)}, "parameters": parameters, "epochs": epochs,
        "best_epoch": 2, "seconds": {"train": seconds, "prepare": 1.0, "total": seconds + 5},
        "peak_memory_bytes": 500_000_000, "engine": "fused", "engine_why": "it is fastest", "device": "CPU, 2 cores",
        "notes": [],
    }  # fmt: skip
    metrics = {**metrics, **changes}
    record = {
        "digest": "0" * 10,
        "match": match,
        "reference_units": reference_units,
        "threads": 1,
        "seconds": 20.0,
    }
    files: dict[str, dict[str, Any]] = {
        "config.json": {"config": config, "environment": environment},
        "metrics.json": metrics,
    }
    files["comparison.json"] = record
    if latency is not None:
        sizes = {"artifact_bytes": 2_000_000, "model_bytes": 1_000_000}
        files["measured.json"] = {"latency_p50_ms": latency, "latency_p95_ms": 2 * latency, **sizes}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    rows = [f"{n},{1 / n},{(accuracy or 0) - 0.1 / n},{0.2 * n}" for n in range(1, epochs + 1)]
    (folder / "history.csv").write_text("\n".join(["epoch,loss,dev_accuracy,dev_loss", *rows]) + "\n")
    return folder


def write_grid(
    folder: Path, scores: Mapping[str, Sequence[float | None]], task: str = "sentiment", **facts: Any
) -> Path:
    """A run for each cell and seed; None leaves the run out."""
    for cell, of_seeds in scores.items():
        for seed, score in enumerate(of_seeds):
            if score is not None:
                name = f"{task}-{cell}-{seed}-{facts.get('units', 8)}"
                write_run(folder / "runs" / name, cell=cell, seed=seed, accuracy=score, task=task, **facts)
    return folder


def write_many(folder: Path, runs: int, tasks: int = 8) -> Path:
    """As many runs of some tasks and ten sizes, with scores from a seeded generator."""
    draw = np.random.default_rng(0)
    written = 0
    for seed in range(runs):
        for task in range(tasks):
            for units in range(10, 20):
                for cell in ("vanilla", "lstm", "gru", "keras_gru"):
                    if written == runs:
                        return folder
                    accuracy = float(0.8 + 0.02 * draw.standard_normal())
                    write_run(
                        folder / "runs" / f"{written:05d}", cell=cell, seed=seed, task=f"task{task}", units=units,
                        accuracy=accuracy, epochs=10,
                    )  # fmt: skip
                    written += 1
    return folder


if __name__ == "__main__":  # python -m tests.experiments.report.made_up FOLDER RUNS
    write_many(Path(sys.argv[1]), int(sys.argv[2]))
