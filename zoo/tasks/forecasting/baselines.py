"""Rows that need no training loop: what simple forecasts reach on the same windows.

Everything is fitted on train alone and then rolled forward: at each origin a row knows the values before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from zoo.tasks.forecasting import exponential_smoothing
from zoo.tasks.forecasting.autoregression import (
    autoregress,
    fit_autoregression,
    spread_of_autoregression,
)
from zoo.tasks.forecasting.exponential_smoothing import Smoothing
from zoo.tasks.forecasting.linear_forecasts import LinearForecast
from zoo.tasks.forecasting.options import Options
from zoo.tasks.forecasting.windows import Windows, WindowSpecification, fitted_to

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries

LINEAR_WINDOWS = 20_000  # most windows that the linear map is fitted on
ETS_STEPS = 1_000  # last steps of train that ETS is fitted on
MOST_ETS = 10_000  # more variables than that take minutes
FEWEST_ETS = 4  # steps of train; of fewer the last value is repeated
MOST_LAGS = 24  # of the autoregression where it is not told how many
LONGEST_SEASON = 60  # of ETS
ENOUGH = 0.5  # of the windows must be known as a whole, or each step is fitted by itself
MOST_FITS = 100  # of the linear map
CHUNK = 4_096  # windows of the linear map at a time


@dataclass(frozen=True)
class Baselines:
    """Rows that are fitted when they are first used, each series by itself.

    Args:
        train: the training windows.
        season: steps of a season, 1 for none.
        lags: of the autoregression, fewer of series that are too short for so many.
        ets: whether to fit ETS as well.
    """

    train: Windows
    season: int
    lags: int
    ets: bool
    _autoregressions: dict[int, tuple[np.ndarray, np.ndarray]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def forecasts(self, windows: Windows) -> dict[str, np.ndarray]:
        """Point forecasts `(windows, scored steps, variables)` by row."""
        ahead = windows.specification.ahead
        forecasts_by_name = {
            "last value": self._by_origin(
                windows, lambda y, _n, t: np.repeat(y[t - 1][:, None], len(ahead), 1)
            )
        }
        if self.season > 1:
            back = self.season - 1 - (ahead - 1) % self.season
            forecasts_by_name[f"last value of {self.season} steps before"] = self._by_origin(
                windows, lambda y, _n, t: self._season_before(y, t[:, None], back)
            )
        forecasts_by_name["drift"] = self._by_origin(
            windows, lambda y, _n, t: self._drift(y, t, ahead, windows.specification)
        )
        forecasts_by_name[self._name_of_ar] = self._by_origin(
            windows,
            lambda y, n, t: autoregress(y, t, self._autoregression(n)[0], windows.specification.horizon)[
                :, ahead - 1
            ],
        )
        if self._fits_ets:
            forecasts_by_name["ETS"] = self._ets(windows, ahead)
        forecasts_by_name["linear map"] = self._linear(windows)
        return forecasts_by_name

    def quantiles(self, windows: Windows, levels: np.ndarray) -> dict[str, np.ndarray]:
        """Forecasts `(windows, scored steps, variables, levels)` by row; of rows that say no spread, one level.

        Errors of AR and ETS are taken for normal, with the deviation that they had one step ahead in train.
        """
        normal = np.array([NormalDist().inv_cdf(level) for level in levels])
        spreads = self._spreads(windows) if len(levels) > 1 else {}
        return {
            name: points[..., None] + spreads[name][..., None] * normal
            if name in spreads
            else points[..., None]
            for name, points in self.forecasts(windows).items()
        }

    def _spreads(self, windows: Windows) -> dict[str, np.ndarray]:
        """The deviations of the errors of rows that say them, `(windows, scored steps, variables)`."""
        last = windows.specification.ahead - 1
        steps = int(last[-1]) + 1
        spreads = {
            self._name_of_ar: self._by_origin(
                windows,
                lambda _y, n, _t: spread_of_autoregression(*self._autoregression(n), steps)[None, last],
            )
        }
        if self._fits_ets:
            of_ets = {
                key: spread for group in self._smoothings.values() for key, spread in group.spreads(steps)
            }
            variables = range(len(windows.scale))
            none = np.zeros(steps)
            spreads["ETS"] = self._by_origin(
                windows,
                lambda _y, n, _t: np.stack([of_ets.get((n, v), none)[last] for v in variables], -1)[None],
            )
        return spreads

    @property
    def _name_of_ar(self) -> str:
        return f"AR({self.lags})"

    @staticmethod
    def _by_origin(
        windows: Windows, forecast: Callable[[np.ndarray, int, np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Call `forecast(values, number of the series, origins)` for each series."""
        values = np.empty((len(windows), windows.specification.scored, len(windows.scale)))
        for n, which in _spans(windows):
            origins = windows.index[which, 1]
            values[which] = forecast(windows.series[n].values, windows.numbers[n], origins)
        return values

    @staticmethod
    def _season_before(y: np.ndarray, origins: np.ndarray, back: np.ndarray) -> np.ndarray:
        """The values so many steps before the last one; the last one where the series began later than that."""
        steps = origins - 1 - back
        return y[np.where(steps < 0, origins - 1, steps)]

    @staticmethod
    def _drift(
        y: np.ndarray, origins: np.ndarray, ahead: np.ndarray, specification: WindowSpecification
    ) -> np.ndarray:
        """The line through the first and the last value of the window."""
        slope = (y[origins - 1] - y[origins - specification.window]) / max(specification.window - 1, 1)
        return y[origins - 1][:, None] + slope[:, None] * ahead[None, :, None]

    def _autoregression(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Of a series of train what `fit_autoregression` gives."""
        if number not in self._autoregressions:
            series = self.train.series[number]
            lags = lags_of(len(series), self.lags)
            left_out = None if series.made_up is None else np.isnan(fitted_to(series))
            self._autoregressions[number] = fit_autoregression(series.values, lags, left_out)
        return self._autoregressions[number]

    @cached_property
    def _fits_ets(self) -> bool:
        columns = len(np.unique(self.train.index[:, 0])) * len(self.train.scale)
        return self.ets and columns <= MOST_ETS

    @cached_property
    def _smoothings(self) -> dict[int, _Smoothings]:
        """Exponential smoothing of the end of each variable of each series of train, by the steps of its season."""
        keys_by_season: dict[int, list[tuple[int, int]]] = {}
        for n, series in enumerate(self.train.series):
            if len(series) < FEWEST_ETS:
                continue
            keys = [(n, variable) for variable in range(len(self.train.scale))]
            keys_by_season.setdefault(self._season_of_ets(len(series)), []).extend(keys)
        return {
            season: _Smoothings(
                {key: position for position, key in enumerate(keys)},
                exponential_smoothing.fit([self._end_of_train(*key) for key in keys], season),
            )
            for season, keys in keys_by_season.items()
        }

    def _season_of_ets(self, length: int) -> int:
        season = self.season if self.season <= LONGEST_SEASON else 1
        return exponential_smoothing.season_of(min(length, ETS_STEPS), season)

    def _end_of_train(self, number: int, variable: int) -> np.ndarray:
        """Minus its first value, so that a large level costs no digits."""
        column = self.train.series[number].values[-ETS_STEPS:, variable]
        return column - column[0]

    def _ets(self, windows: Windows, ahead: np.ndarray) -> np.ndarray:
        values = self._by_origin(windows, lambda y, _n, t: np.repeat(y[t - 1][:, None], len(ahead), 1))
        for group in self._smoothings.values():
            members = [
                (n, variable, which)
                for n, which in _spans(windows)
                for variable in range(len(windows.scale))
                if (windows.numbers[n], variable) in group.positions
            ]
            columns = [windows.series[n].values[:, variable] for n, variable, _ in members]
            chosen = np.array([group.positions[windows.numbers[n], v] for n, v, _ in members], int)
            rolled = exponential_smoothing.roll(
                [column - column[0] for column in columns],
                group.fitted.take(chosen),
                [windows.index[which, 1] for _, _, which in members],
                ahead,
            )
            for (_, variable, which), column, forecasts in zip(members, columns, rolled, strict=True):
                values[which, :, variable] = forecasts + column[0]
        return values

    @cached_property
    def _linear_map(self) -> LinearForecast:
        """Ridge regression of the steps ahead on the window, both minus the window's last value, scaled.

        It is fitted on windows of whose targets none was made up; where these are less than half, step by step, on
        those in which this step was not (steps that are known in the same windows at once). A step that is never known
        is the last value.
        """
        from sklearn.linear_model import Ridge

        stride = -(-len(self.train) * len(self.train.scale) // LINEAR_WINDOWS)
        which = np.arange(0, len(self.train), stride)
        x, y, _ = self._linear_data(self.train, which)
        known = ~np.isnan(y)
        matrix, constant = np.zeros((x.shape[1], y.shape[1])), np.zeros(y.shape[1])
        patterns, kind = np.unique(known, axis=1, return_inverse=True)
        if known.all(axis=1).mean() >= ENOUGH or (known.all(axis=1).any() and patterns.shape[1] > MOST_FITS):
            patterns, kind = known.all(axis=1, keepdims=True), np.zeros(len(constant), int)
        for n, rows in enumerate(patterns.T):
            if rows.any():
                steps = np.flatnonzero(kind == n)
                ridge = Ridge(alpha=1.0, fit_intercept=True).fit(x[rows], y[np.ix_(rows, steps)])
                matrix[:, steps] = ridge.coef_.reshape(len(steps), -1).T
                constant[steps] = ridge.intercept_
        return LinearForecast(matrix, constant)

    @staticmethod
    def _linear_data(windows: Windows, which: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows `(windows · variables, …)`: the window, the steps ahead, and the last value that was subtracted.

        The first two are scaled, the last value `(windows, variables, 1)` is not.
        """
        before = windows.raw(which, -windows.specification.window, 0).transpose(0, 2, 1)
        after = windows.truth(which).transpose(0, 2, 1)
        last, scale = before[:, :, -1:], windows.scale[:, None]
        x, y = (before - last) / scale, (after - last) / scale
        return x.reshape(-1, x.shape[-1]), y.reshape(-1, y.shape[-1]), last

    def _linear(self, windows: Windows) -> np.ndarray:
        parts = []
        for start in range(0, len(windows), CHUNK):
            which = np.arange(start, min(start + CHUNK, len(windows)))
            x, _, last = self._linear_data(windows, which)
            mapped = self._linear_map(x).reshape(*last.shape[:2], -1)
            parts.append((mapped * windows.scale[:, None] + last).transpose(0, 2, 1))
        return np.concatenate(parts)


def fit(train: Windows, season: int, options: Options) -> Baselines:
    """The baselines as the options of the task ask for them; each is fitted when it is first used."""
    return Baselines(train, season, most_lags(train.series, options), options.ets)


def most_lags(train: Sequence[TimeSeries], options: Options) -> int:
    """Lags of the autoregression of a series that is long enough for all of them."""
    asked = options.ar_lags or min(MOST_LAGS, options.window or MOST_LAGS)
    return max(1, *(lags_of(len(series), asked) for series in train))


def lags_of(length: int, most: int) -> int:
    """How many lags are fitted on a series of this length: three steps a lag at least; none of three steps or fewer."""
    return min(most, length // 3) if length > 3 else 0


@dataclass(frozen=True)
class _Smoothings:
    """Series with a season of one length: where each variable of each series of train is, and what was fitted."""

    positions: dict[tuple[int, int], int]
    fitted: Smoothing

    def spreads(self, steps: int) -> Iterator[tuple[tuple[int, int], np.ndarray]]:
        """Of each the deviations of errors 1 to `steps` ahead, `(steps,)`."""
        return zip(self.positions, self.fitted.spread(steps), strict=True)


def _spans(windows: Windows) -> Iterator[tuple[int, slice]]:
    """The position of each series that has windows, and which these are."""
    positions, first = np.unique(windows.index[:, 0], return_index=True)
    for n, start, stop in zip(positions, first, [*first[1:], len(windows)], strict=True):
        yield int(n), slice(int(start), int(stop))
