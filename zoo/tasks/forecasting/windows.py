"""Windows over series: which steps a forecast reads, which it forecasts, and their arrays in batches.

An origin is the first step that is forecast. A forecast at an origin reads the `window` steps before it and nothing
else of the values, so that no window needs a rule against leakage besides where its scored steps lie, and one: it has
no target of a variable whose last value before the origin was filled from later ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from datasets.base import Split
from datasets.errors import UserError
from zoo.tasks.base import Batch
from zoo.tasks.forecasting.calendar import phases
from zoo.tasks.forecasting.scales import seasonal_difference

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries


@dataclass(frozen=True)
class WindowSpecification:
    """Which steps a window reads, and which it forecasts.

    Attributes:
        window: steps that are read.
        horizon: the farthest step that is forecast.
        last_only: only the step `horizon` is forecast, not those before it.
        cycles: see `zoo.tasks.forecasting.calendar`.
        step_seconds: mean seconds between steps, 0 without time stamps.
    """

    window: int
    horizon: int
    last_only: bool = False
    cycles: tuple[str, ...] = ()
    step_seconds: float = 0.0

    @property
    def scored(self) -> int:
        """How many steps are forecast."""
        return 1 if self.last_only else self.horizon

    @property
    def ahead(self) -> np.ndarray:
        """How many steps ahead those are that are forecast, `(scored steps,)`."""
        return np.arange(self.horizon - self.scored, self.horizon) + 1

    def origins(self, start: int, length: int, stride: int) -> np.ndarray:
        """Every `stride`-th origin whose scored steps all lie in `[start, length)` and whose window is whole."""
        first = start - (self.horizon - 1) if self.last_only else start
        return np.arange(max(first, self.window), length - self.horizon + 1, stride)


@dataclass(frozen=True)
class Targets:
    """What forecasts are scored against.

    Attributes:
        values: `(forecasts, scored steps, variables)` float64, NaN where a missing value was made up.
        series: `(forecasts,)` number of each forecast's series.
        origins: `(forecasts,)`.
        units: `(series, variables)`, in which losses are measured.
    """

    values: np.ndarray
    series: np.ndarray
    origins: np.ndarray
    units: np.ndarray

    @property
    def unit(self) -> np.ndarray:
        """Of each forecast, `(forecasts, 1, variables)`."""
        return self.units[self.series][:, None]


@dataclass(frozen=True)
class Windows:
    """The windows of a split. See `zoo.tasks.base.Batches`.

    Attributes:
        series: the series, each up to the end of the split.
        numbers: which series of train each is.
        index: `(windows, 2)`: position in `series`, and origin.
        specification: of every window.
        batch_size: windows of a batch.
        scale: `(variables,)` standard deviations in train.
        mase_scale: `(series of train, variables)` seasonal differences before the split, the units of MASE.
        units: `(series of train, variables)` in which losses are measured; infinite where a series is constant.
        most_a_pass: in training, windows that are drawn anew for each pass; 0 for all of them.
        yardstick: scores that others are measured by, kept when they are first asked for.
        only_made_up: how many more windows there are whose every target was made up; they are left out.
        behind_gaps: how many more end in values of all variables that were filled from later ones; they are left out.
        fold_of: which fold of the split each of `series` is of, from 0.
    """

    series: tuple[TimeSeries, ...]
    numbers: tuple[int, ...]
    index: np.ndarray
    specification: WindowSpecification
    batch_size: int
    scale: np.ndarray
    mase_scale: np.ndarray
    units: np.ndarray
    only_made_up: int = 0
    behind_gaps: int = 0
    fold_of: tuple[int, ...] = ()
    most_a_pass: int = 0
    yardstick: dict[str, float] = field(default_factory=dict, compare=False, repr=False)
    _cache: dict[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.index)

    def plan(self, seed: Sequence[int] | None) -> list[np.ndarray]:
        """Window numbers, a batch each; see `most_a_pass`."""
        order = np.arange(len(self)) if seed is None else np.random.default_rng(seed).permutation(len(self))
        if seed is not None and self.most_a_pass:
            order = order[: self.most_a_pass]
        return [order[k : k + self.batch_size] for k in range(0, len(order), self.batch_size)]

    def load(self, planned: np.ndarray) -> Batch:
        """Inputs `values (batch, window, variables)` and, where there are any, `past` and `future` covariates: float64.

        Targets `(batch, steps, variables, 2)` are the values that came, NaN where they were made up, and the units in
        which their errors count. A window's weight is the share of its targets that were not made up.
        """
        rows = len(planned)
        full = np.pad(planned, (0, self.batch_size - rows), mode="edge")
        targets = self.truth(full)
        known = 1 - np.isnan(targets).mean(axis=(1, 2))
        weights = np.where(np.arange(self.batch_size) < rows, known, 0).astype(np.float32)
        units = np.broadcast_to(self.unit_of(full), targets.shape)
        return Batch(self.inputs(full), np.stack([targets, units], axis=-1), weights)

    def inputs(self, which: np.ndarray) -> dict[str, np.ndarray]:
        """The model's inputs for these windows, float64: it casts them when it has subtracted their level."""
        before = self._steps(which, -self.specification.window, 0)
        ahead = self._steps(which, 0, self.specification.horizon)
        arrays = {"values": self._flat["values"][before]}
        if self._flat["past"].shape[1]:
            arrays["past"] = self._flat["past"][before]
        if self._flat["future"].shape[1]:
            arrays["future_before"] = self._flat["future"][before]
            arrays["future"] = self._flat["future"][ahead]
        return arrays

    def raw(self, which: np.ndarray, first: int, stop: int) -> np.ndarray:
        """Values `(len(which), stop - first, variables)` of steps relative to the origins, float64."""
        return self._flat["values"][self._steps(which, first, stop)]

    def truth(self, which: np.ndarray) -> np.ndarray:
        """Values `(len(which), scored steps, variables)` of the scored steps; NaN where they were made up, and of a
        variable whose window ends in a value that was filled from later ones."""
        horizon = self.specification.horizon
        values = self._flat["truth"][self._steps(which, horizon - self.specification.scored, horizon)]
        if "hindsight" in self._flat:
            values = np.where(self._flat["hindsight"][self._steps(which, -1, 0)], np.nan, values)
        return values

    def unit_of(self, which: np.ndarray) -> np.ndarray:
        """In which the errors of these windows count, `(len(which), 1, variables)`."""
        return self.units[np.asarray(self.numbers)[self.index[which, 0]]][:, None]

    def gather(self, plans: list[np.ndarray], outputs: list[Mapping[str, np.ndarray]]) -> np.ndarray:
        """See `zoo.tasks.base.Batches`; the model's forecasts alone."""
        forecasts = [output["forecast"] for output in outputs]
        gathered = np.empty((len(self), *forecasts[0].shape[1:]), forecasts[0].dtype)
        for planned, forecast in zip(plans, forecasts, strict=True):
            gathered[planned] = forecast[: len(planned)]
        return gathered

    def mean_moves(self) -> np.ndarray:
        """Mean absolute difference of neighbouring values of each window, `(windows, variables)`; 0 of one step."""
        if self.specification.window == 1:
            return np.zeros((len(self), len(self.scale)))
        parts = [
            np.abs(np.diff(self.raw(which, -self.specification.window, 0), axis=1)).mean(axis=1)
            for which in self.plan(None)
        ]
        return np.concatenate(parts)

    @property
    def targets(self) -> Targets:
        """What forecasts are scored against."""
        everything = np.arange(len(self))
        numbers = np.asarray(self.numbers)[self.index[:, 0]]
        return Targets(self.truth(everything), numbers, self.index[:, 1], self.units)

    @cached_property
    def folds(self) -> np.ndarray:
        """Which fold of its split each window is of, from 0, `(windows,)`."""
        return np.asarray(self.fold_of, int)[self.index[:, 0]]

    @property
    def independent(self) -> np.ndarray:
        """How many forecasts of each scored step are of steps that no other one is of, `(scored steps,)` float64.

        Of a series whose forecasts are of T steps those h ahead count T / h.
        """
        first, last = self._span()
        spans = (last - first + self.specification.scored)[last >= 0]
        return spans.sum() / self.specification.ahead

    @property
    def ages(self) -> np.ndarray:
        """How far before the last origin of its series each window's lies, as a share of the way to the first one,
        `(windows,)`: from 0 to 1."""
        series, origins = self.index.T
        first, last = self._span()
        return (last[series] - origins) / np.maximum(last - first, 1)[series]

    def _span(self) -> tuple[np.ndarray, np.ndarray]:
        """The first and the last origin of each series, `(series,)`; of one without windows the last is -1."""
        series, origins = self.index.T
        first, last = np.full(len(self.series), np.iinfo(int).max), np.full(len(self.series), -1)
        np.minimum.at(first, series, origins)
        np.maximum.at(last, series, origins)
        return first, last

    def only(self, which: np.ndarray) -> Windows:
        """Some of the windows, `(windows,)` bool or their numbers."""
        return replace(self, index=self.index[which], yardstick={}, _cache=self._cache)

    @cached_property
    def _offsets(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum([len(a_series) for a_series in self.series])])

    @property
    def _flat(self) -> dict[str, np.ndarray]:
        """All series end to end, by kind."""
        if not self._cache:
            with_calendar = [future_features(a_series, self.specification) for a_series in self.series]
            self._cache.update(
                values=np.concatenate([a_series.values for a_series in self.series], dtype=np.float64),
                truth=np.concatenate([truth(a_series) for a_series in self.series], dtype=np.float64),
                past=np.concatenate([a_series.past for a_series in self.series], dtype=np.float64),
                future=np.concatenate(with_calendar, dtype=np.float64),
            )
            if any(a_series.hindsight is not None for a_series in self.series):
                self._cache["hindsight"] = np.concatenate([_hindsight(a_series) for a_series in self.series])
        return self._cache

    def _steps(self, which: np.ndarray, first: int, stop: int) -> np.ndarray:
        """Positions `(len(which), stop - first)` of steps relative to the origins."""
        series, origins = self.index[which].T
        return (self._offsets[series] + origins)[:, None] + np.arange(first, stop)


def truth(series: TimeSeries) -> np.ndarray:
    """The values `(time, variables)`, NaN where they were made up."""
    return series.values if series.made_up is None else np.where(series.made_up, np.nan, series.values)


def fitted_to(series: TimeSeries) -> np.ndarray:
    """The values `(time, variables)` that a regression on those before may be fitted to; the others are NaN.

    They are not made up, and nor is what stands right before them from what comes later.
    """
    values = truth(series)
    if series.hindsight is None:
        return values
    return np.where(np.pad(series.hindsight[:-1], ((1, 0), (0, 0))), np.nan, values)


def _hindsight(series: TimeSeries) -> np.ndarray:
    return np.zeros(series.values.shape, bool) if series.hindsight is None else series.hindsight


def future_features(series: TimeSeries, specification: WindowSpecification) -> np.ndarray:
    """Future covariates and the calendar, `(time, features)`."""
    future = series.future[: len(series)]
    if not specification.cycles:
        return future
    assert series.time is not None
    seconds = series.time.astype("datetime64[s]").astype(np.float64)
    return np.concatenate([future, phases(seconds, specification.cycles, np)], axis=1)


def in_sample_differences(split: Split, train: Sequence[TimeSeries], season: int) -> np.ndarray:
    """Mean seasonal differences of what came before a split, `(series of train, variables)`; 0 where there is none."""
    found = np.zeros((len(train), len(train[0].variables)))
    position = {series.name: number for number, series in enumerate(train)}
    for example in split:
        series, start = example["series"], example["start"]
        if series.name in position and not found[position[series.name]].any():  # of its first fold
            found[position[series.name]] = seasonal_difference(truth(series)[:start], season)
    return found


def windows_of(
    split: Split,
    specification: WindowSpecification,
    *,
    names: Sequence[str],
    what: str,
    batch_size: int,
    stride: int = 1,
    scale: np.ndarray,
    mase_scale: np.ndarray,
    units: np.ndarray,
) -> Windows:
    """The windows of a split.

    Args:
        names: the series of train, in order.
        what: the split, for messages.

    Raises:
        UserError: if no window fits.
    """
    position = {name: number for number, name in enumerate(names)}
    examples = [example for example in split if example["series"].name in position]
    series = tuple(example["series"] for example in examples)
    numbers = tuple(position[a_series.name] for a_series in series)
    parts, only_made_up, behind_gaps = [], 0, 0
    for n, example in enumerate(examples):
        origins = specification.origins(example["start"], len(example["series"]), stride)
        known = origins[_any_known(example["series"], origins, specification)]
        fair = known[_any_known(example["series"], known, specification, _hindsight(example["series"]))]
        parts.append(np.stack([np.full(len(fair), n), fair], axis=1))
        only_made_up += len(origins) - len(known)
        behind_gaps += len(known) - len(fair)
    index = np.concatenate(parts) if parts else np.zeros((0, 2), int)
    if behind_gaps and not len(index):
        raise UserError(
            f"every window of {what} ends in values that were filled from later ones; give --fill last, or zero"
        )
    if only_made_up and not len(index):
        raise UserError(
            f"every value of {what} that a window forecasts was made up where one is missing: there is nothing to score"
        )
    if not len(index):
        lengths = {example["series"].name: len(example["series"]) - example["start"] for example in examples}
        raise no_window(what, lengths, specification)
    fold_of = tuple(example.get("fold", 0) for example in examples)
    return Windows(
        series,
        numbers,
        index,
        specification,
        batch_size,
        scale,
        mase_scale,
        units,
        only_made_up=only_made_up,
        behind_gaps=behind_gaps,
        fold_of=fold_of,
    )


def _any_known(
    series: TimeSeries,
    origins: np.ndarray,
    specification: WindowSpecification,
    hindsight: np.ndarray | None = None,
) -> np.ndarray:
    """Which forecasts have a target that was not made up, `(origins,)` bool.

    Args:
        hindsight: `(time, variables)` bool; targets of a variable do not count where the step before is marked.
    """
    if series.made_up is None and hindsight is None:
        return np.ones(len(origins), bool)
    known = np.ones(series.values.shape, int) if series.made_up is None else (~series.made_up).astype(int)
    before = np.pad(known.cumsum(axis=0), ((1, 0), (0, 0)))  # known values before each step
    stop = origins + specification.horizon
    any_of = before[stop] > before[stop - specification.scored]
    return np.asarray((any_of if hindsight is None else any_of & ~hindsight[origins - 1]).any(axis=1))


def no_window(what: str, lengths: Mapping[str, int], specification: WindowSpecification) -> UserError:
    """That all series are too short.

    Args:
        what: the split.
        lengths: its steps, by the series' name.
    """
    name, longest = max(lengths.items(), key=lambda item: item[1], default=("none", 0))
    return UserError(
        f"no {what} window fits: the longest series has {longest:,} {what} steps ({name}), a forecast reads --window "
        f"{specification.window} and scores --horizon {specification.horizon}; give smaller ones, or longer series"
    )
