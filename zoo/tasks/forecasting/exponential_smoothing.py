"""Exponential smoothing of many series at once: ETS(A, Ad, A), additive errors, damped trend, and a season or none.

    e_t = y_t - (l_{t-1} + φ b_{t-1} + s_{t-m})
    l_t = l_{t-1} + φ b_{t-1} + α e_t
    b_t = φ b_{t-1} + β e_t
    s_t = s_{t-m} + γ e_t

A forecast h steps ahead is l + (φ + … + φ^h) b + s, and the variance of its error σ² (1 + c_1² + … + c_{h-1}²), where
c_j = α + β (φ + … + φ^j) + γ [m divides j] (Hyndman et al. 2008, tables 2.1 and 6.2). The parameters have the least
squared error one step ahead in train, with 0 < β < α < 1, 0 < γ < 1 - α and 0.8 ≤ φ ≤ 0.98 as statsmodels bounds them.
They are found by a pattern search for all series side by side: fitted one after the other, thousands take minutes.

Within these bounds the recursion can still grow with every season, slowly enough to have the least error in train, and
lead astray in what is longer. Then β and γ are made smaller until it does not: states that are off by d are off by D d
one step later, and no eigenvalue of D may be larger than 1 (section 10.2 of the same; 1 itself is that of a constant
that moves from the level to all of the season and changes no forecast).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

#: Steps at the beginning of a series that its first level and slope are a line through.
FIRST = 10
#: Seasons that a series must have, and seasons at the beginning whose mean is the first one.
SEASONS, FIRST_SEASONS = 2, 5
DAMPING = (0.8, 0.98)
#: Shares that the search may try, and where it begins: of α, of β in α, of γ in 1 - α, of φ between its bounds.
BOUNDS = (1e-4, 1 - 1e-4)
STARTS = ((0.1, 0.1, 0.1, 0.5), (0.5, 0.1, 0.1, 0.5), (0.9, 0.1, 0.1, 0.5), (0.3, 0.01, 0.01, 0.9))
STRIDE, LAST_STRIDE = 0.2, 0.004
#: Numbers that are held at once: series times steps.
CHUNK = 4_000_000
#: By so much an eigenvalue may seem larger than 1, and by this factor β and γ are made smaller where one is.
TOLERANCE, SMALLER = 1e-7, 0.8


@dataclass(frozen=True)
class Smoothing:
    """What is fitted, an entry a series.

    Attributes:
        shares: `(4, series)`: see `BOUNDS`.
        season: steps of a season, 1 for none.
        deviation: `(series,)` of the errors one step ahead.
    """

    shares: np.ndarray
    season: int
    deviation: np.ndarray

    def take(self, which: slice | np.ndarray) -> Smoothing:
        """Some of the series."""
        return Smoothing(self.shares[:, which], self.season, self.deviation[which])

    def parameters(self) -> tuple[np.ndarray, ...]:
        """α, β, γ and φ, `(series,)` each."""
        return _parameters(self.shares, self.season)

    def spread(self, steps: int) -> np.ndarray:
        """The deviation of the error of a forecast 1 to `steps` ahead, `(series, steps)`."""
        level, slope, season, damping = _parameters(self.shares, self.season)
        ahead = np.arange(1, steps)
        growth = np.cumsum(damping[:, None] ** ahead, axis=1)
        weights = level[:, None] + slope[:, None] * growth
        weights = weights + season[:, None] * (ahead % self.season == 0)
        variances = 1 + np.concatenate([np.zeros((len(level), 1)), np.cumsum(weights**2, axis=1)], axis=1)
        return self.deviation[:, None] * np.sqrt(variances)


def season_of(length: int, season: int) -> int:
    """The steps of a season that a series of this length has enough seasons for; 1 for none."""
    return season if length >= SEASONS * season + FIRST else 1


def fit(columns: Sequence[np.ndarray], season: int) -> Smoothing:
    """The parameters of series `(steps,)`, which may differ in length.

    Args:
        columns: at least as long as `season_of` takes.
        season: steps of a season, 1 for none.
    """
    size = max(1, CHUNK // max(map(len, columns), default=1) // (2 * len(STARTS)))
    parts = [_fit(columns[first : first + size], season) for first in range(0, len(columns), size)]
    shares, deviation = (np.concatenate(of_parts, axis=-1) for of_parts in zip(*parts, strict=True))
    return Smoothing(shares, season, deviation)


def _fit(columns: Sequence[np.ndarray], season: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares `(4, series)` and deviations `(series,)`."""
    values = _aligned(columns)
    states = _first_states(values, season)
    starts = np.repeat(np.array(STARTS)[:, :, None], len(columns), axis=2)
    errors = _squared_errors(values, starts, states, season)
    best, least = _pick(starts, errors)
    stride = np.full(len(columns), STRIDE)
    while (stride > LAST_STRIDE).any():
        around = np.clip(best + _compass(season) * stride, *BOUNDS)
        nearby, errors = _pick(around, _squared_errors(values, around, states, season))
        better = errors < least
        best, least = np.where(better, nearby, best), np.where(better, errors, least)
        stride = np.where(better, stride, stride / 2)
    stable = _stable(best, season)
    moved = (stable != best).any(axis=0)
    if moved.any():
        of_moved = _States(states.level[moved], states.slope[moved], states.season[:, moved])
        least[moved] = _squared_errors(values[:, moved], stable[None][:, :, moved], of_moved, season)[0]
    return stable, np.sqrt(least / (~np.isnan(values)).sum(axis=0))


def _stable(shares: np.ndarray, season: int) -> np.ndarray:
    """The shares `(4, series)`, with less of slope and season where the recursion would grow with every season."""
    if season == 1:
        return shares
    shares, growing = shares.copy(), np.arange(shares.shape[1])
    while True:
        parameters = zip(*_parameters(shares[:, growing], season), strict=True)
        radius = np.array([_radius(of_one, season) for of_one in parameters])
        growing = growing[radius > 1 + TOLERANCE]
        if not len(growing):
            return shares
        shares[1:3, growing] *= SMALLER


def _radius(parameters: Sequence[float], season: int) -> float:
    """The largest eigenvalue, by its size, of D for the states level, slope and the season from the last step back."""
    level, slope, seasonal, damping = parameters
    error = np.zeros(2 + season)  # by what the next error changes with each state
    error[[0, 1, -1]] = -1.0, -damping, -1.0
    carried = np.zeros((2 + season, 2 + season))
    carried[0, :2] = 1.0, damping
    carried[1, 1] = damping
    carried[2, -1] = 1.0
    carried[np.arange(3, 2 + season), np.arange(2, 1 + season)] = 1.0
    gain = np.zeros(2 + season)
    gain[:3] = level, slope, seasonal
    return float(np.abs(np.linalg.eigvals(carried + np.outer(gain, error))).max())


def _pick(shares: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of candidates `(candidates, 4, series)` the one with the least error of each series, and that error."""
    which = np.argmin(errors, axis=0)
    everyone = np.arange(len(which))
    return shares[which, :, everyone].T, errors[which, everyone]


def _compass(season: int) -> np.ndarray:
    """One stride up and down each share, `(candidates, 4, 1)`; that of the season only where there is one."""
    axes = [0, 1, 2, 3] if season > 1 else [0, 1, 3]
    return np.concatenate([np.eye(4)[axes], -np.eye(4)[axes]])[:, :, None]


def _parameters(shares: np.ndarray, season: int) -> tuple[np.ndarray, ...]:
    """α, β, γ and φ, from shares `(…, 4, series)`; γ is 0 without a season."""
    level, slope, seasonal, damping = np.moveaxis(shares, -2, 0)
    least, most = DAMPING
    return level, slope * level, seasonal * (1 - level) * (season > 1), least + (most - least) * damping


# ------------------------------------------------------------------------------------------ states


@dataclass
class _States:
    """Level and slope `(…, series)`, and the last season `(season, …, series)`, of which step t is at t modulo m."""

    level: np.ndarray
    slope: np.ndarray
    season: np.ndarray

    def copied(self, shape: tuple[int, ...]) -> _States:
        """A copy of this shape."""
        level, slope = (np.broadcast_to(part, shape).copy() for part in (self.level, self.slope))
        season = self.season.reshape(len(self.season), *[1] * (len(shape) - 1), shape[-1])
        return _States(level, slope, np.broadcast_to(season, (len(season), *shape)).copy())


def _aligned(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Series side by side from their first values on, `(steps, series)`, NaN behind the last value of each."""
    values = np.full((max(map(len, columns), default=0), len(columns)), np.nan)
    for n, column in enumerate(columns):
        values[: len(column), n] = column
    return values


def _first_season(values: np.ndarray, season: int) -> np.ndarray:
    """The mean of the first whole seasons around a line through their means, `(season, series)`; it sums up to 0."""
    rows = min(FIRST_SEASONS, len(values) // season) * season
    blocks = values[:rows].reshape(-1, season, values.shape[1])
    count = (~np.isnan(blocks).any(axis=1)).sum(axis=0)
    whole = np.arange(len(blocks))[:, None, None] < count
    middle = blocks.mean(axis=1)
    rise = (middle[count - 1, np.arange(len(count))] - middle[0]) / (np.maximum(count - 1, 1) * season)
    apart = np.where(whole, blocks - middle[:, None], 0.0).sum(axis=0) / count
    apart = apart - rise * (np.arange(season) - (season - 1) / 2)[:, None]
    return apart - apart.mean(axis=0)


def _first_states(values: np.ndarray, season: int) -> _States:
    """Where the recursion begins: a line through the first steps, without the first season."""
    first_season = _first_season(values, season) if season > 1 else np.zeros((1, values.shape[1]))
    steps = np.arange(min(FIRST, len(values)))
    given = values[steps] - first_season[steps % season]
    known = ~np.isnan(given)
    count = known.sum(axis=0)
    time = np.where(known, steps[:, None] + 1.0, 0.0)
    mean_time, mean = time.sum(axis=0) / count, np.where(known, given, 0.0).sum(axis=0) / count
    apart = np.where(known, time - mean_time, 0.0)
    squares = (apart**2).sum(axis=0)
    products = (apart * np.where(known, given - mean, 0.0)).sum(axis=0)
    slope = np.divide(products, squares, out=np.zeros_like(products), where=squares > 0)
    return _States(mean - slope * mean_time, slope, first_season)


def _squared_errors(values: np.ndarray, shares: np.ndarray, first: _States, season: int) -> np.ndarray:
    """The sum of squared errors one step ahead, `(candidates, series)`; infinite where it is no number."""
    total = np.zeros((len(shares), values.shape[1]))
    with np.errstate(over="ignore", invalid="ignore"):
        for errors, _ in _recursion(values, shares, first, season):
            total += errors * errors
    return np.where(np.isfinite(total), total, np.inf)


def _recursion(
    values: np.ndarray, shares: np.ndarray, first: _States, season: int
) -> Iterator[tuple[np.ndarray, _States]]:
    """Errors and states after each step; the states are written over at the next. Unknown values have no error."""
    level, slope, seasonal, damping = _parameters(shares, season)
    states = first.copied(level.shape)
    for step, row in enumerate(values):
        at = step % season
        states.slope *= damping
        states.level += states.slope
        errors = row - states.level - states.season[at] if season > 1 else row - states.level
        errors[..., np.isnan(row)] = 0.0
        states.level += level * errors
        states.slope += slope * errors
        if season > 1:
            states.season[at] += seasonal * errors
        yield errors, states


# ------------------------------------------------------------------------------------------ forecasts


def roll(
    columns: Sequence[np.ndarray], fitted: Smoothing, origins: Sequence[np.ndarray], ahead: np.ndarray
) -> Iterator[np.ndarray]:
    """Forecasts from the states just before each origin, of each series `(origins, steps)`.

    Args:
        columns: series `(steps,)` up to the last origin or beyond.
        fitted: their parameters.
        origins: of each series the steps that forecasts begin with, from 1 on.
        ahead: `(steps,)` how many steps ahead, from 1 on.
    """
    size = max(1, CHUNK // max(map(len, columns), default=1))
    for start in range(0, len(columns), size):
        chosen = slice(start, start + size)
        yield from _roll(columns[chosen], fitted.take(chosen), origins[chosen], ahead)


def _roll(
    columns: Sequence[np.ndarray], fitted: Smoothing, origins: Sequence[np.ndarray], ahead: np.ndarray
) -> Iterator[np.ndarray]:
    values, season = _aligned(columns), fitted.season
    first = _first_states(values, season)
    levels, slopes = np.empty_like(values), np.empty_like(values)
    seasons = np.concatenate([first.season, np.empty_like(values)])  # step t is at t + m
    for step, (_, states) in enumerate(_recursion(values, fitted.shares, first, season)):
        levels[step], slopes[step], seasons[step + season] = (
            states.level,
            states.slope,
            states.season[step % season],
        )
    damping = _parameters(fitted.shares, season)[3]
    growth = np.cumsum(damping[:, None] ** np.arange(1, ahead[-1] + 1), axis=1)[:, ahead - 1]
    for n, of_series in enumerate(origins):
        forecasts = levels[of_series - 1, n][:, None] + growth[n] * slopes[of_series - 1, n][:, None]
        yield forecasts + seasons[of_series[:, None] + (ahead - 1) % season, n] * (season > 1)
