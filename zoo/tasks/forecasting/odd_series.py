"""Series that are odd among the others, too short or constant, and values that were made up: what is said of them.

Such a series is left out of what it cannot give, by name, and changes nothing for the others.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import Dataset, Example, Split
from datasets.errors import listed
from zoo.tasks.forecasting.baselines import lags_of, most_lags
from zoo.tasks.forecasting.scales import deviation_within, mean_and_deviation
from zoo.tasks.forecasting.windows import Windows, WindowSpecification, no_window

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries
    from zoo.tasks.forecasting.learned import Learned

#: So many times the deviation of the least series, and the largest one decides the mean errors.
FAR_FROM_EQUAL = 1000


@dataclass(frozen=True)
class Extent:
    """How long the series of a data set are, and which of its splits has a window of them; no value is looked at.

    Attributes:
        specification: of every window.
        steps: by the name of each series.
        with_window: by split (`train`, `dev` and, where there is one, `test`) the names of the series that have one.
    """

    specification: WindowSpecification
    steps: Mapping[str, int]
    with_window: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, dataset: Dataset, specification: WindowSpecification) -> Extent:
        """The extent of all splits.

        Raises:
            UserError: if a split has no window at all.
        """
        splits: dict[str, Split] = {"train": dataset.train, "dev": dataset.valid}
        if dataset.test is not None:
            splits["test"] = dataset.test
        spans = {
            what: [(example["series"].name, example["start"], len(example["series"])) for example in split]
            for what, split in splits.items()
        }
        trained = {name for name, _, _ in spans["train"]}
        steps: dict[str, int] = {}
        with_window: dict[str, frozenset[str]] = {}
        for what, of_split in spans.items():  # of a series there is one, or one a fold
            steps |= {name: stop for name, _, stop in of_split}
            fits = frozenset(
                name
                for name, start, stop in of_split
                if name in trained and len(specification.origins(start, stop, 1))
            )
            if not fits:
                raise no_window(what, {name: stop - start for name, start, stop in of_split}, specification)
            with_window[what] = fits
        return cls(specification, steps, with_window)

    @property
    def scored(self) -> frozenset[str]:
        """The series of which there are scores."""
        return frozenset().union(*(names for what, names in self.with_window.items() if what != "train"))

    def notes(self) -> Iterator[str]:
        """Which series are too short, for which splits."""
        names_by_lack = defaultdict(list)
        for name in self.steps:
            lacks = tuple(what for what, names in self.with_window.items() if name not in names)
            names_by_lack[lacks].append(f"{name} ({_steps(self.steps[name])})")
        window = f"{self.specification.window} and {self.specification.horizon} ahead"
        for lacks, names in names_by_lack.items():
            if len(lacks) == len(self.with_window):
                yield f"{_share(names, self.steps)} too short for a window of {window}, and left out: {listed(names)}"
            elif lacks:
                splits = " and ".join(lacks)
                yield f"{_share(names, self.steps)} too short for a window of {window} in {splits}: {listed(names)}"


def odd_notes(
    dataset: Dataset, extent: Extent, learned: Learned, train: Windows, valid: Windows
) -> Iterator[str]:
    """What is left out of what, by name.

    Args:
        dataset: the series.
        extent: of its splits.
        learned: of train.
        train, valid: the windows of train and dev.
    """
    yield from extent.notes()
    yield from size_notes(
        [each for each in train.series if each.name in extent.with_window["train"]],
        learned.scale,
        not (train.units == learned.scale).all(),
    )
    yield from mase_notes(train.series, train.mase_scale, learned.season, extent.scored)
    yield from lag_notes(train.series, most_lags(train.series, learned.options), extent.scored)
    yield from made_up_notes((train, valid), dataset)


def mase_notes(
    train: Sequence[TimeSeries], units: np.ndarray, season: int, scored: frozenset[str]
) -> Iterator[str]:
    """Which series do not count in MASE, and why.

    Args:
        train: the series of train.
        units: `(series, variables)`, 0 where there is none; see `zoo.tasks.forecasting.scales`.
        season: steps of a season.
        scored: the names of the series of which there are scores.
    """
    short, constant, every = [], [], 0
    for series, of_series in zip(train, units, strict=True):
        if series.name not in scored:
            continue
        every += len(of_series)
        if len(series) <= season:
            short += [f"{label} ({_steps(len(series))})" for label in _labels(series, len(scored))]
        else:
            labels = _labels(series, len(scored))
            constant += [label for label, unit in zip(labels, of_series, strict=True) if unit == 0]
    if short:
        yield (
            f"MASE leaves out {len(short)} of {every:,} series, no longer in train than a season of {season} steps: "
            f"{listed(short)}"
        )
    if constant:
        yield (
            f"MASE leaves out {len(constant)} of {every:,} series, in train constant or exactly as a season of "
            f"{season} steps before: {listed(constant)}"
        )


def _labels(series: TimeSeries, every: int) -> list[str]:
    """What each variable of a series is called among so many series."""
    if len(series.variables) == 1:
        return [series.name]
    return [*series.variables] if every == 1 else [f"{series.name} {name}" for name in series.variables]


def size_notes(train: Sequence[TimeSeries], units: np.ndarray, own_units: bool) -> Iterator[str]:
    """Which variables have series at levels far apart, or series of which some vary far more than others.

    Args:
        train: the series of train.
        units: `(variables,)`, deviations in which errors count, where each series does not have its own.
        own_units: whether it has.
    """
    _, pooled = mean_and_deviation([series.values for series in train])
    own = np.stack([deviation_within([series.values]) for series in train])
    decided = (
        "MAE and RMSE; in the loss, in MASE and in sMAPE each counts in its own unit"
        if own_units
        else "the loss and the means, only MASE and sMAPE count each in its own unit"
    )
    for n, variable in enumerate(train[0].variables):
        if units[n] < pooled[n] and not own_units:
            yield (
                f"{variable}: the levels of series are far apart, so errors count in what a series varies by itself "
                f"({units[n]:.3g}), not in what all values do ({pooled[n]:.3g})"
            )
        least, most = own[own[:, n] > 0, n].min(initial=math.inf), own[:, n].max()
        if most > FAR_FROM_EQUAL * least:
            names = [train[int(np.argmax(own[:, n] == size))].name for size in (most, least)]
            yield (
                f"{variable}: {names[0]} varies {most / least:,.0f} times as much as {names[1]}; errors of the large "
                f"series decide {decided}"
            )


def lag_notes(train: Sequence[TimeSeries], lags: int, scored: frozenset[str]) -> Iterator[str]:
    """Which series have fewer lags in the row AR."""
    fewer = [
        f"{series.name} ({lags_of(len(series), lags)})"
        for series in train
        if series.name in scored and lags_of(len(series), lags) < lags
    ]
    if fewer:
        yield f"AR({lags}) has fewer lags of {len(fewer)} of {len(scored):,} series, short in train: {listed(fewer)}"


def made_up_notes(laid: Sequence[Windows], dataset: Dataset) -> Iterator[str]:
    """How many values were made up where they are missing, and are not scored."""
    splits = {"train": dataset.train, "dev": dataset.valid, "test": dataset.test or ()}
    counts = {what: sum(map(_made_up, split)) for what, split in splits.items()}
    if any(counts.values()):
        shares = ", ".join(f"{count:,} of {what}" for what, count in counts.items() if count)
        lost = sum(windows.only_made_up for windows in laid)
        left_out = f"; {lost:,} windows with nothing else to forecast are left out" if lost else ""
        yield f"made-up values are read, but never scored nor a target in training: {shares}{left_out}"
    if behind := sum(windows.behind_gaps for windows in laid):
        yield f"{behind:,} windows that end in values filled from later ones are left out"


def _made_up(example: Example) -> int:
    """How many values of a split are made up."""
    made_up = example["series"].made_up
    return 0 if made_up is None else int(made_up[example["start"] :].sum())


def _steps(count: int) -> str:
    return f"{count:,} step{'' if count == 1 else 's'}"


def _share(names: Sequence[str], every: Mapping[str, int]) -> str:
    return f"{len(names)} of {len(every):,} series {'is' if len(names) == 1 else 'are'}"
