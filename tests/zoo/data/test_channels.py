from __future__ import annotations

import numpy as np
import pytest

from zoo.data.channels import DIFFERENT, Channels, OwnScales
from zoo.data.ragged import Ragged

RANDOM = np.random.default_rng(0)


def waves(*scales: float) -> list[np.ndarray]:
    """Sequences of one channel around 0, of a deviation of about 1 times each scale."""
    return [scale * RANDOM.normal(size=(50, 1)).astype(np.float32) for scale in scales]


def test_moments_are_those_of_all_steps_that_are_not_missing() -> None:
    found = Channels.of(np.array([[1, np.nan], [3, np.nan]]))
    assert found == Channels((2.0, 0.0), (1.0, 0.0), True)


def test_scales_that_differ_a_hundredfold_are_told_from_others() -> None:
    alike = OwnScales.of(Ragged.of(waves(*[1, 2, 5, 10] * 3)))
    assert 3 < alike.ratio < 10
    assert not alike.differ
    assert OwnScales.of(Ragged.of(waves(*[0.001, 0.01, 1, 10] * 3))).differ
    assert OwnScales.of(Ragged.of(waves(*[1] * 19, 1e6))).differ  # beside it, the nineteen are nothing
    assert not OwnScales.of(Ragged.of(waves(*[1] * 19, 1e-6))).differ  # one of twenty may be a faulty one


def test_levels_that_are_far_apart_differ_as_well() -> None:
    shifted = [wave + level for wave, level in zip(waves(1, 1, 1), (0, 1000, 2000), strict=True)]
    found = OwnScales.of(Ragged.of(shifted))
    assert found.ratio == pytest.approx(np.std([0, 1000, 2000]), rel=0.3)
    assert found.differ


def test_constant_channels_differ_in_nothing() -> None:
    """Neither one that is constant in every sequence, nor one that is in most, as of a sensor that is seldom on."""
    always = OwnScales.of(Ragged.of([np.full((5, 1), 3.0), np.full((4, 1), 4.0)]))
    assert (always.least, always.spread) == ((1.0,), ((0.0, 0.0),))
    assert not always.differ
    mostly = [*[np.zeros((50, 1))] * 9, *waves(1, 2)]
    found = OwnScales.of(Ragged.of(mostly))
    assert 0.5 < found.least[0] < 1.5
    assert found.ratio < DIFFERENT


def test_a_sequence_is_seen_on_its_own_scale() -> None:
    sequences = [wave + 3 for wave in waves(1, 1e-3, 1e3)]
    own = OwnScales.of(Ragged.of(sequences))
    for values in sequences:
        course, spread, level = own.scaled(values.astype(np.float64)).T
        assert (course.mean(), course.std()) == pytest.approx((0, 1), abs=1e-6)
        logarithms = [np.log(each.std()) for each in sequences]
        wanted = (np.log(values.std()) - np.mean(logarithms)) / np.std(logarithms)
        np.testing.assert_allclose(spread, wanted, atol=1e-4)
        levels = [np.arcsinh(each.mean() / each.std()) for each in sequences]
        wanted = (np.arcsinh(values.mean() / values.std()) - np.mean(levels)) / np.std(levels)
        np.testing.assert_allclose(level, wanted, atol=1e-4)
