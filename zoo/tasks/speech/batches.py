"""Sounds with their texts in batches of about the same length."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import tensorflow as tf

from zoo.data.ragged import BatchPlan, Ragged
from zoo.tasks.base import Batch
from zoo.tasks.sequence_batches import SequenceBatches


class Predictions(TypedDict, total=False):
    """What a model gives for a split.

    Attributes:
        loss: in nats, `(sounds,)`.
        tokens: the best ones, ids `(tokens,)` of each sound; see the outputs of the model.
        texts: that the search found; only after it.
        alone: the same without the language model, where there is one.
    """

    loss: np.ndarray
    tokens: list[np.ndarray]
    texts: list[str]
    alone: list[str]


@dataclass(frozen=True)
class SpeechBatches:
    """Spectra and texts.

    Attributes:
        sounds: spectra, and ids of the tokens of their texts as targets `(sounds, tokens)`, 0 behind the last, for a
            decoder from `BEGIN` to `END`; these are a further input `text`, too.
        texts: the right ones.
    """

    sounds: SequenceBatches
    texts: Sequence[str]

    @classmethod
    def of(
        cls,
        spectra: Ragged,
        ids: Ragged,
        texts: Sequence[str],
        batch_size: int,
        train: SpeechBatches | None = None,
    ) -> SpeechBatches:
        """Batches with the widths of `train`, where there is one already."""
        longest = max(1, int(ids.lengths.max(initial=0)))
        targets = ids.pad(np.arange(len(ids)), longest).astype(np.int32)
        widths = None if train is None else train.sounds.widths
        return cls(SequenceBatches.of(spectra, targets, batch_size, widths, further={"text": targets}), texts)

    def plan(self, seed: Sequence[int] | None) -> list[BatchPlan]:
        """See `zoo.tasks.base.Batches`."""
        return self.sounds.plan(seed)

    def load(self, planned: BatchPlan) -> Batch:
        """See `zoo.tasks.sequence_batches.SequenceBatches.load`."""
        return self.sounds.load(planned)

    def gather(self, plans: list[BatchPlan], outputs: list[dict[str, np.ndarray]]) -> Predictions:
        """See `zoo.tasks.base.Batches`."""
        loss = self.sounds.gather(plans, [output.get("nll", output["loss"]) for output in outputs])
        tokens: list[np.ndarray] = [np.zeros(0, np.int32)] * len(self.texts)
        for planned, output in zip(plans, outputs, strict=True):
            for number, row in zip(planned.which, output["tokens"], strict=False):
                tokens[number] = row[row > 0]
        return {"loss": loss, "tokens": tokens}


def texts_of_split(search: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], batches: SpeechBatches) -> list[str]:
    """The texts of all sounds of a split, in order.

    Args:
        search: from spectra `(batch, frames, bands)` and their mask to texts `(batch,)`.
        batches: the split.
    """
    texts = [""] * len(batches.texts)
    for planned in batches.sounds.plan(None):
        inputs = batches.sounds.load(planned).inputs
        found = search(tf.constant(inputs["vectors"]), tf.constant(inputs["mask"])).numpy()
        for number, text in zip(planned.which, found, strict=False):
            texts[number] = text.decode()
    return texts
