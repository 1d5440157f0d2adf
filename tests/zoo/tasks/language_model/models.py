"""Small language models on small texts, for the tests beside."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from datasets.base import Dataset, Info, Split
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.tasks.base import Prepared
from zoo.tasks.language_model.batches import TextBatches
from zoo.tasks.language_model.task import TASK, Learned, Options

TEXT = "Ann has a cat. 고양이는 잔다.\nBob had a hat 😀, and a cat.\n"


#: What the task prepares.
Ready = Prepared[Learned, TextBatches]


def split(*pieces: str) -> Split:
    return Split(lambda: iter([{"text": piece} for piece in pieces]), len(pieces))


def dataset(train: str = TEXT * 3, valid: str = TEXT, test: str | None = None) -> Dataset:
    parts = split(train), split(valid), None if test is None else split(test)
    return Dataset(Info("toy", ("text",)), *parts)


def prepared(data: Dataset | None = None, batch_size: int = 4, **options: object) -> Ready:
    settings: dict[str, Any] = {"truncate": 8, "embedding": 4, **options}
    return TASK.prepare(data or dataset(), Options(**settings), batch_size)


def build(ready: Ready, cell: str = "gru", seed: int = 0, **options: object) -> keras.Model:
    """An untrained model whose weights are large enough for its answers to differ."""
    settings: dict[str, Any] = {"cell": cell, "units": 5, "dropout": 0.0, **options}
    recurrent = recurrent_factory(RecurrentOptions(**settings))
    model = TASK.build(ready, recurrent, ready.learned.options)
    draw = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(draw.normal(scale=0.7, size=variable.shape))
    return model
