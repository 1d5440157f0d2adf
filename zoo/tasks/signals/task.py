"""Signals: numbers over time, sound or moving pictures → label and score. Many to one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.formats.signals import Signal
from datasets.input_kinds import signals
from zoo.tasks.base import Metrics, Prepared, Row
from zoo.tasks.classification import SequenceClassification, brier
from zoo.tasks.sequence_batches import SequenceBatches
from zoo.tasks.signals.learned import Learned
from zoo.tasks.signals.options import AnswerOptions, Options

if TYPE_CHECKING:
    import keras

    from zoo.factory import RecurrentFactory
    from zoo.serving import Server

Batched = Prepared[Learned, SequenceBatches]


class Signals(SequenceClassification[Options, Learned, AnswerOptions]):
    """See `zoo.tasks.base.Task`, and `SequenceClassification` for the metrics."""

    summary = "numbers over time, sound or moving pictures → label and score (many to one)"
    fields = ("signal", "label")
    input_kind = signals.KIND
    options_type = Options
    answer_options = AnswerOptions
    scales_by_the_whole = True
    # Not the loss: of a small dev split it is decided by a single signal about which the model is wrong and sure.
    monitor = ("brier", "min")
    defaults: Mapping[str, object] = {
        "bidirectional": True,
        "dropout": 0.5,
        "epochs": 40,
        "patience": 10,
        "choose": "auto",
        "learning_rate": 2e-3,
    }

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Batched:
        """Read the signals, and learn the scale of each channel on train."""
        options.check_encoder()
        options.check_convolutions()
        from zoo.tasks.signals.features import learn, size_note
        from zoo.tasks.signals.networks import load

        network = load(options, next(iter(dataset.train))["signal"].kind)
        learned, features = learn(dataset.train, dataset.info.labels, options, network)
        batches = SequenceBatches.of(features.sequences, _labels(dataset.train), batch_size)
        train = replace(batches, network=network)
        others = partial(_batches, learned=learned, cache=options.cache, train=train)
        return Prepared.of(learned, train, dataset, others, size_note(learned, features))

    def restore(self, stored: Mapping[str, Any], _options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        return Learned.from_json(stored)

    # ---- model

    def build(self, prepared: Batched, recurrent: RecurrentFactory, options: Options) -> keras.Model:
        """See `zoo.tasks.signals.model`."""
        from zoo.tasks.signals.model import build
        from zoo.tasks.signals.networks import copy

        network = prepared.train.network if prepared.learned.encoder else None
        return build(prepared.learned, recurrent, options, None if network is None else copy(network))

    # ---- metrics

    def score(self, learned: Learned, predictions: np.ndarray, batches: SequenceBatches) -> Metrics:
        """See `zoo.tasks.classification.scores`, and `brier`."""
        return {
            **super().score(learned, predictions, batches),
            "brier": brier(predictions, batches.targets),
        }

    def fitted_baselines(
        self, prepared: Batched, options: Options
    ) -> dict[str, Callable[[], Callable[[SequenceBatches], Metrics]]]:
        """Statistics of the channels, and the nearest neighbour where that takes seconds."""
        from zoo.tasks.dynamic_time_warping import MOST_CELLS
        from zoo.tasks.signals import baselines

        train, classes, own = prepared.train, len(prepared.learned.labels), prepared.learned.own_scales
        fits: dict[str, Callable[[], Callable[[SequenceBatches], Metrics]]] = {
            baselines.STATISTICS: partial(baselines.fit_statistics, train, classes, own)
        }
        scored = len(prepared.valid.targets) + prepared.tested
        if options.dtw and baselines.cells(train, scored, own) <= MOST_CELLS:
            fits[baselines.NEAREST] = partial(baselines.fit_nearest, train, classes, own)
        return fits

    def order_agnostic_baselines(
        self, prepared: Batched, recurrent: RecurrentFactory, options: Options
    ) -> dict[str, Callable[[], keras.Model]]:
        """The same model without convolutions over time, around the mean of all steps."""
        return {"bag of steps": partial(self.build, prepared, recurrent, options)}

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """See `zoo.tasks.signals.serving`."""
        from zoo.tasks.signals.serving import make

        return make(model, learned)

    def answer(self, server: Server, inputs: Iterable[Signal], options: AnswerOptions) -> list[Row]:
        """A row for each signal; and a picture, where one is wanted."""
        from zoo.tasks.signals.serving import answer

        return answer(server, inputs, options.picture)


def _labels(split: Split) -> np.ndarray:
    return np.fromiter((example["label"] for example in split), np.int64, len(split))


def _batches(split: Split, learned: Learned, cache: str | None, train: SequenceBatches) -> SequenceBatches:
    from zoo.tasks.signals.features import sequences_of

    sequences = sequences_of(split, learned, cache, train.network).sequences
    return SequenceBatches.of(sequences, _labels(split), train.batch_size, train.widths)


TASK = Signals()
