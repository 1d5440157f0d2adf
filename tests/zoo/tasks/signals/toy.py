"""Small data sets of each kind of signal, and models of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import keras
import numpy as np

from datasets.base import Dataset, Info, Split
from datasets.formats.signals import Numbers, Pictures, Samples
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.serving import Server
from zoo.tasks.base import Prepared
from zoo.tasks.sequence_batches import SequenceBatches
from zoo.tasks.signals.learned import Learned
from zoo.tasks.signals.options import Options
from zoo.tasks.signals.task import TASK

LABELS = ("falling", "rising")


def numbers(n: int) -> Numbers:
    """Two channels; the first falls or rises, the second lacks a value where there is an odd number of steps."""
    steps = 3 + n % 5
    values = np.stack([np.linspace(1, -1, steps) * (1 - 2 * (n % 2)), np.full(steps, n / 10)], axis=1)
    if steps % 2:
        values[1, 1] = np.nan
    return Numbers(values.astype(np.float32), f"series {n}")


def sound(n: int) -> Samples:
    """A tone that falls or rises."""
    time = np.arange(600 + 100 * (n % 4)) / 8000
    pitch = 1000 + 9000 * (time - time.mean()) * (2 * (n % 2) - 1)
    return Samples(np.sin(2 * np.pi * np.cumsum(pitch) / 8000).astype(np.float32), 8000, f"sound {n}")


def pictures(n: int) -> Pictures:
    """A bright row that moves down or up."""
    frames = np.full((3 + n % 3, 12, 16, 3), 10 + n, np.uint8)
    for step in range(len(frames)):
        frames[step, 2 * step if n % 2 == 0 else 11 - 2 * step] = 250
    return Pictures(frames, 10.0, f"movie {n}")


MAKERS: dict[str, Callable[[int], Any]] = {"numbers": numbers, "sound": sound, "frames": pictures}
KINDS = tuple(MAKERS)


def dataset(kind: str, size: int = 16) -> Dataset:
    """As many signals to train on, and a few others."""

    def split(first: int, count: int) -> Split:
        examples = [{"signal": MAKERS[kind](n), "label": n % 2} for n in range(first, first + count)]
        return Split(lambda: examples, count)

    return Dataset(Info("toy", TASK.fields, LABELS), split(0, size), split(size, 4), split(size + 4, 6))


def prepared(kind: str, **options: object) -> Prepared[Learned, SequenceBatches]:
    """The data set, prepared."""
    values: Any = {"convolutions": 1, "filters": 6, "bands": 8, "dtw": False, **options}
    return TASK.prepare(dataset(kind), Options(**values), batch_size=4)


def built(
    ready: Prepared[Learned, SequenceBatches],
    cell: str = "gru",
    bidirectional: bool = True,
    dropout: Any = None,
    **options: object,
) -> keras.Model:
    """An untrained model."""
    values: Any = {"convolutions": 1, "filters": 6, "bands": 8, **options}
    recurrent = RecurrentOptions(cell=cell, units=5, bidirectional=bidirectional)
    if dropout is not None:
        recurrent = replace(recurrent, dropout=dropout)
    keras.utils.set_random_seed(0)
    return TASK.build(ready, recurrent_factory(recurrent, 0), Options(**values))


def served(kind: str) -> tuple[keras.Model, Learned, Server]:
    """An untrained model, and what it answers."""
    ready = prepared(kind)
    model = built(ready)
    return model, ready.learned, TASK.serve(model, ready.learned)
