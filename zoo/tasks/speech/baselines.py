"""What can be written without a network: the most likely text of the length, or that of the nearest recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np

from zoo.tasks.dynamic_time_warping import MOST_CELLS, nearest
from zoo.tasks.speech.batches import SpeechBatches
from zoo.tasks.speech.tokens import Tokens

MOST_LIKELY = "most likely text of the length"
NEAREST = "nearest recording (DTW)"
STEPS = 4  # of the spectrum, whose mean is one step of what is warped
LEAST_RECORDINGS = 100  # to look among; where these take too long, none is looked for
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


# ------------------------------------------------------------------------------------------ the nearest recording


def recordings(train: SpeechBatches, others: int) -> np.ndarray:
    """The numbers of the training sounds that are looked among, spread evenly: as many as take seconds, or none.

    Args:
        train: the training split.
        others: how many sounds are compared with each.
    """
    lengths, bands = train.sounds.sequences.lengths / STEPS, train.sounds.sequences.values.shape[1]
    each = float(np.square(lengths.mean())) * bands * max(others, 1)
    most = min(len(lengths), int(MOST_CELLS / max(each, 1.0)))
    if most < min(len(lengths), LEAST_RECORDINGS):
        return np.zeros(0, np.int64)
    return np.linspace(0, len(lengths) - 1, most).round().astype(np.int64)


def fit_nearest(train: SpeechBatches, which: np.ndarray) -> Callable[[SpeechBatches], list[str]]:
    """A function that gives each sound of a split the text of the nearest training sound by dynamic time warping.

    It is between means of `STEPS` steps of the spectrum, on the scale of train.

    Args:
        train: the training split.
        which: the training sounds that are looked among.
    """
    values = train.sounds.sequences.values
    mean, deviation = values.mean(axis=0), values.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)

    def shortened(batches: SpeechBatches, number: int) -> np.ndarray:
        a, b = batches.sounds.sequences.offsets[number : number + 2]
        parts = np.add.reduceat(batches.sounds.sequences.values[a:b], np.arange(0, b - a, STEPS), axis=0)
        counts = np.minimum(STEPS, b - a - np.arange(0, b - a, STEPS))
        return np.ascontiguousarray((parts / counts[:, None] - mean) / scale, np.float64)

    references = [shortened(train, number) for number in which]

    def texts(batches: SpeechBatches) -> list[str]:
        found = [nearest(shortened(batches, number), references) for number in range(len(batches.texts))]
        return [train.texts[which[number]] for number in found]

    return texts
