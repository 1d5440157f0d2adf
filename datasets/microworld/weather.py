"""Weather stations of the small world: hourly readings with seasons, trend, covariates, noise and gaps. Synthetic.

With t the hour, the temperature of a station is

    trend·t + annual season + clear_t · daily swing - 6·s_t + noise,      s_t = 0.95·s_{t-1} + 0.05·cloud_t

where the cloud cover `cloud_t` in [0, 1] is forecast well, so known for future hours, and clear_t = 1 - cloud_t: a day
under clouds is flatter, and clouds chill for a day after they have gone. What s_t is now is not seen; the `humidity`,
known up to now, measures it. The daily swing times the clouds is no linear function of anything that is known, and s_t
is remembered over hours: a model must gate and remember. All but the noise can be forecast at any horizon, so the
noise is the ceiling.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from datasets.assembly.series import Cut, assemble
from datasets.base import Dataset
from datasets.microworld.generating import info_of
from datasets.options import check_fractions, check_range, option, require
from datasets.series.time_series import TimeSeries

if TYPE_CHECKING:
    import numpy as np

FIELDS = ("series", "start")
DAY, YEAR = 24, 24 * 365.2425
MEMORY = 0.95  # of the chill, an hour
VARIABLES = ("temperature", "wind")
WARM_UP = 200  # hours before the first reading


@dataclass(frozen=True)
class Options:
    """What weather to generate."""

    stations: int = option(3, "series")
    hours: int = option(1600, "readings of each station")
    variables: int = option(1, "readings to forecast: 1, the temperature, or 2, the wind as well")
    noise: float = option(0.5, "standard deviation of the readings' noise, in degrees; it is the ceiling")
    gaps: float = option(0.01, "share of the training span's readings that are lost and filled in")
    data_seed: int = option(0, "seed of the generated data")
    valid_fraction: float = option(0.2, "share of each series' steps for the dev split, after train")
    test_fraction: float = option(0.2, "share of each series' last steps for the test split; 0: none")

    def __post_init__(self) -> None:
        """Refuse sizes and shares that mean nothing."""
        check_range(self, ("stations",), 1, 10_000)
        check_range(self, ("hours",), 48, 1_000_000)
        require(self.variables in (1, 2), "variables", self.variables, "must be 1 or 2")
        require(0 <= self.noise < 1e6, "noise", self.noise, "must be from 0")
        require(0 <= self.gaps < 0.5, "gaps", self.gaps, "must be from 0 to below 0.5")
        check_fractions(self.valid_fraction, self.test_fraction)


def load(spec: str, options: Options) -> Dataset:
    """The stations of a seed, the same on every machine."""
    series = [_station(options, number) for number in range(options.stations)]
    notes = [
        f"{options.stations} stations, {options.hours:,} hourly readings of {', '.join(series[0].variables)} each"
    ]
    if options.gaps:
        notes.append(f"gaps: {options.gaps:.1%} of the training span was lost and is filled in linearly")
    ceiling = {"mae": options.noise * (2 / 3.141592653589793) ** 0.5, "rmse": options.noise}
    info = info_of(spec, options, FIELDS, ceiling, notes=tuple(notes))
    return assemble(info, series, Cut(options.valid_fraction, options.test_fraction))


def _station(options: Options, number: int) -> TimeSeries:
    import numpy as np

    random = np.random.default_rng([options.data_seed, number])
    hours = np.arange(-WARM_UP, options.hours)
    cloud = _clouds(random, len(hours))
    chill = _remember(cloud)
    daily = np.sin(2 * np.pi * (hours % DAY - 9) / DAY)
    annual = -np.cos(2 * np.pi * hours / YEAR)
    level, trend = random.normal(10, 2), random.normal(0, 2e-4)
    temperature = level + trend * hours + 8 * annual + 5 * (1 - cloud) * daily - 6 * chill
    wind = 6 + 4 * chill + 1.5 * (1 - cloud) * daily
    clean = np.stack([temperature, wind], axis=1)[WARM_UP:, : options.variables]
    values = clean + random.normal(0, options.noise, clean.shape)
    humidity = (chill + random.normal(0, 0.02, len(hours)))[WARM_UP:, None]
    lost = _lost(random, options)
    values[lost] = np.nan
    values = _joined(values)
    start = np.datetime64("2024-01-01T00:00:00", "s")
    time = start + np.arange(options.hours) * np.timedelta64(3600, "s")
    return TimeSeries(
        f"station {number + 1}", values, time, "h", humidity, cloud[WARM_UP:, None],
        VARIABLES[: options.variables], ("humidity",), ("cloud",),
    )  # fmt: skip


def _clouds(random: np.random.Generator, count: int) -> np.ndarray:
    """Cover in [0, 1] that changes over hours: a logistic curve of an autoregressive walk."""
    import numpy as np

    walk, state = np.empty(count), 0.0
    for n, push in enumerate(random.normal(0, 0.6, count)):
        state = 0.94 * state + push
        walk[n] = state
    return 1 / (1 + np.exp(-1.5 * walk))


def _remember(cloud: np.ndarray) -> np.ndarray:
    """The chill of the past clouds at each hour: s_t in the equation of this module."""
    import numpy as np

    left, state = np.empty(len(cloud)), 0.5
    for n, cover in enumerate(cloud):
        state = MEMORY * state + (1 - MEMORY) * cover
        left[n] = state
    return left


def _lost(random: np.random.Generator, options: Options) -> np.ndarray:
    """Which readings were lost: runs of up to six hours, none in the dev and test spans."""
    import numpy as np

    lost = np.zeros(options.hours, bool)
    train = int((1 - options.valid_fraction - options.test_fraction) * options.hours)
    while lost.sum() < options.gaps * train:
        start = random.integers(1, max(train - 7, 2))
        lost[start : start + random.integers(1, 7)] = True
    lost[max(train - 1, 1) :] = False
    return lost


def _joined(values: np.ndarray) -> np.ndarray:
    """The readings, with missing ones on the straight line between their neighbours."""
    import numpy as np

    steps = np.arange(len(values))
    for column in values.T:
        missing = np.isnan(column)
        column[missing] = np.interp(steps[missing], steps[~missing], column[~missing])
    return values
