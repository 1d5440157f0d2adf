"""Small series and windows that the tests of forecasting share."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from datasets.assembly.series import FIELDS, Cut, assemble
from datasets.base import Dataset, Info
from datasets.series.time_series import TimeSeries
from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.tasks.base import Prepared
from zoo.tasks.forecasting.learned import Learned
from zoo.tasks.forecasting.task import TASK, Options
from zoo.tasks.forecasting.windows import Windows

#: What the task prepares.
Ready = Prepared[Learned, Windows]


def series(
    length: int = 60, variables: int = 2, name: str = "a", seed: int = 0, past: int = 0, future: int = 0
) -> TimeSeries:
    """Random walks, hourly."""
    draw = np.random.default_rng(seed).normal
    values = 50 + 3 * np.cumsum(draw(size=(length, variables)), axis=0)
    time = np.datetime64("2024-03-01", "s") + np.arange(length) * np.timedelta64(3600, "s")
    return TimeSeries(
        name, values, time, "h", draw(size=(length, past)), draw(size=(length, future)),
        tuple("uvwx"[:variables]), tuple("pq"[:past]), tuple("fg"[:future]),
    )  # fmt: skip


def dataset(*all_series: TimeSeries, cut: Cut = Cut(0.2, 0.2)) -> Dataset:  # noqa: B008  (frozen)
    return assemble(Info("walks", FIELDS), all_series or [series()], cut)


def prepared(*all_series: TimeSeries, batch_size: int = 8, **options: object) -> Ready:
    settings: dict[str, Any] = {
        "window": 6, "horizon": 4, "segment": 3, "quantiles": 1, "normalise": "last", "base": "none", **options,
    }  # fmt: skip
    return TASK.prepare(dataset(*all_series), Options(**settings), batch_size)


def windows_of_test(of: Ready) -> Windows:
    """The windows of the test split, which must be there."""
    windows = of.test()
    assert windows is not None
    return windows


def model(of: Ready, cell: str = "vanilla", seed: int = 0, **recurrent: object) -> keras.Model:
    """A built model whose every weight is random, the last layer's too."""
    settings: dict[str, Any] = {"cell": cell, "units": 4, "dropout": 0.0, **recurrent}
    factory = recurrent_factory(RecurrentOptions(**settings), seed=0)
    built = TASK.build(of, factory, of.learned.options)
    randomise(built, seed)
    return built


def randomise(built: keras.Model, seed: int = 0) -> None:
    draw = np.random.default_rng(seed).normal
    for variable in built.trainable_variables:
        variable.assign(draw(scale=0.4, size=variable.shape))
