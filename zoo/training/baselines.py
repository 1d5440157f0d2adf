"""Baselines: what needs no recurrence, counted or trained, scored on the same splits as the model.

Training such a baseline takes as long for one cell as for another, and gives the same numbers: they follow from the
data, the options but the cell's, and the seed. So runs that differ in their cell may share a folder
(`--shared-baselines`), in which trained baselines are kept and found.
"""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np

from datasets.errors import UserError
from zoo.config import TRAINED, TrainedBaselines
from zoo.data.digest import digests
from zoo.factory import RecurrentFactory, order_agnostic_factory
from zoo.runtime.progress import log
from zoo.runtime.rundir import read_json, write_json
from zoo.runtime.versions import REPOSITORY, environment
from zoo.tasks.base import AnyTask, Batches, Metrics
from zoo.training.context import RunContext
from zoo.training.evaluation import Predictor
from zoo.training.loop import NotANumber, Trainer, fit

#: Of `TrainingOptions`: what changes no number of a baseline.
_IMMATERIAL = ("mirrored", "tensorboard", "checkpoint_seconds", "start_from")
#: What stands among the notes of a run without them.
LEFT_OUT = "baselines that are trained were left out (--no-trained-baselines)"
BySplit = dict[str, Metrics]


def baseline_metrics(
    context: RunContext, splits: Mapping[str, Batches], trained: TrainedBaselines = TRAINED
) -> dict[str, BySplit]:
    """Metrics by baseline and split of what needs no recurrence.

    Args:
        context: of the run beside which they stand.
        splits: what is scored, by name.
        trained: whether baselines are trained, and where those are kept that take long.
    """
    metrics: dict[str, BySplit] = {}
    score = context.task.baselines(context.prepared)
    for split, batches in splits.items():
        for name, values in score(batches).items():
            metrics.setdefault(name, {})[split] = values
    for name, make in _makers(context, splits, trained.left_out).items():
        path = trained.shared / f"{make.digest()}.json" if trained.shared else None
        by_split = _known(path, splits) if path else None
        if by_split is None:
            by_split = make.scores()
            if path:
                _keep(path, name, by_split)
        if by_split:
            metrics[name] = by_split
    return metrics


@dataclass(frozen=True)
class _Maker:
    """How a baseline is made that takes so long that runs share it.

    Attributes:
        digest: of all that decides its numbers.
        scores: makes it; gives metrics by split.
    """

    digest: Callable[[], str]
    scores: Callable[[], BySplit]


def _makers(context: RunContext, splits: Mapping[str, Batches], untrained: bool) -> dict[str, _Maker]:
    """What is fitted, then what is trained, by name; or what is fitted alone."""
    task, prepared, options = context.task, context.prepared, context.config.options
    recurrent = order_agnostic_factory(context.config.recurrent, context.config.training.seed)
    fitted = {
        name: _Maker(partial(_digest_of_fit, context, name, splits), partial(_fitted, name, fit, splits))
        for name, fit in task.fitted_baselines(prepared, options).items()
    }
    if untrained:
        return fitted
    trained = {
        name: _Maker(
            partial(_digest, context, recurrent, name, splits),
            partial(_trained, context, name, build, splits),
        )
        for name, build in task.order_agnostic_baselines(prepared, recurrent, options).items()
    }
    return fitted | trained


def _fitted(
    name: str, fit: Callable[[], Callable[[Batches], Metrics]], splits: Mapping[str, Batches]
) -> BySplit:
    """Metrics by split of what is fitted here."""
    began = time.monotonic()
    score = fit()
    by_split = {split: score(batches) for split, batches in splits.items()}
    log(f"{name}: {time.monotonic() - began:.0f} s")
    return by_split


def _trained(
    context: RunContext, name: str, build: Callable[[], keras.Model], splits: Mapping[str, Batches]
) -> BySplit:
    """Metrics by split of a model that is trained here; none if there is nothing to score.

    TensorFlow allows one MirroredStrategy a process, so these models, which are small, train on one device.
    """
    options = dataclasses.replace(context.config.training, mirrored=False)
    trainer = Trainer(build, context.task.loss, options)
    predictor = Predictor(trainer.model)
    evaluate = partial(context.score, predictor, context.prepared.valid)
    try:
        fit(trainer, context.prepared.train, evaluate, context.monitor, title=name)
    except NotANumber as problem:
        log(f"{name}: {problem}")
        if not problem.best_epoch:
            return {}
    return {split: context.score(predictor, batches) for split, batches in splits.items()}


# ------------------------------------------------------------------------------------ baselines that runs share


def _digest(
    context: RunContext, recurrent: RecurrentFactory, name: str, splits: Mapping[str, Batches]
) -> str:
    """Of all that decides a trained baseline's numbers: data as the model gets them, options, versions and code."""
    training = dataclasses.asdict(context.config.training)
    decisive = {
        "learned": context.prepared.learned.to_json(),
        "arrays": {
            split: _arrays(batches) for split, batches in {**splits, "train": context.prepared.train}.items()
        },
        "recurrent": dataclasses.asdict(recurrent.options),
        "whole": context.task.scales_by_the_whole and recurrent.reads_whole,
        "training": {key: value for key, value in training.items() if key not in _IMMATERIAL},
    }
    return _digest_of(context, name, decisive)


def _digest_of_fit(context: RunContext, name: str, splits: Mapping[str, Batches]) -> str:
    """The same of a baseline that is fitted: it reads the examples themselves."""
    return _digest_of(context, name, {"splits": sorted(splits), "examples": digests(context.dataset)})


def _digest_of(context: RunContext, name: str, more: Mapping[str, object]) -> str:
    decisive = {
        "row": name,
        "task": context.config.task,
        "options": dataclasses.asdict(context.config.options),
        "versions": environment()["packages"],
        "code": [_CODE, _source(context.task)],
        **more,
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


#: Of what runs here; later, when a baseline is looked up, the files may be others.
_CODE = _code()


def _source(task: AnyTask) -> str:
    """The module of the task, which may be a user's own."""
    try:
        return inspect.getsource(inspect.getmodule(type(task)) or type(task))
    except (OSError, TypeError):
        return ""


def _known(path: Path, splits: Mapping[str, Batches]) -> BySplit | None:
    """The baseline that another run has left, if it is whole."""
    try:
        stored = read_json(path)
        by_split: BySplit = {split: dict(stored["metrics"][split]) for split in splits}
        log(f"{stored['row']}: trained by another run, see {path}")
    except (UserError, KeyError, TypeError, ValueError):
        return None
    return by_split


def _keep(path: Path, name: str, by_split: BySplit) -> None:
    """For the next run; what is no number is not kept, for JSON has none."""
    if not by_split or not all(
        math.isfinite(value) for scores in by_split.values() for value in scores.values()
    ):
        return
    try:
        write_json(path, {"row": name, "metrics": by_split})
    except (OSError, UserError) as problem:
        log(f"{name}: cannot be kept for other runs ({problem})")
