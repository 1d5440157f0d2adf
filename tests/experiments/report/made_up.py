"""Run directories with the files that a report reads, and numbers of the test's choice."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np

from experiments.report.groups import Group, groups
from experiments.report.reading import read
from experiments.report.records import COSTS, RECORD, Costs, Record
from zoo.runtime.results import Results
from zoo.runtime.rundir import write_json

ENVIRONMENT = {
    "python": "3.11.7", "platform": "Linux", "packages": {"tensorflow": "2.21.0", "keras": "3.15.1"},
    "git": {"commit": "a" * 40, "dirty": False}, "created": "2026-01-01T00:00:00+00:00",
}  # fmt: skip

#: Of single seeds.
NOISE = [0.0, 0.004, -0.003, 0.002, -0.001, 0.003]


class Facts(TypedDict, total=False):
    """What may be said of a run besides its cell, seed, score and task."""

    dataset: str
    units: int
    match: str
    reference_units: int | None
    reference_cell: str | None
    contestant: str
    shared: Mapping[str, object]
    recurrent: Mapping[str, object]
    host: str | None
    latency: float | None
    seconds: float
    parameters: int
    synthetic: bool
    device: str
    by_length: Sequence[dict[str, float]]
    by_series: Sequence[dict[str, object]]
    epochs: int
    headline: list[str]
    ceiling: dict[str, float]
    baselines: dict[str, dict[str, dict[str, float]]]


OF_BASELINE = {"accuracy": 0.5, "loss": 0.69}
USUAL: Facts = {
    "dataset": "microworld", "units": 8, "match": "units", "reference_units": None, "reference_cell": None,
    "contestant": "", "shared": {}, "recurrent": {}, "host": None,
    "latency": 2.0, "seconds": 10.0, "parameters": 1000, "synthetic": True,
    "device": "CPU, 2 cores", "by_length": (), "by_series": (), "epochs": 3, "headline": ["accuracy", "loss"],
    "ceiling": {"accuracy": 0.95},
    "baselines": {"majority": {"dev": OF_BASELINE, "test": OF_BASELINE}},
}  # fmt: skip


def write_run(
    folder: Path,
    *,
    cell: str = "gru",
    seed: int = 0,
    accuracy: float | None = 0.8,
    task: str = "sentiment",
    **changes: Unpack[Facts],
) -> Path:
    """A finished run."""
    facts: Facts = {**USUAL, **changes}
    score = math.nan if accuracy is None else accuracy
    folder.mkdir(parents=True)
    write_json(
        folder / "config.json", {"config": _config(task, cell, seed, facts), "environment": ENVIRONMENT}
    )
    _results(task, cell, seed, score, facts).write(folder / "metrics.json")
    record = Record(
        match=facts["match"], reference_units=facts["reference_units"], reference_cell=facts["reference_cell"],
        threads=1, seconds=20.0, host=facts["host"], contestant=facts["contestant"], shared=facts["shared"],
    )  # fmt: skip
    record.write(folder / RECORD)
    latency = facts["latency"]
    if latency is not None:
        sizes = {"artifact_bytes": 2_000_000, "model_bytes": 1_000_000}
        Costs(latency_p50_ms=latency, latency_p95_ms=2 * latency, **sizes).write(folder / COSTS)
    rows = [f"{n},{1 / n},{(accuracy or 0) - 0.1 / n},{0.2 * n}" for n in range(1, facts["epochs"] + 1)]
    (folder / "history.csv").write_text("\n".join(["epoch,loss,dev_accuracy,dev_loss", *rows]) + "\n")
    return folder


def _config(task: str, cell: str, seed: int, facts: Facts) -> dict[str, object]:
    return {
        "task": task, "dataset": facts["dataset"], "data": {}, "export": False,
        "recurrent": {"cell": cell, "units": facts["units"], "layers": 1, "dropout": 0.2, **facts["recurrent"]},
        "training": {"seed": seed, "epochs": facts["epochs"], "device": "auto"}, "options": {"max_tokens": 100},
    }  # fmt: skip


def _results(task: str, cell: str, seed: int, accuracy: float, facts: Facts) -> Results:
    scores = {"accuracy": accuracy, "loss": 1 - accuracy}
    return Results(
        task=task, cell=cell, dataset=facts["dataset"], synthetic=facts["synthetic"], seed=seed,
        headline=tuple(facts["headline"]), ceiling=facts["ceiling"], scores={"dev": scores, "test": scores},
        baselines=facts["baselines"], parameters=facts["parameters"], epochs=facts["epochs"], best_epoch=2,
        seconds={
            "train": facts["seconds"], "processor": 2 * facts["seconds"], "prepare": 1.0,
            "total": facts["seconds"] + 5,
        },
        peak_memory_bytes=500_000_000, engine="fused", engine_why="it is fastest", device=facts["device"],
        details={
            "split": "test", "by_length": list(facts["by_length"]), "by_series": list(facts["by_series"]),
        },
    )  # fmt: skip


def write_grid(
    folder: Path,
    scores: Mapping[str, Sequence[float | None]],
    task: str = "sentiment",
    **facts: Unpack[Facts],
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


def one_group(folder: Path) -> Group:
    """The only group of the runs in a folder."""
    (group,) = groups(read(folder))
    return group


def around(mean: float, seeds: int = 6, scale: float = 1.0) -> list[float]:
    """Scores of some seeds about a mean."""
    return [mean + scale * noise for noise in NOISE[:seeds]]
