from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.tasks.signals.toy import prepared
from zoo.data.channels import OwnScales
from zoo.data.ragged import Ragged
from zoo.tasks.sequence_batches import SequenceBatches
from zoo.tasks.signals.baselines import (
    _greys,
    _statistics,
    cells,
    fit_nearest,
    fit_statistics,
)
from zoo.tasks.signals.options import Options
from zoo.tasks.signals.task import TASK


def batches(*signals: tuple[list[float], int]) -> SequenceBatches:
    sequences = Ragged.of(np.array(values, np.float32)[:, None] for values, _ in signals)
    return SequenceBatches.of(sequences, np.array([label for _, label in signals]), 4)


def test_time_may_be_warped() -> None:
    train = batches(([0, 1, 1, 0], 0), ([0, -1, -1, 0], 1))
    test = batches(([0, 0, 0, 1, 0], 0), ([0, -1, -1, -1, -1, 0, 0], 1), ([0, 1, np.nan, 1, 0], 1))
    assert fit_nearest(train, 2)(test) == pytest.approx({"accuracy": 2 / 3, "macro_f1": 2 / 3})


def test_statistics_are_those_of_each_channel_without_what_is_missing() -> None:
    sequences = Ragged.of([np.array([[1, 2], [3, np.nan]]), np.array([[5, np.nan]])])
    assert _statistics(sequences, None).tolist() == [[2, 2, 1, 0, 1, 2, 3, 2], [5, 0, 0, 0, 5, 0, 5, 0]]


def test_statistics_know_levels_and_not_order() -> None:
    levels = batches(*[([n % 2, n % 2 + n / 100], n % 2) for n in range(20)])
    assert fit_statistics(levels, 2)(levels)["accuracy"] == 1
    order = batches(*[([float(n % 2), float(1 - n % 2)], n % 2) for n in range(20)])
    assert fit_statistics(order, 2)(order)["accuracy"] == 0.5


def test_both_read_what_the_model_reads_where_each_series_has_a_scale_of_its_own() -> None:
    """Falling or rising, at scales from 0.001 to 1,000, of which the last is all that one scale shows; and a high level
    that says more than the scales.
    """
    signals = batches(
        *[
            ((np.array([1.0, 0.5, -0.2, -1.3]) * (1 - 2 * (n % 2)) * 10.0 ** (n % 7 - 3)).tolist(), n % 2)
            for n in range(42)
        ]
    )
    own = OwnScales.of(signals.sequences)
    for fit in (fit_statistics, fit_nearest):
        assert fit(signals, 2, own)(signals)["accuracy"] == 1
    assert fit_statistics(signals, 2)(signals)["accuracy"] < 0.9
    assert cells(signals, 10, own) == 2 * cells(signals, 10)


def test_a_frame_is_the_grey_of_each_part_of_a_grid() -> None:
    frames = np.zeros((2, 16, 24, 3), np.uint8)
    frames[1, :8] = 255
    greys = _greys(frames).reshape(2, 8, 8)
    assert greys[0].max() == 0
    assert (greys[1, :4] == 1).all()
    assert (greys[1, 4:] == 0).all()
    assert _greys(frames[:, :3, :5]).shape == (2, 64)


def test_neighbours_are_left_out_where_they_are_many_or_unwanted() -> None:
    ready = prepared("numbers")
    lengths = ready.train.sequences.lengths
    assert cells(ready.train, 10) == pytest.approx(lengths.sum() * lengths.mean() * 10 * 2)
    assert len(TASK.fitted_baselines(ready, Options())) == 2
    assert len(TASK.fitted_baselines(ready, Options(dtw=False))) == 1
