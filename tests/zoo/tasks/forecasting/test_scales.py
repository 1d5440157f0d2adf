from __future__ import annotations

import numpy as np
import pytest

from zoo.tasks.forecasting.scales import known_mean, mean_and_deviation, seasonal_difference

STEPS = np.arange(200)[:, None]
NOISE = np.random.default_rng(0).normal(size=(200, 1))


def test_seasonal_difference() -> None:
    values = np.array([[0.0], [10.0], [1.0], [12.0], [3.0]])
    assert seasonal_difference(values, 2).tolist() == [pytest.approx((1 + 2 + 2) / 3)]
    assert seasonal_difference(values, 1).tolist() == [pytest.approx((10 + 9 + 11 + 9) / 4)]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(NOISE[:7], id="no longer than a season"),
        pytest.param(np.full((200, 1), 7.0), id="constant"),
        pytest.param(np.full((200, 1), 0.1) + 1e-17 * NOISE, id="constant but for rounding"),
        pytest.param(1e9 + 0.1 + 1e-7 * NOISE, id="the same at a large level"),
        pytest.param(np.sin(2 * np.pi * STEPS / 7), id="periodic but for rounding"),
        pytest.param(1.2e9 + 5 * np.sin(2 * np.pi * STEPS / 7), id="the same at a large level"),
        pytest.param(np.tile(NOISE[:20], (10, 1))[:, [0]][: 20 * 7][::1] * 0, id="zeros"),
    ],
)
def test_a_series_without_a_unit(values: np.ndarray) -> None:
    assert seasonal_difference(values, 7).tolist() == [0.0]


@pytest.mark.parametrize("level", [0.0, 1e3, 1.2e9])
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_a_unit_does_not_depend_on_the_level(level: float, size: float) -> None:
    expected = np.abs(NOISE[7:] - NOISE[:-7]).mean() * size
    rounding = 4 * np.spacing(max(level, size))
    assert seasonal_difference(level + size * NOISE, 7) == pytest.approx([expected], rel=1e-9, abs=rounding)


def test_what_is_not_known_does_not_count() -> None:
    values = NOISE.copy()
    values[50:60] = np.nan
    differences = np.abs(values[7:] - values[:-7])
    assert seasonal_difference(values, 7) == pytest.approx([np.nanmean(differences)])
    assert seasonal_difference(np.full((20, 1), np.nan), 7).tolist() == [0.0]


@pytest.mark.parametrize("level", [0.0, -1e3, 1.2e9, 1e12])
def test_mean_and_deviation_at_any_level(level: float) -> None:
    steps = np.round(NOISE * 64) / 64  # exact at every level
    mean, deviation = mean_and_deviation([level + steps[:80], level + steps[80:]])
    assert mean - level == pytest.approx([steps.mean()], abs=2 * np.spacing(abs(level)) + 1e-12)
    assert deviation == pytest.approx([steps.std()], rel=1e-12)


@pytest.mark.parametrize("constant", [0.0, 7.1, 0.1, -1.2e9])
def test_a_constant_has_the_deviation_one(constant: float) -> None:
    values = np.full((1000, 1), constant) * (1 + 1e-16 * np.sign(NOISE[:1]))
    mean, deviation = mean_and_deviation([values])
    assert (mean.tolist(), deviation.tolist()) == ([pytest.approx(constant)], [1.0])


def test_known_mean() -> None:
    values = np.array([[1.0, np.nan], [3.0, np.nan]])
    assert known_mean(values) == 2.0
    np.testing.assert_array_equal(known_mean(values, axis=0), [2.0, np.nan])
