from __future__ import annotations

import math

import numpy as np
import pytest

from zoo.tasks.forecasting.coverage_picture import draw_coverage
from zoo.tasks.forecasting.intervals import coverage_by_step, interval_metrics
from zoo.tasks.forecasting.windows import Targets


def targets(values: list) -> Targets:
    """Of one variable and series, two steps."""
    array = np.array(values, float)[..., None]
    return Targets(array, np.zeros(len(array), int), np.arange(len(array)), np.ones((1, 1)))


FORECASTS = np.array([[[0.0, 2.0, 4.0]], [[1.0, 2.0, 3.0]]])[None].repeat(2, axis=0)  # (2, 2, 1, 3)


def test_width_and_msis_by_hand() -> None:
    """Of three quantiles 0.25 to 0.75: half is left out, so 2/α is 4. The last value is not known."""
    found = interval_metrics(FORECASTS, targets([[5, 2], [-1, np.nan]]), np.array([[2.0]]))
    assert found["width"] == pytest.approx((4 + 2 + 4) / 3)
    assert found["msis"] == pytest.approx((4 + 4 * 1 + 2 + 4 + 4 * 1) / 2 / 3)


def test_without_units_or_intervals() -> None:
    assert math.isnan(interval_metrics(FORECASTS, targets([[5, 2], [1, 1]]), np.zeros((1, 1)))["msis"])
    assert interval_metrics(FORECASTS[..., 1:2], targets([[5, 2], [1, 1]]), np.ones((1, 1))) == {}


def test_coverage_by_step_counts_what_is_known() -> None:
    found = coverage_by_step(FORECASTS, targets([[5, 2], [1, np.nan]]).values)
    assert {nominal: shares.tolist() for nominal, shares in found.items()} == {0.5: [0.5, 1.0]}
    nine = np.arange(9.0)[None, None, None]
    assert [*coverage_by_step(nine, np.zeros((1, 1, 1)))] == [0.8, 0.6, 0.4, 0.2]
    assert coverage_by_step(FORECASTS[..., :1], np.zeros((2, 2, 1))) == {}


@pytest.mark.parametrize(("steps", "intervals"), [(1, 1), (24, 4), (3, 40)])
def test_the_picture_has_a_line_for_each_of_few_intervals(steps: int, intervals: int) -> None:
    covered = {0.9 - n / 50: np.full(steps, 0.5) for n in range(intervals)}
    (axes,) = draw_coverage(covered, first=2).axes
    lines = [line for line in axes.lines if line.get_linestyle() == "-"]
    assert 1 <= len(lines) <= 5
    assert np.array(lines[0].get_xdata()).tolist() == list(range(2, 2 + steps))
    assert lines[0].get_label() == "90% interval"
