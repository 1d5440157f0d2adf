from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.zoo.tasks.forecasting.examples import prepared, series, windows_of_test
from zoo.tasks.forecasting.by_series import MOST, by_series
from zoo.tasks.forecasting.task import TASK


def forecasts(windows, errors: dict[tuple[int, int], float]) -> np.ndarray:
    """What came, and an error for each series and variable; three levels, one apart."""
    middle = windows.targets.values.copy()
    for (number, variable), error in errors.items():
        middle[windows.targets.series == number, :, variable] += error
    return middle[..., None] + np.array([-1.0, 0.0, 1.0])


def test_the_worst_series_comes_first_in_its_own_unit() -> None:
    large = series(80, name="large", seed=1)
    of = prepared(series(80, name="small"), replace(large, values=1000 * large.values), quantiles=3)
    windows = windows_of_test(of)
    errors = {(0, 0): 5.0, (0, 1): 1.0, (1, 0): 900.0, (1, 1): 0.0}
    rows = by_series(forecasts(windows, errors), windows, ("u", "v"))
    assert [(row["series"], row["variable"]) for row in rows] == [
        ("small", "u"), ("large", "u"), ("small", "v"), ("large", "v"),
    ]  # fmt: skip
    assert rows[0]["scores"]["mae"] == pytest.approx(5)
    assert rows[0]["scores"]["mase"] == pytest.approx(5 / windows.mase_scale[0, 0])
    assert rows[0]["scores"]["coverage"] == 0
    assert rows[2]["scores"]["coverage"] > 0.5
    assert sum(row["forecasts"] for row in rows) == 2 * len(windows)


def test_the_forecast_that_is_shown_has_the_median_error() -> None:
    of = prepared(series(80, variables=1))
    windows = windows_of_test(of)
    order = np.random.default_rng(0).permutation(len(windows)).astype(float)
    predictions = windows.targets.values[..., None] + order[:, None, None, None]
    (row,) = by_series(predictions, windows, ("u",))
    shown = int(np.flatnonzero(order == len(windows) // 2)[0])
    np.testing.assert_allclose(row["came"], windows.truth(np.array([shown]))[0, :, 0], rtol=1e-5)
    np.testing.assert_allclose(row["read"], windows.raw(np.array([shown]), -6, 0)[0, :, 0], rtol=1e-5)
    assert np.array(row["forecast"]) - np.array(row["came"]) == pytest.approx(len(windows) // 2, rel=1e-3)
    assert (row["low"], row["high"]) == ([], [])


def test_a_series_without_a_unit_comes_last_and_many_are_cut() -> None:
    flat = replace(series(80, variables=1, name="flat"), values=np.ones((80, 1)))
    many = [series(80, variables=1, name=str(n), seed=n) for n in range(MOST)]
    windows = windows_of_test(prepared(flat, *many))
    rows = by_series(forecasts(windows, {(0, 0): 1e6}), windows, ("u",))
    assert len(rows) == MOST
    assert "flat" not in {row["series"] for row in rows}
    few = windows_of_test(prepared(flat, many[0]))
    rows = by_series(forecasts(few, {(0, 0): 1e6}), few, ("u",))
    assert [row["series"] for row in rows] == ["0", "flat"]
    assert np.isnan(rows[1]["scores"]["mase"])


def test_a_run_keeps_them() -> None:
    of = prepared(series(80))
    windows = windows_of_test(of)
    details = TASK.details(of.learned, forecasts(windows, {}), windows)
    assert json.dumps(details["by_series"]).count('"read"') == 2
