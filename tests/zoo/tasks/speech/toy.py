"""A small data set of texts spelt in tones, and models of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras

import datasets
from datasets.base import Dataset
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.serving import Server
from zoo.tasks.base import Prepared
from zoo.tasks.language_model.options import Options as LanguageOptions
from zoo.tasks.language_model.task import TASK as LANGUAGE_MODEL
from zoo.tasks.language_model.task import Learned as LanguageLearned
from zoo.tasks.language_model.tokens import Tokenizer
from zoo.tasks.next_tokens import NextTokens
from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.language_model import weights_of
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


def letters(cell: str = "gru", units: int = 5) -> NextTokens:
    """An untrained language model of some letters."""
    tokenizer = Tokenizer([*"etaoin srhldcu"], kind="characters", lowercase=False)
    keras.utils.set_random_seed(1)
    recurrent = recurrent_factory(RecurrentOptions(cell=cell, units=units), 0)
    options = LANGUAGE_MODEL.options_type(embedding=4)
    model = LANGUAGE_MODEL.build(_Rows.prepared(tokenizer, options), recurrent, options)
    return LANGUAGE_MODEL.next_tokens(LanguageLearned(tokenizer, options), model)


class _Rows:
    """All that a language model asks of its training split: how many streams there are."""

    rows = 2

    @classmethod
    def prepared(cls, tokenizer: Tokenizer, options: LanguageOptions) -> Prepared[Any, Any]:
        """What was learned, beside such a split."""
        return Prepared(LanguageLearned(tokenizer, options), cls(), cls(), lambda: None)


def fused(
    language_model: NextTokens, weights: tuple[float, float] = (1.5, 2.0), **values: Any
) -> tuple[keras.Model, Learned, Prepared[Learned, SpeechBatches]]:
    """An untrained model with a language model beside."""
    bidirectional = values.pop("bidirectional", True)
    ready = prepared(language_model="runs/lm", **values)
    learned = TASK.with_language_model(ready.learned, language_model)
    model = built(replace(ready, learned=learned), bidirectional=bidirectional)
    weights_of(model).assign(weights)
    return model, learned, ready


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
