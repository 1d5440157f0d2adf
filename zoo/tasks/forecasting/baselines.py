"""Rows that need no training loop: what simple forecasts reach on the same windows.

Everything is fitted on train alone and then rolled forward: at each origin a row knows the values before it.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np

from zoo.tasks.forecasting.options import Options
from zoo.tasks.forecasting.scales import is_rounding, mean_and_deviation
from zoo.tasks.forecasting.windows import Windows, WindowSpecification

if TYPE_CHECKING:
    from sklearn.linear_model import Ridge
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    from datasets.series.time_series import TimeSeries

#: Fitted parameters of ETS, and the steps of their season; None where the fit failed.
ETSParameters: TypeAlias = tuple[np.ndarray, int] | None
#: What a row fits on a series.
Fitted = TypeVar("Fitted")

LINEAR_WINDOWS = 20_000  # most windows that the linear map is fitted on
ETS_STEPS = 1_000  # last steps of train that ETS is fitted on
MOST_ETS = 30  # more variables than that take too long
MOST_LAGS = 24  # of the autoregression where it is not told how many
LONGEST_SEASON = 60  # of ETS
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
    _fitted: dict[tuple[str, int], Any] = field(default_factory=dict, compare=False, repr=False)

    def forecasts(self, windows: Windows) -> dict[str, np.ndarray]:
        """Point forecasts `(windows, scored steps, variables)` by row."""
        ahead = self._steps_ahead(windows.specification)
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
        forecasts_by_name[f"AR({self.lags})"] = self._by_origin(
            windows,
            lambda y, n, t: autoregress(y, t, self._autoregression(n), windows.specification.horizon)[
                :, ahead - 1
            ],
        )
        if self._fits_ets:
            forecasts_by_name["ETS"] = self._by_origin(windows, lambda y, n, t: self._ets(y, n, t, ahead))
        forecasts_by_name["linear map"] = self._linear(windows)
        return forecasts_by_name

    @staticmethod
    def _steps_ahead(specification: WindowSpecification) -> np.ndarray:
        """The scored steps, counted from 1."""
        return np.arange(specification.horizon - specification.scored, specification.horizon) + 1

    @staticmethod
    def _by_origin(
        windows: Windows, forecast: Callable[[np.ndarray, int, np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Call `forecast(values, number of the series, origins)` for each series."""
        shape = (len(windows), windows.specification.scored, len(windows.scale))
        values = np.empty(shape)
        for n in np.unique(windows.index[:, 0]):
            series, which = windows.series[n], windows.index[:, 0] == n
            values[which] = forecast(series.values, windows.numbers[n], windows.index[which, 1])
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

    def _autoregression(self, number: int) -> np.ndarray:
        """Of a series of train the coefficients `(variables, 1 + lags)`, the constant first."""
        values = self.train.series[number].values
        return self._once("AR", number, lambda: fit_autoregression(values, lags_of(len(values), self.lags)))

    def _once(self, row: str, number: int, fit_series: Callable[[], Fitted]) -> Fitted:
        """What a row has fitted on a series of train."""
        if (row, number) not in self._fitted:
            self._fitted[row, number] = fit_series()
        return self._fitted[row, number]

    @cached_property
    def _fits_ets(self) -> bool:
        columns = len(np.unique(self.train.index[:, 0])) * len(self.train.scale)
        return self.ets and columns <= MOST_ETS

    def _ets(self, y: np.ndarray, number: int, origins: np.ndarray, ahead: np.ndarray) -> np.ndarray:
        season = self.season if self.season <= LONGEST_SEASON else 1
        columns_of_train = self.train.series[number].values.T
        parameters = self._once(
            "ETS", number, lambda: [fit_ets(column[-ETS_STEPS:], season) for column in columns_of_train]
        )
        columns = [
            roll_ets(column, fitted, origins, ahead) for column, fitted in zip(y.T, parameters, strict=True)
        ]
        return np.stack(columns, axis=2)

    @cached_property
    def _linear_map(self) -> Ridge:
        """Ridge regression of the steps ahead on the window, both minus the window's last value, scaled."""
        from sklearn.linear_model import Ridge

        stride = -(-len(self.train) * len(self.train.scale) // LINEAR_WINDOWS)
        which = np.arange(0, len(self.train), stride)
        x, y, _ = self._linear_data(self.train, which)
        known = ~np.isnan(y).any(axis=1)  # not what was made up
        return Ridge(alpha=1.0, fit_intercept=True).fit(x[known], y[known])

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
            mapped = self._linear_map.predict(x).reshape(*last.shape[:2], -1)
            parts.append((mapped * windows.scale[:, None] + last).transpose(0, 2, 1))
        return np.concatenate(parts)


def fit(train: Windows, season: int, options: Options) -> Baselines:
    """The baselines as the options of the task ask for them; each is fitted when it is first used."""
    return Baselines(train, season, most_lags(train.series, options), options.ets)


def most_lags(train: Sequence[TimeSeries], options: Options) -> int:
    """Lags of the autoregression of a series that is long enough for all of them."""
    asked = options.ar_lags or min(MOST_LAGS, options.window)
    return max(1, *(lags_of(len(series), asked) for series in train))


def lags_of(length: int, most: int) -> int:
    """How many lags are fitted on a series of this length: three steps a lag at least; none of three steps or fewer."""
    return min(most, length // 3) if length > 3 else 0


def from_statsmodels(module: str, name: str) -> type:
    """A class of statsmodels, whose modules use what newer versions of pandas warn of when they are imported."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(importlib.import_module(f"statsmodels.{module}"), name)


def fit_autoregression(values: np.ndarray, lags: int) -> np.ndarray:
    """Least squares of each variable on a constant and its own last `lags` values: `(variables, 1 + lags)`.

    Of a constant, and with no lags, it repeats the last value.
    """
    auto_reg = from_statsmodels("tsa.ar_model", "AutoReg")
    coefficients = np.zeros((values.shape[1], 1 + max(lags, 1)))
    for n, column in enumerate(values.T):
        if lags == 0 or is_rounding(np.ptp(column), np.abs(column).max()):
            coefficients[n, 1] = 1.0
            continue
        middle, size = (statistic[0] for statistic in mean_and_deviation([column[:, None]]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = auto_reg((column - middle) / size, lags).fit().params
        coefficients[n, 1:] = fitted[1:]
        coefficients[n, 0] = fitted[0] * size + middle * (1 - fitted[1:].sum())
    return coefficients


def autoregress(
    values: np.ndarray, origins: np.ndarray, coefficients: np.ndarray, horizon: int
) -> np.ndarray:
    """Step by step, each forecast feeding the next: `(origins, horizon, variables)`."""
    lags = coefficients.shape[1] - 1
    known = [values[np.maximum(origins - lag, 0)] for lag in range(1, lags + 1)]  # the latest first
    steps = []
    for _ in range(horizon):
        step = coefficients[:, 0] + sum(c * v for c, v in zip(coefficients[:, 1:].T, known, strict=True))
        steps.append(step)
        known = [step, *known[:-1]]
    return np.stack(steps, axis=1)


def fit_ets(column: np.ndarray, season: int) -> ETSParameters:
    """Parameters of additive ETS with damped trend and, where train holds two seasons, a season; None if that fails.

    They are those of the column minus its first value, so that a large level costs no digits.
    """
    ets_model = from_statsmodels("tsa.exponential_smoothing.ets", "ETSModel")
    season = season if len(column) >= 2 * season + 10 else 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            parameters = _ets_model(ets_model, column - column[0], season).fit(disp=False, maxiter=100).params
        except (ValueError, np.linalg.LinAlgError):
            return None
    return (np.asarray(parameters), season) if np.isfinite(parameters).all() else None


def _ets_model(model: type[ETSModel], column: np.ndarray, season: int) -> ETSModel:
    seasonal = {"seasonal": "add", "seasonal_periods": season} if season > 1 else {}
    return model(
        column, error="add", trend="add", damped_trend=True, initialization_method="heuristic", **seasonal
    )


def roll_ets(column: np.ndarray, fitted: ETSParameters, origins: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Forecasts `(origins, steps)` from the states that the fitted parameters give just before each origin."""
    if fitted is None:
        return np.repeat(column[origins - 1][:, None], len(ahead), axis=1)
    ets_model = from_statsmodels("tsa.exponential_smoothing.ets", "ETSModel")
    parameters, season = fitted
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _ets_model(ets_model, column - column[0], season)
        states = model.smooth(parameters)
    names = dict(zip(model.param_names, parameters, strict=True))
    damping = np.cumsum(names["damping_trend"] ** np.arange(1, ahead[-1] + 1))[ahead - 1]
    last = origins - 1
    forecasts = states.level[last][:, None] + damping[None, :] * states.slope[last][:, None]
    if season > 1:
        forecasts = (
            forecasts + states.season[np.maximum(last[:, None] - (season - 1) + (ahead - 1) % season, 0)]
        )
    return forecasts + column[0]
