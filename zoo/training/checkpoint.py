"""The state of a training run in one file, so that a killed run goes on where it was."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import UserError
from datasets.options import from_dict
from zoo.runtime.rundir import write_atomically


@dataclass
class Progress:
    """How far training has come.

    Attributes:
        epoch: epochs finished.
        batch: batches finished of the next epoch.
        loss_sum, weight_sum, norm_sum: over these batches: weighted loss, weights, gradient norms.
        history: a row for each finished epoch.
        best: the best score so far, None before there is one; `best_epoch` counts from 1.
        waited: epochs since then.
        seconds: spent in training; `processor_seconds`: of all cores together, whatever else they did.
        finished: whether training is over.
    """

    epoch: int = 0
    batch: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0
    norm_sum: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)
    best: float | None = None
    best_epoch: int = 0
    waited: int = 0
    seconds: float = 0.0
    processor_seconds: float = 0.0
    finished: bool = False


def save(path: Path, progress: Progress, variables: list[Any], best: list[np.ndarray] | None) -> None:
    """Write everything whole or not at all.

    Args:
        path: an .npz file.
        progress: how far training has come.
        variables: Keras variables of model and optimiser, in a fixed order.
        best: the model's best weights so far, or None.
    """
    arrays = {f"variable_{n}": variable.numpy() for n, variable in enumerate(variables)}
    arrays |= {f"best_{n}": array for n, array in enumerate(best or [])}
    arrays["counts"] = np.array([len(variables), len(best or [])])
    arrays["progress"] = np.frombuffer(json.dumps(asdict(progress)).encode(), np.uint8)

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            np.savez(file, **arrays)

    write_atomically(path, write)


def load(path: Path, variables: list[Any]) -> tuple[Progress, list[np.ndarray] | None]:
    """Read what `save` wrote into the variables; gives the progress and the best weights.

    Raises:
        UserError: if the file is damaged, or belongs to another model or an earlier version.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            progress = from_dict(Progress, json.loads(stored["progress"].tobytes()))
            counts = stored["counts"]
            values = [stored[f"variable_{n}"] for n in range(counts[0])]
            best = [stored[f"best_{n}"] for n in range(counts[1])]
    except Exception as problem:  # what a damaged archive raises depends on where it is damaged
        raise UserError(
            f"{path}: this checkpoint cannot be read ({problem}); start the run again", 1
        ) from None
    shapes = [tuple(v.shape) for v in variables]
    if [value.shape for value in values] != shapes:
        reason = "belongs to another model, or an earlier version wrote it"
        raise UserError(f"{path}: this checkpoint {reason}; start the run again", 1)
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return progress, best or None
