"""The rows that stand beside a model's: what needs no recurrence, counted or trained, on the same splits.

Training such a row takes as long for one cell as for another, and gives the same numbers: they follow from the data,
the options but the cell's, and the seed. So runs that differ in their cell may share a folder (`--shared-rows`), in
which trained rows are kept and found.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import UserError
from zoo.factory import RecurrentFactory, order_blind_factory
from zoo.runtime.progress import log
from zoo.runtime.rundir import REPOSITORY, environment, read_json, write_json
from zoo.tasks.base import Batches, Metrics
from zoo.training.context import RunContext
from zoo.training.evaluation import Predictor
from zoo.training.loop import NotANumber, Trainer, fit

#: Of `TrainingOptions`: what changes no number of a row.
_IMMATERIAL = ("mirrored", "tensorboard", "checkpoint_seconds")
BySplit = dict[str, Metrics]


def rows_beside(
    context: RunContext, splits: Mapping[str, Batches], shared: Path | None = None
) -> dict[str, BySplit]:
    """Metrics by row and split of what needs no recurrence.

    Args:
        context: of the run beside which they stand.
        splits: what is scored, by name.
        shared: folder in which trained rows are looked up and kept.
    """
    rows: dict[str, BySplit] = {}
    for split, batches in splits.items():
        for row, metrics in context.task.trivial_rows(context.prepared, batches).items():
            rows.setdefault(row, {})[split] = metrics
    blind = order_blind_factory(context.config.recurrent, context.config.training.seed)
    for row, build in context.task.trivial_models(context.prepared, blind, context.config.options).items():
        path = shared / f"{_digest(context, blind, row, splits)}.json" if shared else None
        found = _known(path, splits) if path else None
        if found is None:
            found = _trained(context, row, build, splits)
            if path:
                _keep(path, row, found)
        if found:
            rows[row] = found
    return rows


def _trained(
    context: RunContext, row: str, build: Callable[[], Any], splits: Mapping[str, Batches]
) -> BySplit:
    """Metrics by split of a model that is trained here; none if there is nothing to score.

    TensorFlow allows one MirroredStrategy a process, so these models, which are small, train on one device.
    """
    trainer = Trainer(build, context.task.loss, dataclasses.replace(context.config.training, mirrored=False))
    predictor = Predictor(trainer.model)
    evaluate = partial(context.score, predictor, context.prepared.valid)
    try:
        fit(trainer, context.prepared.train, evaluate, context.task.monitor, title=row)
    except NotANumber as problem:
        log(f"{row}: {problem}")
        if not problem.best_epoch:
            return {}
    return {split: context.score(predictor, batches) for split, batches in splits.items()}


# ------------------------------------------------------------------------------------ rows that runs share


def _digest(context: RunContext, blind: RecurrentFactory, row: str, splits: Mapping[str, Batches]) -> str:
    """Of all that decides a trained row's numbers: data as the model gets them, options, versions and code."""
    training = dataclasses.asdict(context.config.training)
    decisive = {
        "row": row,
        "task": context.config.task,
        "learned": context.prepared.to_json(),
        "arrays": {
            name: _arrays(batches) for name, batches in {**splits, "train": context.prepared.train}.items()
        },
        "recurrent": dataclasses.asdict(blind.options),
        "training": {name: value for name, value in training.items() if name not in _IMMATERIAL},
        "options": dataclasses.asdict(context.config.options),
        "versions": environment()["packages"],
        "code": [_CODE, _source(context.task)],
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _arrays(batches: Batches) -> str:
    """A digest of all inputs, targets and weights, in fixed order."""
    digest = hashlib.blake2b(digest_size=16)
    for planned in batches.plan(None):
        batch = batches.load(planned)
        for name, array in (
            *sorted(batch.inputs.items()),
            ("targets", batch.targets),
            ("weights", batch.weights),
        ):
            digest.update(f"{name} {array.dtype} {array.shape} ".encode())
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _code() -> str:
    """A digest of the sources of the zoo and its data sets."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(path for room in ("datasets", "zoo") for path in (REPOSITORY / room).rglob("*.py")):
        digest.update(f"{path.relative_to(REPOSITORY)} ".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


#: Of what runs here; later, when a row is looked up, the files may be others.
_CODE = _code()


def _source(task: Any) -> str:
    """The module of the task, which may be a user's own."""
    try:
        return inspect.getsource(inspect.getmodule(type(task)) or type(task))
    except (OSError, TypeError):
        return ""


def _known(path: Path, splits: Mapping[str, Batches]) -> BySplit | None:
    """The row that another run has left, if it is whole."""
    try:
        kept = read_json(path)
        found: BySplit = {split: dict(kept["metrics"][split]) for split in splits}
        log(f"{kept['row']}: trained by another run, see {path}")
    except (UserError, KeyError, TypeError, ValueError):
        return None
    return found


def _keep(path: Path, row: str, found: BySplit) -> None:
    """For the next run; what is no number is not kept, for JSON has none."""
    if not found or not all(math.isfinite(value) for scores in found.values() for value in scores.values()):
        return
    try:
        write_json(path, {"row": row, "metrics": found})
    except (OSError, UserError) as problem:
        log(f"{row}: cannot be kept for other runs ({problem})")
