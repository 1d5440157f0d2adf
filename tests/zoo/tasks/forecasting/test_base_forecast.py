"""The forecast that a model corrects, and the model around it."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest

from datasets.series.time_series import TimeSeries
from tests.zoo.tasks.forecasting.examples import Ready, prepared, series, windows_of_test
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.tasks.forecasting import base_forecast
from zoo.tasks.forecasting.base_forecast import BaseForecast
from zoo.tasks.forecasting.task import TASK

AUTO: dict[str, Any] = {"normalise": "auto", "base": "auto", "season": 7, "calendar": False}


def waves(name: str, size: float = 1.0, length: int = 140, seed: int = 0) -> TimeSeries:
    """A season of 7 steps in noise, at a level of ten times its size."""
    one = series(length, name=name, variables=1)
    noise = np.random.default_rng(seed).normal(size=(length, 1))
    values = size * (10 + np.sin(2 * np.pi * np.arange(length)[:, None] / 7) + 0.1 * noise)
    return dataclasses.replace(one, values=values)


def base_of(of: Ready) -> BaseForecast:
    assert of.learned.base is not None
    return of.learned.base


def errors(of: Ready, number: int, size: float = 1.0) -> float:
    """Mean absolute error on test of the base forecast of one series."""
    windows = windows_of_test(of)
    which = np.flatnonzero(windows.index[:, 0] == number)
    forecast = base_of(of)(windows.raw(which, -windows.specification.window, 0))
    return float(np.abs(forecast - windows.truth(which)).mean()) / size


def test_a_season_is_found() -> None:
    of = prepared(waves("a"), **{**AUTO, "window": 14})
    assert errors(of, 0) < 0.15
    assert any(note.startswith("the model corrects a base forecast") for note in of.notes)


@pytest.mark.parametrize("size", [1.0, 1e3])
def test_of_a_level_that_wanders_under_noise_ets_is_taken(size: float) -> None:
    draw = np.random.default_rng(6).normal
    values = 50 + np.cumsum(0.3 * draw(size=(60, 1)), axis=0) + 2 * draw(size=(60, 1))
    one = dataclasses.replace(series(60, variables=1), values=size * values)
    of = prepared(one, **{**AUTO, "season": 1, "window": 10, "horizon": 2})
    assert {"ETS of changes", "ETS of logarithms"} <= {*base_of(of).members}


def test_a_series_a_million_times_as_large_is_forecast_as_well_as_alone() -> None:
    settings = {**AUTO, "window": 14}
    small, large = waves("small"), waves("large", 1e6, seed=1)
    alone = [errors(prepared(small, **settings), 0), errors(prepared(large, **settings), 0, 1e6)]
    both = prepared(small, large, **settings)
    assert both.learned.options.normalise in ("log", "difference")
    assert errors(both, 0) < 1.1 * alone[0]
    assert errors(both, 1, 1e6) < 1.1 * alone[1]


def test_losses_of_series_of_any_size_count_alike() -> None:
    one, other = waves("small"), waves("large", 1e6)
    of = prepared(one, other, **{**AUTO, "window": 14})
    first, second = (int(np.flatnonzero(of.train.index[:, 0] == n)[0]) for n in (0, 1))
    batch = of.train.load(np.array([first, second]))
    forecast = np.array(batch.targets[..., 0])[..., None]
    wrong = forecast * 1.1
    losses = np.array(TASK.loss(batch.targets, {"forecast": wrong, "delta": np.zeros((8, 1, 1), "float32")}))
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)


@pytest.mark.parametrize(
    "options", [{}, {"channels": "independent", "decoder": "segments"}, {"only_last": True}]
)
@pytest.mark.parametrize("quantiles", [1, 3])
def test_an_untrained_model_gives_the_base_forecast(options: dict[str, Any], quantiles: int) -> None:
    of = prepared(series(120), **{**AUTO, "quantiles": quantiles, **options})
    model = TASK.build(of, recurrent_factory(RecurrentOptions(cell="vanilla", units=4)), of.learned.options)
    batch = of.valid.load(np.arange(8))
    found = np.array(model(dict(batch.inputs))["forecast"])
    expected = base_of(of)(batch.inputs["values"])
    np.testing.assert_allclose(found[..., quantiles // 2], expected, rtol=1e-5)
    if quantiles > 1:
        assert (np.ptp(found, axis=-1) > 0).all()
    assert TASK.untrained_counts(of.learned)


def test_what_is_stored_makes_a_model_of_the_same_shape() -> None:
    of = prepared(series(120), **AUTO)
    stored = json.loads(json.dumps(of.learned.to_json()))
    again = TASK.restore(
        stored, dataclasses.replace(of.learned.options, normalise="auto", window=None, horizon=None)
    )
    assert again.options == of.learned.options
    recurrent = recurrent_factory(RecurrentOptions(cell="vanilla", units=4))
    shapes = [
        [tuple(variable.shape) for variable in TASK.build(prepared_, recurrent, again.options).variables]
        for prepared_ in (of, dataclasses.replace(of, learned=again))
    ]
    assert shapes[0] == shapes[1]


def test_without_one_a_model_starts_from_the_last_value() -> None:
    assert prepared(series(120), **{**AUTO, "base": "none"}).learned.base is None
    assert prepared(series(120), **{**AUTO, "decoder": "autoregressive"}).learned.base is None
    assert not TASK.untrained_counts(prepared().learned)


def test_values_that_are_not_positive_have_no_logarithm() -> None:
    below = dataclasses.replace(waves("a"), values=waves("a").values - 10)
    for of in (prepared(below, **AUTO), prepared(below, waves("b", 1e6), **AUTO)):
        assert "log" not in base_of(of).kinds
        assert of.learned.options.normalise != "log"


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_constant_series_among_others_leaves_all_finite(value: float) -> None:
    flat = dataclasses.replace(waves("flat"), values=np.full((140, 1), value))
    of = prepared(waves("a"), flat, **AUTO)
    windows = windows_of_test(of)
    forecast = base_of(of)(windows.raw(np.arange(len(windows)), -6, 0))
    assert np.isfinite(forecast).all()
    assert np.isfinite(TASK.score(of.learned, forecast[..., None], windows)["loss"])


def test_nothing_is_fitted_to_what_was_made_up() -> None:
    one = waves("a")
    made_up = np.arange(len(one))[:, None] % 5 == 0
    windows = prepared(dataclasses.replace(one, made_up=made_up)).train
    found = base_forecast._lagged(windows, 2).after[:, 0, 0]
    np.testing.assert_array_equal(np.isnan(found), made_up[2 : len(found) + 2, 0])


def test_ets_looks_at_series_and_variables_from_first_to_last(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = prepared(*(series(60, variables=4, name=name, seed=n) for n, name in enumerate("abc"))).train
    monkeypatch.setattr(base_forecast, "SMOOTHED_SERIES", 6)
    seen: list[np.ndarray] = []

    def fit(columns: list[np.ndarray], _season: int) -> None:
        seen.extend(columns)
        raise StopIteration

    monkeypatch.setattr(base_forecast.exponential_smoothing, "fit", fit)
    with pytest.raises(StopIteration):
        base_forecast._ets(windows, None, "last", 1)
    places = {
        (n, v)
        for column in seen
        for n, one in enumerate(windows.series)
        for v in range(4)
        if np.array_equal(one.values[:, v], column)
    }
    assert len(places) == 6
    assert {n for n, _ in places} == {0, 1, 2}
    assert len({v for _, v in places}) > 2
