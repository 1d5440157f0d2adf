"""Batches of sequences, of token ids or of vectors, with one target each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

import numpy as np

from datasets.base import Split
from zoo.data.ragged import BatchPlan, Ragged, bucket_widths, shuffled_plan, sorted_plan, widened
from zoo.tasks.base import Batch

if TYPE_CHECKING:
    from zoo.layers.frame_features import FrameFeatures


@dataclass(frozen=True)
class SequenceBatches:
    """Sequences with one target each, in batches of about equal length.

    Attributes:
        sequences: token ids, `(time,)` each, where 0 is padding; vectors, `(time, features)` each; or frames of moving
            pictures, `(time, height, width, 3)` each.
        targets: `(sequences, …)`, such as class ids.
        batch_size: rows of a batch.
        widths: rising widths, the last at least as long as the longest sequence.
        examples: what they were made of, for baselines that read the examples; None where none does.
        further: further inputs of the model by name, a row a sequence.
        network: in a training split, what made vectors of the frames of moving pictures, where a frozen network did.
    """

    sequences: Ragged
    targets: np.ndarray
    batch_size: int
    widths: np.ndarray
    examples: Split | None = None
    further: Mapping[str, np.ndarray] = field(default_factory=dict)
    network: FrameFeatures | None = None

    @classmethod
    def of(
        cls,
        sequences: Ragged,
        targets: np.ndarray,
        batch_size: int,
        widths: np.ndarray | None = None,
        examples: Split | None = None,
        further: Mapping[str, np.ndarray] = MappingProxyType({}),
    ) -> Self:
        """Batches with `widths` (those of the training split), a longer one added where a sequence needs it."""
        if widths is None:
            widths = bucket_widths(sequences.lengths)
        return cls(sequences, targets, batch_size, widened(widths, sequences.lengths), examples, further)

    def plan(self, seed: Sequence[int] | None) -> list[BatchPlan]:
        """See `zoo.tasks.base.Batches`."""
        if seed is None:
            return sorted_plan(self.sequences.lengths, self.widths, self.batch_size)
        return shuffled_plan(self.sequences.lengths, self.widths, self.batch_size, seed)

    def load(self, planned: BatchPlan) -> Batch:
        """See `zoo.tasks.base.Batches`.

        The inputs are `tokens` `(batch_size, width)`; or `vectors` `(batch_size, width, features)` float32 and their
        `mask` `(batch_size, width)` bool, True where there is a vector; or `frames` `(batch_size, width, …)` uint8 and
        their mask; and those of `further`.
        """
        which = planned.which
        padded = self.sequences.pad(which, planned.width)
        inputs = {"tokens": padded}
        if padded.ndim > 2:
            mask = self.sequences.mask(which, planned.width)
            vectors = padded.astype(np.float32) if padded.ndim == 3 else padded
            inputs = {"vectors" if padded.ndim == 3 else "frames": vectors, "mask": mask}
        inputs |= {name: rows[which] for name, rows in self.further.items()}
        weights = np.ones(len(which), np.float32)
        return Batch(
            {name: _filled(array, planned.size) for name, array in inputs.items()},
            _filled(self.targets[which], planned.size),
            _filled(weights, planned.size),
        )

    def gather(self, plans: list[BatchPlan], outputs: list[np.ndarray]) -> np.ndarray:
        """See `zoo.tasks.base.Batches`."""
        gathered = np.zeros((len(self.sequences), *outputs[0].shape[1:]), outputs[0].dtype)
        for planned, output in zip(plans, outputs, strict=True):
            gathered[planned.which] = output[: len(planned.which)]
        return gathered


def _filled(array: np.ndarray, size: int) -> np.ndarray:
    """The array with rows of zeros below, up to this size."""
    return np.pad(array, [(0, size - len(array)), *[(0, 0)] * (array.ndim - 1)])
