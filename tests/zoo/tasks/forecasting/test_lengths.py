"""Windows, horizons and seasons where nobody says."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from datasets.series.time_series import TimeSeries
from tests.zoo.tasks.forecasting.examples import dataset, prepared, series
from zoo.tasks.forecasting import lengths
from zoo.tasks.forecasting.lengths import lengths_of
from zoo.tasks.forecasting.options import Options
from zoo.tasks.forecasting.windows import WindowSpecification


def of_step(length: int, step: str, name: str = "a") -> TimeSeries:
    return dataclasses.replace(series(length, name=name), step=step)


@pytest.mark.parametrize(
    ("length", "step", "expected"),
    [
        (36, "MS", (10, 2, 12)),
        (144, "MS", (36, 9, 12)),
        (1000, "D", (28, 14, 7)),
        (100_000, "h", (48, 24, 24)),
        (100, "W-SUN", (28, 6, 1)),
    ],
)
def test_lengths_go_by_the_step_and_the_rows(length: int, step: str, expected: tuple[int, int, int]) -> None:
    assert lengths_of(Options(), dataset(of_step(length, step))) == expected


def test_what_is_given_counts() -> None:
    data = dataset(of_step(144, "MS"))
    assert lengths_of(Options(window=7, horizon=3, season=5), data) == (7, 3, 5)
    data = dataclasses.replace(data, info=dataclasses.replace(data.info, horizon=18))
    assert lengths_of(Options(), data).horizon == 18


def test_an_odd_series_has_no_say() -> None:
    many = [of_step(300, "MS", str(n)) for n in range(3)]
    assert lengths_of(Options(), dataset(*many, of_step(1, "MS", "odd"))) == lengths_of(
        Options(), dataset(*many)
    )


@pytest.mark.parametrize(("period", "expected"), [(12, 12), (24, 24), (None, 1)])
def test_a_season_of_steps_without_a_name_is_found(period: int | None, expected: int) -> None:
    values = 0.1 * np.random.default_rng(0).normal(size=(400, 1))
    if period:
        values += 3 * np.sin(2 * np.pi * np.arange(400)[:, None] / period)
    one = dataclasses.replace(of_step(400, "", "a"), values=values, time=None)
    assert lengths_of(Options(), dataset(one)).season == expected


def test_very_many_windows_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "MOST_DEV", 10)
    data, specification = dataset(series(200)), WindowSpecification(6, 4)
    assert lengths.strides_of(data, specification, Options()) == {"train": 1, "dev": 4, "test": 1}
    assert lengths.strides_of(data, specification, Options(stride=2)) == {"train": 2, "dev": 1, "test": 1}


def test_which_windows_are_taken_is_told() -> None:
    train = dataclasses.replace(prepared().train, most_a_pass=5)
    thinned, drawn = lengths.stride_notes({"train": 1, "dev": 4, "test": 3}, train)
    assert "taken is one in 4 of dev, one in 3 of test" in thinned
    assert f"an epoch reads 5 of {len(train)} windows" in drawn
    assert not [*lengths.stride_notes({"train": 1}, dataclasses.replace(train, most_a_pass=0))]
