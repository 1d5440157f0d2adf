from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.zoo.tasks.forecasting.examples import prepared, series
from zoo.tasks.forecasting.few_errors import FEW, growth, offsets_of_few, widening
from zoo.tasks.forecasting.losses import levels

AHEAD = np.arange(1, 7)


def test_widening_is_that_of_a_prediction_interval_of_a_normal_sample() -> None:
    n = np.array([1.0, 3.5, 10.0, 1e9])
    expected = stats.t.ppf(0.9, n) / stats.norm.ppf(0.9) * np.sqrt(1 + 1 / n)
    np.testing.assert_allclose(widening(n, 0.9), expected)
    np.testing.assert_allclose(widening(n, 0.1), expected)
    assert expected[-1] == pytest.approx(1)
    np.testing.assert_allclose(widening(np.array([0.2]), 0.9), expected[:1])


@pytest.mark.parametrize(("power", "found"), [(0.5, 0.5), (0.0, 0.0), (1.0, 1.0), (-1.0, 0.0), (3.0, 1.0)])
def test_growth_is_a_power_of_the_steps_ahead_between_none_and_linear(power: float, found: float) -> None:
    errors = np.array([[1.0], [-1.0]]) * 3 * AHEAD**power
    size = growth(errors, AHEAD)
    np.testing.assert_allclose(np.diff(np.log(size)) / np.diff(np.log(AHEAD)), found, atol=1e-9)
    if power == found:
        np.testing.assert_allclose(size, 3 * AHEAD**power)


def test_growth_without_some_steps_or_any() -> None:
    errors = np.array([[1.0], [-1.0]]) * AHEAD**0.5
    errors[:, 2], errors[:, 4] = np.nan, 0.0
    np.testing.assert_allclose(growth(errors, AHEAD), AHEAD**0.5)
    np.testing.assert_array_equal(growth(0 * errors, AHEAD), np.zeros(6))
    np.testing.assert_allclose(growth(errors[:, 3:4], AHEAD[3:4]), [2.0])


def test_offsets_cover_their_share_and_are_alike_on_both_sides() -> None:
    draw = np.random.default_rng(0)
    dev, train = (draw.normal(size=(rows, 6)) * AHEAD**0.5 for rows in (4000, 8000))
    offsets = offsets_of_few(dev, train, AHEAD, np.full(6, 1e9), levels(9))
    np.testing.assert_allclose(offsets, -offsets[:, ::-1])
    shares = (draw.normal(size=(9000, 6, 1)) * AHEAD[:, None] ** 0.5 <= offsets).mean(axis=0)
    np.testing.assert_allclose(shares, np.tile(levels(9), (6, 1)), atol=0.02)
    fewer = offsets_of_few(dev, train, AHEAD, 6 / AHEAD, levels(9))
    np.testing.assert_allclose(fewer[:, 0] / offsets[:, 0], widening(6 / AHEAD, 0.1))


def test_the_larger_errors_of_dev_and_train_count() -> None:
    draw = np.random.default_rng(0)
    small, large = draw.normal(size=(500, 6)), 5 * draw.normal(size=(500, 6))
    many = np.full(6, 1e9)
    for dev, train in ((small, large), (large, small), (large, large)):
        offsets = offsets_of_few(dev, train, AHEAD, many, levels(3))
        np.testing.assert_allclose(offsets[:, 2], 5 * stats.norm.ppf(0.75), rtol=0.1)


def test_a_forecast_without_errors_has_no_width() -> None:
    none = np.zeros((5, 6))
    np.testing.assert_array_equal(offsets_of_few(none, none, AHEAD, 5 / AHEAD, levels(3)), np.zeros((6, 3)))


def test_a_short_series_begins_with_wider_intervals_than_its_errors_on_dev() -> None:
    of = prepared(series(100, variables=1), quantiles=3, base="auto")
    base = of.learned.base
    assert base is not None
    assert base.offsets is not None
    assert of.valid.independent[-1] < FEW
    which = np.arange(len(of.valid))
    errors = of.valid.truth(which) - base(of.valid.raw(which, -6, 0))
    reach = base.offsets[:, 0, 2] * of.learned.scale
    assert (reach > np.quantile(np.abs(errors[..., 0]), 0.5, axis=0)).mean() > 0.7
    np.testing.assert_allclose(base.offsets[:, 0, 0], -base.offsets[:, 0, 2])
