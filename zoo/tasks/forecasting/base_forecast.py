"""The forecast that the model corrects: a mean of the linear forecasts that are best on dev.

The candidates are fitted on train: exponential smoothing, autoregressions of values, of differences and of seasonal
differences, and ridge regressions, each of windows that are normalised in several ways. The mean of a few of them is
seldom far from the best, which on few data nobody can tell beforehand; each is weighted by the inverse square of its
error on dev (Bates and Granger 1969). Values of all series are fitted together, those of each variable by themselves;
errors count in each series' own unit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from zoo.tasks.forecasting import exponential_smoothing
from zoo.tasks.forecasting import linear_forecasts as linear
from zoo.tasks.forecasting.exponential_smoothing import season_of
from zoo.tasks.forecasting.few_errors import FEW, offsets_of_few
from zoo.tasks.forecasting.linear_forecasts import LinearForecast
from zoo.tasks.forecasting.normalisation import TINY, Normalisation
from zoo.tasks.forecasting.scales import known_mean
from zoo.tasks.forecasting.windows import Windows, WindowSpecification, fitted_to

MEMBERS = 5  # whose mean is taken
LAGS = (1, 2, 3, 6, 12, 24)  # of autoregressions
CHOSEN_ON = 5_000  # most windows of dev
SMOOTHED_ON = 1_000  # most windows of train on which the settings of smoothing are tried
SMOOTHED_SERIES, SMOOTHED_STEPS, FEWEST_STEPS = (
    50,
    1_000,
    4,
)  # of which parameters are fitted, and their last steps
LINE = 10  # first values of a window through which exponential smoothing begins with a line
LAGGED = 20_000  # most rows of an autoregression
SQUARES = 3_000_000_000  # most products of features of a ridge regression; of windows at most FITTED_ON
FITTED_ON = 60_000
ROWS_A_FEATURE = 5  # from so many on, absolute errors are tried as well
SEPARATE = 16  # of so many variables at most each has its own coefficients


@dataclass(frozen=True)
class Part:
    """The mean of linear forecasts of windows that are normalised alike, and their share in the mean of all.

    Attributes:
        share: from 0 to 1.
        matrix, constant: `(variables, window, steps)` and `(variables, steps)`, their mean.
    """

    share: float
    matrix: np.ndarray
    constant: np.ndarray


@dataclass(frozen=True)
class BaseForecast:
    """See the module.

    Attributes:
        members: what they are, for people.
        kinds: of normalisation, one for each part.
        normalisations, parts: by kind; none of a run that was read from its directory, whose model has them.
        error: on dev, mean absolute, in the series' own units.
        error_by_kind: on dev, of the best candidate of each normalisation.
        offsets: `(steps, variables, levels)`, where the quantiles begin; see `with_offsets`.
    """

    members: tuple[str, ...]
    kinds: tuple[str, ...]
    normalisations: Mapping[str, Normalisation] = field(default_factory=dict)
    parts: Mapping[str, Part] = field(default_factory=dict)
    error: float = float("nan")
    error_by_kind: Mapping[str, float] = field(default_factory=dict)
    offsets: np.ndarray | None = None

    def __call__(self, windows: np.ndarray) -> np.ndarray:
        """Raw windows `(rows, window, variables)` to raw forecasts `(rows, steps, variables)`."""
        forecast: np.ndarray | float = 0.0
        for kind, part in self.parts.items():
            normalisation = self.normalisations[kind]
            z, shift, scale = normalisation(windows)
            y = np.einsum("bwv,vws->bsv", z, part.matrix) + part.constant.T
            forecast = forecast + part.share * normalisation.back(y, shift, scale)
        return np.asarray(forecast)


def fit(
    train: Windows, valid: Windows, normalisations: Mapping[str, Normalisation], season: int
) -> BaseForecast:
    """Fit the candidates on train and take those that are best on dev.

    Args:
        normalisations: to try, by kind.
        season: steps of a season, 1 for none.
    """
    dev = _Sample.of(valid, CHOSEN_ON)
    candidates: dict[tuple[str, str], list[LinearForecast]] = {}
    errors: dict[tuple[str, str], float] = {}
    for kind, normalisation in normalisations.items():
        fitted = _fit_kind(train, normalisation, season)
        for name, by_variable in fitted.items():
            candidates[kind, name] = by_variable
            errors[kind, name] = _error_on(
                dev, BaseForecast((), (kind,), normalisations, {kind: _part([(by_variable, 1.0)], 1.0)})
            )
    finite = [key for key, error in errors.items() if np.isfinite(error)]
    best = _one_a_family(sorted(finite, key=lambda key: errors[key]))[:MEMBERS]
    weights = {key: 1 / max(errors[key], 1e-6 * errors[best[-1]] + TINY) ** 2 for key in best}
    parts = {}
    for kind in dict.fromkeys(kind for kind, _ in best):
        of_kind = [(candidates[key], weights[key]) for key in best if key[0] == kind]
        parts[kind] = _part(of_kind, sum(weights.values()))
    members = tuple(f"{name} of {_WINDOWS[kind]}" for kind, name in best)
    found = BaseForecast(members, tuple(parts), normalisations, parts)
    by_kind = {kind: min(errors[key] for key in errors if key[0] == kind) for kind in normalisations}
    return dataclasses.replace(found, error=_error_on(dev, found), error_by_kind=by_kind)


def with_offsets(
    base: BaseForecast, train: Windows, valid: Windows, normalisation: Normalisation, levels: np.ndarray
) -> BaseForecast:
    """The same, with the quantiles of its errors on dev for each step and variable, normalised as the model's are.

    Where dev has few independent errors, see `zoo.tasks.forecasting.few_errors`.
    """
    errors, independent = _normalised_errors(base, valid, normalisation), valid.independent
    if independent[-1] >= FEW:
        known = np.where(np.isnan(errors).all(axis=0), 0.0, errors)
        quantiles = np.moveaxis(np.nanquantile(known, levels, axis=0), 0, -1)
        offsets = quantiles - quantiles[..., len(levels) // 2, None]  # the median is what was chosen on dev
        return dataclasses.replace(base, offsets=offsets)
    of_train, ahead = _normalised_errors(base, train, normalisation), valid.specification.ahead
    by_variable = [
        offsets_of_few(errors[..., n], of_train[..., n], ahead, independent, levels)
        for n in range(errors.shape[-1])
    ]
    return dataclasses.replace(base, offsets=np.stack(by_variable, axis=1))


def _normalised_errors(base: BaseForecast, windows: Windows, normalisation: Normalisation) -> np.ndarray:
    """`(rows, steps, variables)`, of windows from all over a split."""
    sample = _Sample.of(windows, CHOSEN_ON)
    _, _, scale = normalisation(sample.before)
    forecast, after = base(sample.before), sample.after
    if normalisation.kind == "log":
        forecast, after = (normalisation.logarithm(values, sample.before) for values in (forecast, after))
    return (after - forecast) / scale


#: What each kind of normalisation leaves to be forecast.
_WINDOWS = {"none": "values", "last": "changes", "difference": "scaled changes", "log": "logarithms"}


def _one_a_family(ordered: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of those that differ in their penalty or their lags alone, the first."""
    first: dict[tuple[str, str], tuple[str, str]] = {}
    for kind, name in ordered:
        first.setdefault((kind, name.partition(" with penalty")[0].partition("(")[0]), (kind, name))
    return list(first.values())


def _part(members: Sequence[tuple[Sequence[LinearForecast], float]], total: float) -> Part:
    """The weighted mean of members, each with a forecast for every variable; their share is of this total weight."""
    weights = [weight for _, weight in members]
    matrices = [[one.matrix for one in by_variable] for by_variable, _ in members]
    constants = [[one.constant for one in by_variable] for by_variable, _ in members]
    matrix, constant = (np.average(arrays, axis=0, weights=weights) for arrays in (matrices, constants))
    return Part(sum(weights) / total, matrix, constant)


@dataclass(frozen=True)
class _Sample:
    """Windows from all over a split: raw values, what came, NaN where it was made up, and the units of errors.

    Attributes:
        before: `(rows, window, variables)`.
        after: `(rows, steps, variables)`.
        unit: `(rows, 1, variables)`.
    """

    before: np.ndarray
    after: np.ndarray
    unit: np.ndarray

    @classmethod
    def of(cls, windows: Windows, most: int) -> _Sample:
        which = np.unique(np.linspace(0, len(windows) - 1, min(most, len(windows))).astype(int))
        before = windows.raw(which, -windows.specification.window, 0)
        return cls(before, windows.truth(which), windows.unit_of(which))


def _error_on(sample: _Sample, base: BaseForecast) -> float:
    """Mean absolute error in the series' own units; infinite where a forecast is no number."""
    with np.errstate(over="ignore", invalid="ignore"):
        forecast = base(sample.before)
        error = float(known_mean(np.abs(forecast - sample.after) / sample.unit))
    return error if np.isfinite(forecast).all() else float("inf")


def _fit_kind(train: Windows, normalisation: Normalisation, season: int) -> dict[str, list[LinearForecast]]:
    """The candidates of one normalisation by name, each with a forecast for every variable."""
    window, variables = train.specification.window, len(train.scale)
    most = int(np.clip(SQUARES / window**2, ROWS_A_FEATURE * window, FITTED_ON))
    rows = _rows_of(_Sample.of(train, max(most // variables, 2)), normalisation)
    orders = {*LAGS, min(LAGS[-1], window)}
    lengths = sorted({*orders, *(lags + season for lags in orders if season > 1)})
    lagged = {
        length: _rows_of(_lagged(train, length), normalisation) for length in lengths if length <= window
    }
    if variables > SEPARATE:
        rows = [_Rows.joined(rows)]
        lagged = {length: [_Rows.joined(parts)] for length, parts in lagged.items()}
    by_variable: list[dict[str, LinearForecast]] = []
    for n, one in enumerate(rows):
        one_lagged = {length: parts[n] for length, parts in lagged.items()}
        candidates = dict(_candidates(one, one_lagged, train, normalisation.kind, season))
        if normalisation.kind in ("last", "log"):
            candidates |= _ets(train, n if variables <= SEPARATE else None, normalisation.kind, season)
        by_variable.append(candidates)
    by_variable *= variables // len(by_variable)
    names = [name for name in by_variable[0] if all(name in fitted for fitted in by_variable)]
    return {name: [fitted[name] for fitted in by_variable] for name in names}


@dataclass(frozen=True)
class _Rows:
    """Of one variable: normalised windows `(rows, window)`, what came `(rows, steps)`, weights of errors `(rows,)`."""

    before: np.ndarray
    after: np.ndarray
    weights: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[_Rows]) -> _Rows:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__annotations__))


def _rows_of(sample: _Sample, normalisation: Normalisation) -> list[_Rows]:
    """For each variable the rows of which everything is known; a row's weight makes its errors count in its unit."""
    z, shift, scale = normalisation(sample.before)
    after = sample.after
    size = scale / sample.unit
    if normalisation.kind == "log":
        after = normalisation.logarithm(after, sample.before)
        size = size * np.exp(shift)
    y = (after - shift) / scale
    rows = []
    for n in range(z.shape[2]):
        known = np.isfinite(y[:, :, n]).all(axis=1) & np.isfinite(size[:, 0, n])
        weights = size[known, 0, n]
        usual = weights.mean() if len(weights) else 0.0
        rows.append(_Rows(z[known, :, n], y[known, :, n], weights / (usual or 1.0)))
    return rows


def _lagged(train: Windows, lags: int) -> _Sample:
    """Steps of all series of train with the `lags` values before them, also where no window would fit."""
    before, after, units = [], [], []
    most = max(LAGGED // len(train.series), 1)
    for n, series in enumerate(train.series):
        ends = np.arange(lags, len(series))
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, min(most, len(ends))).astype(int))]
        before.append(series.values[ends[:, None] + np.arange(-lags, 0)])
        after.append(fitted_to(series)[ends][:, None])
        units.append(np.broadcast_to(train.units[n], (len(ends), 1, len(train.scale))))
    return _Sample(np.concatenate(before), np.concatenate(after), np.concatenate(units))


def _candidates(
    rows: _Rows, lagged: Mapping[int, _Rows], train: Windows, kind: str, season: int
) -> Iterator[tuple[str, LinearForecast]]:
    """Linear forecasts of one variable by name, of all scored steps."""
    specification = train.specification
    window, horizon = specification.window, specification.horizon
    of_scored = partial(_of_scored, specification=specification)
    if kind != "none":
        yield "last value", of_scored(linear.last_season(window, horizon, 1))
        yield "drift", of_scored(linear.drift(window, horizon))
        if 1 < season <= window:
            yield "last season", of_scored(linear.last_season(window, horizon, season))
        if len(rows.before):
            tried = map(of_scored, linear.smoothings(window, horizon, season))
            yield "smoothing", _best_on(rows, tried)
    for name, coefficients, constant in _autoregressions(lagged, season):
        yield name, of_scored(linear.iterated(coefficients, constant, window, horizon))
    yield from _ridges(rows)


def _ets(train: Windows, variable: int | None, kind: str, season: int) -> dict[str, LinearForecast]:
    """Exponential smoothing by the medians of the parameters that series have each by themselves.

    Args:
        variable: whose series are meant; None for those of all.
        kind: `log` for logarithms.
    """
    variables = range(len(train.scale)) if variable is None else [variable]
    every = [(n, v) for n in range(len(train.series)) for v in variables]
    chosen = np.unique(np.linspace(0, len(every) - 1, min(SMOOTHED_SERIES, len(every))).astype(int))
    columns = [train.series[n].values[-SMOOTHED_STEPS:, v] for n, v in (every[c] for c in chosen)]
    window, horizon = train.specification.window, train.specification.horizon
    usual = season if window >= 2 * season else 1
    columns = [column for column in columns if season_of(len(column), usual) == usual]
    columns = [
        np.log(column) if kind == "log" else column for column in columns if len(column) >= FEWEST_STEPS
    ]
    if not columns:
        return {}
    level, slope, seasonal, damping = map(np.median, exponential_smoothing.fit(columns, usual).parameters())
    forecast = linear.smoothing(
        window,
        horizon,
        level,
        slope / level,
        damping,
        seasonal if usual > 1 else None,
        season,
        min(LINE, window),
    )
    return {"ETS": _of_scored(forecast, train.specification)}


def _of_scored(forecast: LinearForecast, specification: WindowSpecification) -> LinearForecast:
    scored = slice(specification.horizon - specification.scored, specification.horizon)
    return LinearForecast(forecast.matrix[:, scored], forecast.constant[scored])


def _best_on(rows: _Rows, forecasts: Iterator[LinearForecast]) -> LinearForecast:
    """The one of the least mean absolute error on rows from all over train."""
    which = np.unique(np.linspace(0, len(rows.before) - 1, SMOOTHED_ON).astype(int))
    before, after, weights = rows.before[which], rows.after[which], rows.weights[which, None]

    def error(forecast: LinearForecast) -> float:
        return float((np.abs(forecast(before) - after) * weights).mean())

    return min(forecasts, key=error)


def _autoregressions(lagged: Mapping[int, _Rows], season: int) -> Iterator[tuple[str, np.ndarray, float]]:
    """Name, coefficients and constant of autoregressions of values and of seasonal differences.

    There is none of so many lags that train has fewer than two rows for each. Of values from which the last one is
    subtracted, it is one of differences.

    Args:
        lagged: rows by how many values they hold.
    """
    for lags in lagged:
        rows = lagged.get(lags) if lags <= LAGS[-1] else None
        if rows and 2 * lags <= len(rows.before):
            fitted = linear.autoregression(rows.before, rows.after[:, 0], rows.weights)
            yield f"AR({lags})", _of_any_level(fitted[0], rows.before), fitted[1]
        rows = lagged.get(lags + season) if season > 1 else None
        if rows and 2 * lags <= len(rows.before):
            changes = rows.before[:, season:] - rows.before[:, :-season]
            after = rows.after[:, 0] - rows.before[:, lags]
            fitted = linear.autoregression(changes, after, rows.weights)
            yield f"seasonal AR({lags})", linear.of_differences(fitted[0], season), fitted[1]


def _of_any_level(coefficients: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Where the last value was subtracted, the coefficient of it is what keeps forecasts at any level: the sum is 1."""
    if z[:, -1].any():
        return coefficients
    return np.concatenate([[1 - coefficients[1:].sum()], coefficients[1:]])


def _ridges(rows: _Rows) -> Iterator[tuple[str, LinearForecast]]:
    if len(rows.before) <= 3:
        return
    for penalty in linear.PENALTIES:
        name = f"ridge regression with penalty {penalty:g}"
        yield name, linear.ridge(rows.before, rows.after, rows.weights, penalty)
    if len(rows.before) > ROWS_A_FEATURE * rows.before.shape[1]:
        for penalty in linear.PENALTIES[:2]:
            name = f"least absolute regression with penalty {penalty:g}"
            yield name, linear.least_absolute(rows.before, rows.after, rows.weights, penalty)
