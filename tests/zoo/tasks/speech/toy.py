"""A small data set of texts spelt in tones, and models of it."""

from __future__ import annotations

from typing import Any

import keras

import datasets
from datasets.base import Dataset
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.serving import Server
from zoo.tasks.base import Prepared
from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.learned import Learned
from zoo.tasks.speech.options import Options
from zoo.tasks.speech.task import TASK

SMALL = {"examples": 16, "valid_examples": 6, "test_examples": 6}


def dataset(language: str = "en") -> Dataset:
    """A few texts."""
    return datasets.load("microworld", TASK.fields, {**SMALL, "language": language})


def options(**values: object) -> Options:
    """Of a small model."""
    every: Any = {"convolutions": 1, "filters": 6, "bands": 8, **values}
    return Options(**every)


def prepared(language: str = "en", **values: object) -> Prepared[Learned, SpeechBatches]:
    """The data set, prepared."""
    return TASK.prepare(dataset(language), options(**values), batch_size=4)


def built(
    ready: Prepared[Learned, SpeechBatches], cell: str = "gru", bidirectional: bool = True
) -> keras.Model:
    """An untrained model."""
    recurrent = RecurrentOptions(cell=cell, units=5, bidirectional=bidirectional)
    keras.utils.set_random_seed(0)
    return TASK.build(ready, recurrent_factory(recurrent, 0), ready.learned.options)


def served(
    language: str = "en", cell: str = "gru", bidirectional: bool = True, **values: object
) -> tuple[keras.Model, Learned, Server]:
    """An untrained model, and what it answers."""
    ready = prepared(language, **values)
    model = built(ready, cell, bidirectional)
    return model, ready.learned, TASK.serve(model, ready.learned)
