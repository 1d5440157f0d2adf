"""What signals are classified by without a network: statistics of their channels, and the nearest training signal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from zoo.data.channels import OwnScales
from zoo.data.ragged import Ragged
from zoo.tasks.base import Metrics
from zoo.tasks.classification import scores
from zoo.tasks.dynamic_time_warping import nearest
from zoo.tasks.sequence_batches import SequenceBatches

STATISTICS = "channel statistics"
NEAREST = "nearest neighbour (DTW)"
LEAST_PROBABILITY = 1e-9  # of a class that train lacks
GRID = 8  # rows and columns that a frame is reduced to, in grey
Score = Callable[[SequenceBatches], Metrics]


def fit_statistics(train: SequenceBatches, classes: int, own: OwnScales | None = None) -> Score:
    """Logistic regression of the mean, the deviation, the least and the largest value of each channel.

    Args:
        train: the training split.
        classes: how many labels there are.
        own: where channels are measured by each series' own scale, too; then also spread and level, and the least and
            the largest value on that scale.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    regression = LogisticRegression(max_iter=2000)
    pipeline = make_pipeline(StandardScaler(), regression).fit(
        _statistics(train.sequences, own), train.targets
    )

    def score(batches: SequenceBatches) -> Metrics:
        probabilities = np.full((len(batches.targets), classes), LEAST_PROBABILITY)
        probabilities[:, pipeline.classes_] = pipeline.predict_proba(_statistics(batches.sequences, own))
        return scores(np.log(np.maximum(probabilities, LEAST_PROBABILITY)), batches.targets)

    return score


def _statistics(sequences: Ragged, own: OwnScales | None) -> np.ndarray:
    """Mean, deviation, least and largest value of each channel, `(sequences, 4 * channels)`; 0 where all is missing."""
    found = np.stack([_of_one(values) for values in _in_channels(sequences)])
    if own is not None:
        found = np.concatenate(
            [found, np.stack([_on_its_scale(part, own) for part in _parts(sequences)])], axis=1
        )
    return np.nan_to_num(found, nan=0.0)


def _on_its_scale(values: np.ndarray, own: OwnScales) -> np.ndarray:
    course, beside = own.beside(values)
    masked = np.ma.masked_invalid(course)
    ends = (np.ma.filled(part, np.nan) for part in (masked.min(axis=0), masked.max(axis=0)))
    return np.concatenate([beside, *ends])


def _of_one(values: np.ndarray) -> np.ndarray:
    masked = np.ma.masked_invalid(values)
    parts = masked.mean(axis=0), masked.std(axis=0), masked.min(axis=0), masked.max(axis=0)
    return np.concatenate([np.ma.filled(part.astype(np.float64), np.nan) for part in parts])


def _in_channels(sequences: Ragged) -> list[np.ndarray]:
    """Each sequence as `(time, channels)`; of a frame, the grey of each part of a grid."""
    return [_greys(part) if part.ndim == 4 else part for part in _parts(sequences)]


def _parts(sequences: Ragged) -> list[np.ndarray]:
    return np.split(sequences.values, sequences.offsets[1:-1])


def _greys(frames: np.ndarray) -> np.ndarray:
    """Frames `(time, height, width, 3)` as `(time, GRID * GRID)`, from 0 to 1."""
    rows, columns = (np.linspace(0, side, GRID + 1).astype(int)[:-1] for side in frames.shape[1:3])
    grey = frames.astype(np.float32).mean(axis=-1) / 255
    sums = np.add.reduceat(np.add.reduceat(grey, rows, axis=1), columns, axis=2)
    ones = np.add.reduceat(np.add.reduceat(np.ones_like(grey[0]), rows, axis=0), columns, axis=1)
    return (sums / ones).reshape(len(frames), -1)


# ------------------------------------------------------------------------------------------ dynamic time warping


def cells(train: SequenceBatches, others: int, own: OwnScales | None = None) -> float:
    """Cells of the tables of all pairs of training signals and so many others of their lengths, times channels."""
    shape = train.sequences.values.shape[1:]
    channels = GRID * GRID if len(shape) == 3 else int(np.prod(shape))
    channels += 0 if own is None else len(own.channels)
    lengths = train.sequences.lengths
    return float(lengths.sum()) * float(lengths.mean()) * others * channels


def fit_nearest(train: SequenceBatches, classes: int, own: OwnScales | None = None) -> Score:
    """Each signal has the label of the training signal with the least distance by dynamic time warping, without a
    window, between channels on the scale of train (Berndt and Clifford 1994; the distance of all channels together).

    The result gives no `loss`, for it gives no probabilities.
    """
    known = _compared(train.sequences, own)
    every = np.concatenate(known)
    mean, deviation = np.nanmean(every, axis=0), np.nanstd(every, axis=0)
    scale = np.where(deviation > 0, deviation, 1)
    scaled = partial(_scaled, mean=mean, scale=scale)
    references = [scaled(values) for values in known]

    def score(batches: SequenceBatches) -> Metrics:
        found = [nearest(scaled(values), references) for values in _compared(batches.sequences, own)]
        chosen = train.targets[np.array(found, np.int64)]
        certain = np.eye(classes)[chosen]
        return {name: value for name, value in scores(certain, batches.targets).items() if name in KEPT}

    return score


KEPT = ("accuracy", "macro_f1")


def _compared(sequences: Ragged, own: OwnScales | None) -> list[np.ndarray]:
    """The channels, and beside them those that are measured by each series' own scale."""
    known = _in_channels(sequences)
    return known if own is None else [np.concatenate([part, own.beside(part)[0]], axis=1) for part in known]


def _scaled(values: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.nan_to_num((values - mean) / scale, nan=0.0), np.float64)
