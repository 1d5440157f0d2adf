from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from zoo.tasks.forecasting import metrics
from zoo.tasks.forecasting.losses import DELTAS, levels, loss, loss_of_errors
from zoo.tasks.forecasting.windows import Targets

DRAW = np.random.default_rng(0)
Y = 5 + 2 * DRAW.normal(size=(50, 3, 2))
F = Y + DRAW.normal(size=Y.shape)


def score(forecasts: np.ndarray, y: np.ndarray = Y, delta: float = 0.0, **settings) -> metrics.Metrics:
    settings = {"scale": np.array([1.0, 4.0]), "mase_scale": np.array([[1.0, 2.0], [4.0, 0.0]]), **settings}
    units = np.tile(settings["scale"], (2, 1))
    targets = Targets(y, np.arange(len(y)) % 2, np.arange(len(y)), units)
    return metrics.score(forecasts, targets, delta=delta, **settings)


def test_point_metrics_against_their_definitions():
    found = score(F[..., None])
    errors = Y - F
    assert found["mae"] == pytest.approx(np.mean(np.abs(errors)))
    assert found["rmse"] == pytest.approx(np.mean(errors**2) ** 0.5)
    standardised = errors / [1.0, 4.0]
    assert found["mse_scaled"] == pytest.approx(np.mean(standardised**2))
    assert found["mae_scaled"] == pytest.approx(np.mean(np.abs(standardised)))
    assert found["rse"] == pytest.approx(np.sqrt(np.mean(errors**2)) / np.std(Y))
    correlations = [np.corrcoef(Y[:, s, v], F[:, s, v])[0, 1] for s in range(3) for v in range(2)]
    assert found["corr"] == pytest.approx(np.mean(correlations))
    assert found["smape"] == pytest.approx(np.mean(200 * np.abs(errors) / (np.abs(Y) + np.abs(F))))
    assert found["wape"] == pytest.approx(100 * np.abs(errors).sum() / np.abs(Y).sum())
    assert found["crps"] == found["mae"]
    assert found["loss"] == pytest.approx(found["mae_scaled"])


def test_mase_takes_each_series_own_scale_and_skips_constants():
    y = np.zeros((2, 1, 2))
    forecasts = np.array([[[3.0, 8.0]], [[4.0, 100.0]]])
    found = score(forecasts[..., None], y)
    assert found["mase"] == pytest.approx(
        np.mean([3 / 1, 8 / 2, 4 / 4])
    )  # a variable of a series counts once


def test_constant_columns_do_not_count_in_corr():
    y, forecasts = Y.copy(), F.copy()
    y[:, :, 1] = 7.1
    expected = np.mean([np.corrcoef(Y[:, s, 0], F[:, s, 0])[0, 1] for s in range(3)])
    assert metrics.corr(y, forecasts) == pytest.approx(expected)
    assert metrics.corr(np.full((9, 1, 1), 3.3), np.full((9, 1, 1), 3.1)) is None


VALUES = st.sampled_from([0.0, 0.1, 7.0, -3.5, 1.2e9, 1.2e9 + 0.5])


@given(
    y=arrays(np.float64, (4, 2, 2), elements=VALUES),
    f=arrays(np.float64, (4, 2, 2), elements=VALUES),
    made_up=arrays(np.bool_, (4, 2, 2)),
    mase_scale=arrays(np.float64, (2, 2), elements=st.sampled_from([0.0, 1e-3, 5.0])),
    count=st.sampled_from([1, 3]),
)
@settings(max_examples=200, deadline=None)
def test_a_score_is_a_number_or_undefined(
    y: np.ndarray, f: np.ndarray, made_up: np.ndarray, mase_scale: np.ndarray, count: int
) -> None:
    """Undefined is no number: neither infinite nor, where a forecast errs, 0; what was made up changes nothing."""
    made_up[0, 0, 0] = False
    truth = np.where(made_up, np.nan, y)
    forecasts = np.repeat(f[..., None], count, axis=-1)
    found = score(forecasts, truth, mase_scale=mase_scale)
    assert not any(map(math.isinf, found.values()))
    undefined = {name for name, value in found.items() if math.isnan(value)}
    assert undefined <= {"mase", "rse", "corr", "wape"}
    known = ~made_up
    units = np.broadcast_to(mase_scale[np.arange(4) % 2][:, None], y.shape)
    assert ("mase" in undefined) == (not (known & (units > 0)).any())
    assert ("rse" in undefined) == (np.ptp(y[known]) == 0)
    if (np.abs(y - f)[known & (units > 0)] > 0).any():
        assert found["mase"] > 0
    if "rse" not in undefined and (y != f)[known].any():
        assert found["rse"] > 0


def test_smape_of_zeros_is_zero():
    assert metrics.smape(np.zeros((1, 1, 1)), np.zeros((1, 1, 1)), np.zeros(1, int)) == 0.0


def test_each_series_counts_once_in_percentages_and_scaled_errors():
    """One series with three forecasts, one with one: the mean over series of the means of each."""
    y = np.array([1.0, 1.0, 1.0, 1000.0])[:, None, None]
    f = np.array([3.0, 3.0, 3.0, 1000.0])[:, None, None]
    series = np.array([0, 0, 0, 1])
    assert metrics.smape(y, f, series) == pytest.approx((100 + 0) / 2)
    assert metrics.mase(y - f, series, np.array([[4.0], [1.0]])) == pytest.approx((0.5 + 0) / 2)
    assert metrics.wape(y, f) == pytest.approx(100 * 6 / 1003)
    assert metrics.wape(0 * y, f) is None


def test_quantile_metrics_of_the_right_distribution():
    """Quantiles of the standard normal: the interval covers what it says; the CRPS is near its closed form."""
    from scipy.stats import norm

    tau = levels(99)
    y = np.random.default_rng(1).normal(size=(20_000, 1, 1))
    forecasts = np.broadcast_to(norm.ppf(tau), (20_000, 1, 1, 99))
    found = score(forecasts, y, scale=np.ones(1), mase_scale=np.ones((2, 1)))
    assert found["coverage"] == pytest.approx(tau[-1] - tau[0], abs=0.005)
    assert found["crps"] == pytest.approx(
        1 / np.sqrt(np.pi), rel=0.02
    )  # Gneiting and Raftery 2007, mean over y
    wrong = score(forecasts + 1, y, scale=np.ones(1), mase_scale=np.ones((2, 1)))
    assert wrong["crps"] > found["crps"] * 1.2
    assert found["pinball"] == pytest.approx(found["crps"] / 2)


def with_units(unit: np.ndarray) -> np.ndarray:
    return np.stack([Y, np.broadcast_to(unit, Y.shape)], axis=-1)


@pytest.mark.parametrize("kind", DELTAS)
def test_the_trained_loss_is_the_scored_loss_of_points(kind: str):
    unit = np.array([1.0, 4.0])
    predictions = {"forecast": F[..., None], "delta": np.full((len(F), 1, 1), DELTAS[kind], "float32")}
    per_window = np.array(loss(with_units(unit), predictions))
    assert per_window.shape == (len(F),)
    assert per_window.mean() == pytest.approx(loss_of_errors((Y - F) / unit, DELTAS[kind]), rel=1e-5)
    assert per_window.mean() == pytest.approx(score(F[..., None], delta=DELTAS[kind])["loss"], rel=1e-5)


def test_hubers_loss_by_hand():
    assert loss_of_errors(np.array([0.5, -3.0]), 1.0) == pytest.approx((0.125 + 2.5) / 2)


def test_the_trained_loss_is_the_scored_loss_of_quantiles():
    quantiles = np.sort(F[..., None] + DRAW.normal(size=(*F.shape, 5)), axis=-1)
    predictions = {"forecast": quantiles, "delta": np.zeros((len(F), 1, 1), "float32")}
    found = np.array(loss(with_units(np.array([1.0, 4.0])), predictions)).mean()
    assert found == pytest.approx(score(quantiles)["loss"], rel=1e-5)
