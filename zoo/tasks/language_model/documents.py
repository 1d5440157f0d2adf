"""Documents in batches, a chunk at a time. See `zoo.tasks.base.Batches`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.data.ragged import Ragged
from zoo.data.vocabulary import UNKNOWN
from zoo.tasks.base import Batch
from zoo.tasks.language_model.tokens import START, Text

#: The last chunk of documents is as wide as a part of a chunk: so many widths are compiled.
PARTS = 4
#: How much lengths are changed at random before they are sorted, so that documents have other neighbours each time.
JITTER = 0.1


@dataclass(frozen=True)
class DocumentChunk:
    """What one batch is made of.

    Attributes:
        which: numbers of the documents, one a row; further rows stay empty.
        first: position in each document of its row's first target.
        width: how many targets a row has.
    """

    which: np.ndarray
    first: int
    width: int


class DocumentBatches:
    """Documents of about the same length side by side, read in chunks of `steps`.

    Each row of a batch reads a document from its start, where the states are fresh, to its end; so do the next batches
    until the longest is read. No token is predicted from another document.

    Args:
        text: the documents.
        rows: documents of a batch.
        steps: tokens of a chunk; less where all documents are shorter.
    """

    #: What rows are called.
    unit = "documents"

    def __init__(self, text: Text, rows: int, steps: int) -> None:
        self.text, self.rows = text, rows
        self.documents = Ragged(text.ids, text.offsets)
        self.steps = max(1, min(steps, int(self.documents.lengths.max(initial=1))))

    @property
    def streams(self) -> int:
        """How many rows training fills."""
        return self.rows

    def plan(self, seed: Sequence[int] | None) -> list[DocumentChunk]:
        """See `zoo.tasks.base.Batches`; the chunks of a document come in its order, one after the other."""
        random = None if seed is None else np.random.default_rng(seed)
        lengths = self.documents.lengths
        keys = lengths if random is None else lengths * random.uniform(1 - JITTER, 1 + JITTER, len(lengths))
        order = np.argsort(keys, kind="stable")
        order = order[lengths[order] > 0]
        groups = [order[n : n + self.rows] for n in range(0, len(order), self.rows)]
        if random is not None:
            groups = [groups[n] for n in random.permutation(len(groups))]
        return [chunk for group in groups for chunk in self._chunks(group)]

    def _chunks(self, which: np.ndarray) -> list[DocumentChunk]:
        longest = int(self.documents.lengths[which].max())
        part = -(-self.steps // PARTS)
        chunks = []
        for first in range(0, longest, self.steps):
            rest = -(-(longest - first) // part) * part
            chunks.append(DocumentChunk(which, first, min(self.steps, rest)))
        return chunks

    def load(self, planned: DocumentChunk) -> Batch:
        """See `zoo.tasks.base.Batches`, and `zoo.tasks.language_model.streams.Streams.load` for the inputs."""
        places, counts = self._places(planned)
        ids = np.where(counts, self.text.ids[np.where(counts, places, 0)], UNKNOWN)
        before = np.where(counts, self.text.ids[np.where(counts, places - 1, 0)], START)
        if planned.first == 0:
            before[:, 0] = START
        inputs = {
            "tokens": before.astype(np.int32),
            "next": (ids - UNKNOWN).astype(np.int32),
            "continues": np.full(self.rows, int(planned.first > 0), np.int32),
        }
        return Batch(inputs, inputs["next"], counts.astype(np.float32))

    def gather(self, plans: list[DocumentChunk], outputs: list[np.ndarray]) -> np.ndarray:
        """The model's outputs `(rows, width)` as one array `(tokens,)`, document after document."""
        gathered = np.full(len(self.text), np.nan, np.float32)
        for planned, output in zip(plans, outputs, strict=True):
            places, counts = self._places(planned)
            gathered[places[counts]] = output[counts]
        return gathered

    def _places(self, planned: DocumentChunk) -> tuple[np.ndarray, np.ndarray]:
        """Where each target of a batch stands in the text, and whether there is one, `(rows, width)` each."""
        positions = planned.first + np.arange(planned.width)
        places = np.zeros((self.rows, planned.width), np.int64)
        counts = np.zeros(places.shape, bool)
        places[: len(planned.which)] = self.text.offsets[planned.which][:, None] + positions
        counts[: len(planned.which)] = positions < self.documents.lengths[planned.which][:, None]
        return places, counts
