from __future__ import annotations

import numpy as np
import pytest

import datasets
from datasets.assembly.series import FIELDS
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.series.time_series import TimeSeries
from tests.datasets.splits import splits_of


def load(**options: object) -> Dataset:
    return datasets.load("microworld", FIELDS, {"stations": 2, "hours": 600, **options})


def whole(data: Dataset, station: int = 0) -> TimeSeries:
    return [example["series"] for example in splits_of(data)[2]][station]


def test_the_same_seed_gives_the_same_weather_and_another_another() -> None:
    assert np.array_equal(whole(load()).values, whole(load()).values)
    assert not np.array_equal(whole(load()).values, whole(load(data_seed=1)).values)
    assert not np.array_equal(whole(load(), 0).values, whole(load(), 1).values)


def test_the_ceiling_is_the_noise() -> None:
    """With the same seed the noise is what is left between a noisy and a noiseless reading."""
    noisy, clean = whole(load(gaps=0.0, hours=4000)), whole(load(gaps=0.0, hours=4000, noise=0.0))
    errors = (noisy.values - clean.values)[:, 0]
    ceiling = load().info.ceiling
    assert np.abs(errors).mean() == pytest.approx(ceiling["mae"], rel=0.05)
    assert np.sqrt((errors**2).mean()) == pytest.approx(ceiling["rmse"], rel=0.05)


def test_without_noise_the_equation_of_the_docstring_gives_the_temperature() -> None:
    series = whole(load(noise=0.0, gaps=0.0))
    hours, cloud = np.arange(600), series.future[:, 0]
    chill = np.zeros(600)
    for hour in range(1, 600):
        chill[hour] = 0.95 * chill[hour - 1] + 0.05 * cloud[hour]
    columns = [
        np.ones(600), hours, -np.cos(2 * np.pi * hours / (24 * 365.2425)),
        (1 - cloud) * np.sin(2 * np.pi * (hours % 24 - 9) / 24), chill, 0.95 ** np.arange(600),
    ]  # fmt: skip
    found, residual, *_ = np.linalg.lstsq(np.stack(columns, 1), series.values[:, 0], rcond=None)
    assert residual[0] < 1e-12
    assert found[2:5] == pytest.approx([8, 5, -6], rel=1e-3)


def test_gaps_are_in_the_training_span_only() -> None:
    kept, lossy = load(gaps=0.0), load(gaps=0.2)
    changed = whole(kept).values[:, 0] != whole(lossy).values[:, 0]
    # noise is drawn before what is lost, so all else is equal
    assert 0.15 * 360 < changed[:360].sum() < 0.25 * 360
    assert not changed[360:].any()
    assert np.isfinite(whole(lossy).values).all()


def test_gaps_stay_in_a_training_span_that_is_shorter_than_a_gap() -> None:
    settings = {"hours": 48, "valid_fraction": 0.5, "test_fraction": 0.4}
    for seed in range(5):
        kept, lossy = load(gaps=0.0, data_seed=seed, **settings), load(gaps=0.4, data_seed=seed, **settings)
        assert (whole(kept).values[4:] == whole(lossy).values[4:]).all()


def test_covariates_and_variables() -> None:
    series = whole(load(variables=2))
    assert series.variables == ("temperature", "wind")
    assert (series.past_names, series.future_names) == (("humidity",), ("cloud",))
    assert series.step == "h"
    assert ((series.future >= 0) & (series.future <= 1)).all()


def test_wrong_options() -> None:
    with pytest.raises(UserError, match="--variables 3: must be 1 or 2"):
        load(variables=3)
