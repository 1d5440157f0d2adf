from __future__ import annotations

import numpy as np
import pytest

from zoo.tasks.forecasting.calendar import DAY, cycles, phases


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(60, ("day", "week", "year")), (DAY, ("week", "year")), (7 * DAY, ("year",)), (365 * DAY, ())],
)
def test_only_cycles_that_the_steps_can_follow(seconds: float, expected: tuple[str, ...]):
    assert cycles(seconds) == expected


def test_phases_come_back_after_their_cycle_and_not_before():
    noon = np.datetime64("2024-03-05T12:00", "s").astype(np.int64).astype(float)
    at = phases(np.array([noon, noon + DAY, noon + 7 * DAY, noon + DAY / 2]), ("day", "week"), np)
    np.testing.assert_allclose(at[0, :2], [0, -1], atol=1e-12)
    np.testing.assert_allclose(at[1, :2], at[0, :2], atol=1e-9)
    np.testing.assert_allclose(at[3, :2], [0, 1], atol=1e-9)
    np.testing.assert_allclose(at[2], at[0], atol=1e-9)
    assert not np.allclose(at[1, 2:], at[0, 2:], atol=0.1)


def test_tensorflow_gives_the_same():
    import tensorflow as tf

    seconds = 1.7e9 + 3600.0 * np.arange(50)
    names = ("day", "week", "year")
    np.testing.assert_allclose(phases(tf.constant(seconds), names, tf), phases(seconds, names, np), atol=1e-9)
