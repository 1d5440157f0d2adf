"""What can be written of a sound without listening: the most likely text of its length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.tokens import Tokens

MOST_LIKELY = "most likely text of the length"
NEIGHBOURS = 15  # training sounds of about the same length that say how many tokens there are


def most_likely(train: SpeechBatches, tokens: Tokens) -> Callable[[SpeechBatches], list[str]]:
    """A function that gives each sound of a split as many tokens as training sounds of about its length have, the
    median, and at each place the most frequent token of training texts with so many.
    """
    targets, frames = train.sounds.targets, train.sounds.sequences.lengths
    counts = (targets > 0).sum(axis=1)
    order = np.argsort(frames, kind="stable")
    lengths, counts_by_length = frames[order], counts[order]
    ids_of = {count: _most_frequent(targets[counts == count, :count]) for count in np.unique(counts)}

    def count_of(length: int) -> int:
        place = int(np.searchsorted(lengths, length)) - NEIGHBOURS // 2
        first = max(0, min(place, len(lengths) - NEIGHBOURS))
        return int(np.sort(counts_by_length[first : first + NEIGHBOURS])[NEIGHBOURS // 2 :][0])

    def texts(batches: SpeechBatches) -> list[str]:
        found = [ids_of[count_of(length)] for length in batches.sounds.sequences.lengths]
        return tokens.decode(found)

    return texts


def _most_frequent(ids: np.ndarray) -> np.ndarray:
    """The most frequent id of each column; of several the first that comes."""
    return np.array([Counter(column.tolist()).most_common(1)[0][0] for column in ids.T], np.int32)
