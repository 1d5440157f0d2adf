"""How long windows and horizons are where nobody says: by the step, and by what the series allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from zoo.tasks.forecasting.options import Options
from zoo.tasks.forecasting.windows import Windows, WindowSpecification

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries

#: By pandas' name of the step: steps of a season (1: none), of a window, and of a horizon.
USUAL = {
    "min": (60, 120, 60), "h": (24, 48, 24), "D": (7, 28, 14), "B": (5, 30, 10), "W": (1, 65, 13),
    "MS": (12, 36, 12), "ME": (12, 36, 12), "QS": (4, 16, 8), "QE": (4, 16, 8), "YS": (1, 12, 6), "YE": (1, 12, 6),
}  # fmt: skip
#: Window and horizon of any other step. A window is at least so many seasons and so many horizons long where a step has
#: no name, or the data name a horizon.
OTHERWISE, SEASONS, HORIZONS = (48, 24), 2, 5
#: Seasons that steps without a name may have, and what the autocorrelation of changes at one must be, with many steps.
POSSIBLE, CLEAR = (4, 5, 7, 12, 24, 48, 96, 144, 168), 0.3
#: Most windows of train, of dev, which is scored after every epoch, and of test.
MOST_TRAIN, MOST_DEV, MOST_TEST = 2_000_000, 20_000, 200_000
#: Series on which a season is looked for.
LOOKED_AT = 50
#: Origins of dev and test that a horizon leaves at least, in horizons.
ORIGINS = 2
#: The share of series that may be too short for a window, and of steps of train that no origin may stand at.
SHORT, LOST = 0.05, 0.5
#: A series that is shorter than this share of the median one has no say.
ODD = 0.25


class Lengths(NamedTuple):
    """Steps of a window, of a horizon and of a season (1: none)."""

    window: int
    horizon: int
    season: int


def lengths_of(options: Options, dataset: Dataset) -> Lengths:
    """As the options say, and where they do not, as the data do.

    Raises:
        UserError: for a season that no series of train has.
    """
    series: list[TimeSeries] = [example["series"] for example in dataset.train]
    _refuse_long_season(options.season, series)
    lengths = np.array([len(one) for one in series])
    _, window, horizon = USUAL.get(series[0].step.split("-")[0], (1, *OTHERWISE))
    season = options.season or default_season(series)
    horizon = options.horizon or dataset.info.horizon or default_horizon(dataset, horizon)
    if dataset.info.horizon or not series[0].step:
        window = max(window, SEASONS * season, HORIZONS * horizon)
    return Lengths(options.window or default_window(lengths, horizon, window), horizon, season)


def _refuse_long_season(season: int, train: Sequence[TimeSeries]) -> None:
    longest = max(train, key=len)
    if season >= len(longest):
        raise UserError(
            f"--season {season}: the longest series has {len(longest):,} steps of training ({longest.name}); give fewer"
        )


def strides_of(dataset: Dataset, specification: WindowSpecification, options: Options) -> dict[str, int]:
    """Steps between the origins of each split: as asked for, in train; else so that there are not too many."""
    if options.stride is not None:
        return {"train": options.stride, "dev": 1, "test": 1}
    strides = {
        "train": _stride(dataset.train, specification, MOST_TRAIN),
        "dev": _stride(dataset.valid, specification, MOST_DEV),
    }
    return strides | {"test": 1 if dataset.test is None else _stride(dataset.test, specification, MOST_TEST)}


def stride_notes(strides: Mapping[str, int], train: Windows) -> Iterator[str]:
    """Which windows are left out where there are very many."""
    if far := [f"one in {stride} of {what}" for what, stride in strides.items() if stride > 1]:
        yield f"there are very many windows; taken is {', '.join(far)} (--stride 1 takes all)"
    if 0 < train.most_a_pass < len(train):
        yield f"an epoch reads {train.most_a_pass:,} of {len(train):,} windows, drawn anew (--epoch-windows)"


def _stride(split: Split, specification: WindowSpecification, most: int) -> int:
    """Steps between origins that leave at most so many windows of a split."""
    windows = sum(len(specification.origins(each["start"], len(each["series"]), 1)) for each in split)
    return max(1, -(-windows // most))


def default_season(train: Sequence[TimeSeries]) -> int:
    """Steps of a season by the name of the step, or else by the autocorrelation of changes; 1 for none.

    No season is longer than half of the longest series.
    """
    longest = max(map(len, train))
    named = USUAL.get(train[0].step.split("-")[0])
    if named is not None:
        return named[0] if named[0] < longest else 1
    if train[0].step:
        return 1
    looked_at = sorted(train, key=len)[-LOOKED_AT:]
    possible = [season for season in POSSIBLE if 2 * season < longest]
    found = {season: _autocorrelation(looked_at, season) for season in possible}
    least = CLEAR + 2 / np.sqrt(sum(map(len, looked_at)))  # two standard errors of white noise
    clear = [season for season, value in found.items() if value > least]
    return min((season for season in clear if found[season] > 0.9 * max(found.values())), default=1)


def _autocorrelation(series: Sequence[TimeSeries], lag: int) -> float:
    """Of the changes from step to step, at a lag: the mean over series and variables that are long enough."""
    found = []
    for one in series:
        changes = np.diff(one.values, axis=0)
        changes = changes - changes.mean(axis=0) if len(changes) else changes
        square = (changes**2).sum(axis=0)
        if len(changes) > 2 * lag and (square > 0).all():
            found.append(((changes[lag:] * changes[:-lag]).sum(axis=0) / square).mean())
    return float(np.mean(found)) if found else 0.0


def default_horizon(dataset: Dataset, most: int) -> int:
    """The usual horizon, or a shorter one, so that dev and test have several origins."""
    splits = [split for split in (dataset.valid, dataset.test) if split is not None]
    spans = [np.array([len(each["series"]) - each["start"] for each in split]) for split in splits]
    return max(1, min(most, *(_short_one(span) // (ORIGINS + 1) for span in spans)))


def _short_one(lengths: np.ndarray) -> int:
    """A length that all but a few series have."""
    return int(np.quantile(lengths[lengths >= ODD * np.median(lengths)], SHORT, method="lower"))


def default_window(lengths: np.ndarray, horizon: int, most: int) -> int:
    """The usual window, or a shorter one that most series and most of their steps leave room for.

    Args:
        lengths: of the series of train.
        horizon: steps that are forecast.
        most: the usual window.
    """
    origins = np.maximum(lengths - horizon, 0).sum()
    for window in range(min(most, _short_one(lengths)), 1, -1):
        if np.maximum(lengths - horizon - window + 1, 0).sum() >= (1 - LOST) * origins:
            return window
    return 1
