from __future__ import annotations

import numpy as np
import pytest

from zoo.data.channels import Channels, OwnScales, own_moments
from zoo.data.ragged import Ragged

RANDOM = np.random.default_rng(0)


def waves(*scales: float) -> list[np.ndarray]:
    """Sequences of one channel around 0, of a deviation of about 1 times each scale."""
    return [scale * RANDOM.normal(size=(50, 1)).astype(np.float32) for scale in scales]


def test_moments_are_those_of_all_steps_that_are_not_missing() -> None:
    found = Channels.of(np.array([[1, np.nan], [3, np.nan]]))
    assert found == Channels((2.0, 0.0), (1.0, 0.0), True)


def own(sequences: list[np.ndarray]) -> OwnScales:
    return OwnScales.of(Ragged.of(sequences))


def test_scales_that_differ_a_hundredfold_are_told_from_others() -> None:
    alike = own(waves(*[1, 2, 5, 10] * 3))
    assert 3 < alike.ratio < 10
    assert not alike.channels
    assert own(waves(*[0.001, 0.01, 1, 10] * 3)).channels == (0,)
    assert own(waves(*[1] * 19, 1e6)).channels == (0,)  # beside it, the nineteen are nothing
    assert not own(waves(*[1] * 19, 1e-6)).channels  # one of twenty may be a faulty one
    assert OwnScales.of(Ragged.of(waves(1, 1)), every=True).channels == (0,)


def test_levels_that_are_far_apart_differ_as_well() -> None:
    shifted = [wave + level for wave, level in zip(waves(1, 1, 1), (0, 1000, 2000), strict=True)]
    found = own(shifted)
    assert found.ratio == pytest.approx(np.std([0, 1000, 2000]), rel=0.3)
    assert found.channels == (0,)


def test_each_channel_is_looked_at() -> None:
    alike, apart = waves(1, 1, 1, 2), waves(1, 1, 0.001, 100)
    found = own([np.concatenate(pair, axis=1) for pair in zip(alike, apart, strict=True)])
    assert found.channels == (1,)
    assert [len(part) for part in (found.least, found.spread, found.level)] == [1, 1, 1]


def test_constant_channels_differ_in_nothing() -> None:
    """Neither one that is constant in every sequence, nor one that is in most, as of a sensor that is seldom on."""
    assert not own([np.full((5, 1), 3.0), np.full((4, 1), 4.0)]).channels
    always = OwnScales.of(Ragged.of([np.full((5, 1), 3.0), np.full((4, 1), 4.0)]), every=True)
    assert (always.least, always.spread) == ((1.0,), ((0.0, 1.0),))
    mostly = [*[np.zeros((50, 1))] * 9, *waves(1, 2)]
    assert not own(mostly).channels


def test_what_is_rounding_is_no_scale() -> None:
    """A deviation of a millionth of that over all; and spreads and levels that are the same but for rounding."""
    found = own([*waves(*[1] * 4), *waves(*[1e-12] * 4)])
    assert found.least[0] == pytest.approx(1e-6, rel=0.5)
    normalised = [(wave - wave.mean()) / wave.std() for wave in waves(*[1.0] * 9)]
    same = OwnScales.of(Ragged.of(normalised), every=True)
    assert (same.spread[0][1], same.level[0][1]) == (1.0, 1.0)


def test_moments_of_sequences_leave_out_what_is_missing() -> None:
    parts = [np.array([[1, np.nan], [3, np.nan]]), np.array([[np.nan, 5], [7, 5], [9, 8]])]
    mean, deviation = own_moments(Ragged.of(parts))
    np.testing.assert_allclose(mean, [[2, 0], [8, 6]])
    np.testing.assert_allclose(deviation, [[1, 0], [1, np.sqrt(2)]])


def test_a_sequence_is_seen_on_its_own_scale() -> None:
    sequences = [wave + 3 for wave in waves(1, 1e-3, 1e3)]
    scales = own(sequences)
    logarithms = [np.log(each.std()) for each in sequences]
    levels = [np.arcsinh(each.mean() / each.std()) for each in sequences]
    for values in sequences:
        course, beside = scales.beside(values)
        assert (course.mean(), course.std()) == pytest.approx((0, 1), abs=1e-6)
        wanted = [
            (np.log(values.std()) - np.mean(logarithms)) / np.std(logarithms),
            (np.arcsinh(values.mean() / values.std()) - np.mean(levels)) / np.std(levels),
        ]
        np.testing.assert_allclose(beside, wanted, atol=1e-3)
