"""Of each series its scores and one of its forecasts, the worst series first: what a report shows a page of."""

from __future__ import annotations

from typing import TypedDict

import numpy as np

from zoo.tasks.forecasting.metrics import smape
from zoo.tasks.forecasting.picture import place_of
from zoo.tasks.forecasting.scales import known_mean
from zoo.tasks.forecasting.windows import Windows

#: Variables of series that are told, at most.
MOST = 50
#: Steps that are told of what was read, at most, in horizons.
READ = 3


class OneSeries(TypedDict):
    """A variable of a series. What is undefined is NaN.

    Attributes:
        series, variable: their names.
        forecasts: how many of it were scored.
        scores: `mase`, `smape`, `mae`, and `coverage` where there are intervals.
        place: where the first step stands that is shown.
        ahead: how many steps ahead that is.
        read, came, forecast, low, high: values of the forecast whose error is the median one: what was read before it,
            what came, the point forecast, and the widest interval; the last two only where there are intervals.
    """

    series: str
    variable: str
    forecasts: int
    scores: dict[str, float]
    place: str
    ahead: int
    read: list[float]
    came: list[float]
    forecast: list[float]
    low: list[float]
    high: list[float]


def by_series(predictions: np.ndarray, windows: Windows, variables: tuple[str, ...]) -> list[OneSeries]:
    """Those with the largest MASE, it first; behind them those that have no MASE.

    Args:
        predictions: `(windows, scored steps, variables, levels)`.
        windows: that they are of.
        variables: their names.
    """
    targets = windows.targets
    errors = np.abs(targets.values - predictions[..., predictions.shape[-1] // 2])
    numbers, first, counts = np.unique(targets.series, return_index=True, return_counts=True)
    found = [
        (_mase(errors[start : start + count, :, v], windows.mase_scale[number, v]), start, count, v)
        for number, start, count in zip(numbers, first, counts, strict=True)
        for v in range(len(variables))
    ]
    found.sort(key=lambda one: -np.inf if np.isnan(one[0]) else one[0], reverse=True)
    return [
        _one(predictions, windows, slice(start, start + count), v, variables[v], mase)
        for mase, start, count, v in found[:MOST]
    ]


def _mase(errors: np.ndarray, unit: float) -> float:
    """Of the errors `(forecasts, steps)` of one variable of a series."""
    return float(known_mean(errors)) / unit if unit > 0 else float("nan")


def _one(
    predictions: np.ndarray, windows: Windows, which: slice, variable: int, name: str, mase: float
) -> OneSeries:
    y, forecasts = (
        windows.truth(np.arange(which.start, which.stop))[..., variable],
        predictions[which, :, variable],
    )
    points = forecasts[..., forecasts.shape[-1] // 2]
    errors = np.abs(y - points)
    scores = {
        "mase": mase,
        "smape": smape(y[..., None], points[..., None], np.zeros(len(y), int)),
        "mae": float(known_mean(errors)),
    }
    low = high = np.zeros(0)
    shown = int(np.argsort(known_mean(errors, axis=1))[len(errors) // 2])
    if forecasts.shape[-1] > 1:
        inside = (forecasts[..., 0] <= y) & (y <= forecasts[..., -1])
        scores["coverage"] = float(inside[~np.isnan(y)].mean()) if not np.isnan(y).all() else float("nan")
        low, high = forecasts[shown, :, 0], forecasts[shown, :, -1]
    number, specification = which.start + shown, windows.specification
    steps = min(specification.window, READ * specification.horizon)
    read = windows.raw(np.array([number]), -steps, 0)[0, :, variable]
    return OneSeries(
        series=windows.series[windows.index[number, 0]].name, variable=name, forecasts=len(y), scores=scores,
        place=place_of(windows, number), ahead=specification.horizon - specification.scored + 1,
        read=_short(read), came=_short(y[shown]), forecast=_short(points[shown]), low=_short(low), high=_short(high),
    )  # fmt: skip


def _short(values: np.ndarray) -> list[float]:
    """With the digits that a picture shows."""
    return [float(f"{value:.6g}") for value in values]
