"""What a model starts from and in which unit it works: the base forecast and the normalisation, chosen by the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import UserError
from zoo.tasks.forecasting import base_forecast
from zoo.tasks.forecasting.base_forecast import BaseForecast
from zoo.tasks.forecasting.losses import levels
from zoo.tasks.forecasting.normalisation import Normalisation, spread_of_logarithms
from zoo.tasks.forecasting.options import Options
from zoo.tasks.forecasting.scales import error_units
from zoo.tasks.forecasting.windows import Windows, truth

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries

#: So many times the unit of the calmest series, and series are of different size.
DIFFERENT = 10.0
#: By so much logarithms must be better than values, on dev, for their differences to be taken.
CLEARLY = 0.98


def error_units_of(
    series: list[TimeSeries], season: int, options: Options, deviation: np.ndarray
) -> np.ndarray:
    """In which errors count, `(series, variables)`: each series' own; train's deviation where that is asked for."""
    if options.normalise in ("last", "standard", "none"):
        return np.broadcast_to(deviation, (len(series), len(deviation)))
    return error_units([truth(each) for each in series], season)


def normalisations_of(
    trained: list[TimeSeries], units: np.ndarray, statistics: tuple[np.ndarray, np.ndarray], options: Options
) -> tuple[dict[str, Normalisation], tuple[float, ...]]:
    """The kinds of normalisation that may be taken, the likeliest first, and the spread of logarithms."""
    parts = [each.values for each in trained]
    kinds = dict.fromkeys(kinds_to_try(parts, units))
    if options.normalise != "auto":
        kinds = {options.normalise: None, **kinds}
    if "log" in kinds and not all((part > 0).all() for part in parts):
        raise UserError("--normalise log needs positive values in train; give --normalise difference")
    spread = tuple(spread_of_logarithms(parts).tolist()) if "log" in kinds else ()
    mean, deviation = (statistic.tolist() for statistic in statistics)
    return {kind: Normalisation(kind, mean, deviation, spread) for kind in kinds}, spread


def kinds_to_try(parts: Sequence[np.ndarray], units: np.ndarray) -> tuple[str, ...]:
    """Normalisations that fit the series of train.

    Args:
        parts: values of each.
        units: `(series, variables)`, what they usually change by.
    """
    kinds = ("difference", "last") if of_different_size(units) else ("last", "none")
    return (*kinds, "log") if all((part > 0).all() for part in parts) else kinds


def of_different_size(units: np.ndarray) -> bool:
    """Whether the series of any variable change by amounts far apart; `units (series, variables)`."""
    finite = np.where(np.isfinite(units) & (units > 0), units, np.nan)
    known = finite[:, ~np.isnan(finite).all(axis=0)]
    return bool(known.size and (np.nanmax(known, axis=0) > DIFFERENT * np.nanmin(known, axis=0)).any())


def notes(base: BaseForecast | None, kind: str, options: Options) -> Iterator[str]:
    """What was chosen, for people."""
    chosen = " (chosen by the data; --normalise says otherwise)" if options.normalise == "auto" else ""
    yield f"windows are normalised by {_EXPLAINED[kind]}{chosen}"
    if base is not None:
        yield (
            f"the model corrects a base forecast, mean error on dev {base.error:.3g} in each series' own unit, made of "
            f"{', '.join(base.members)} (--base none leaves it out)"
        )


#: What each kind of normalisation does, for people.
_EXPLAINED = {
    "last": "their last value and train's deviation", "standard": "their own mean and deviation",
    "none": "train's mean and deviation", "difference": "their last value and their own mean difference",
    "log": "their last value and their own mean difference, of logarithms",
}  # fmt: skip


def choose(
    train: Windows,
    valid: Windows,
    normalisations: Mapping[str, Normalisation],
    season: int,
    options: Options,
) -> tuple[BaseForecast | None, str]:
    """The base forecast, and the kind of the model's own normalisation.

    Args:
        normalisations: every kind that may be taken; the first is the kind where nothing speaks for another.
        season: steps of a season, 1 for none.
    """
    if options.base == "none" or options.decoder == "autoregressive":
        return None, _without_base(options, normalisations)
    tried = {kind: one for kind, one in normalisations.items() if kind != "standard"}
    base = base_forecast.fit(train, valid, tried, season)
    kind = options.normalise if options.normalise != "auto" else _kind(base)
    if options.quantiles > 1:
        base = base_forecast.with_offsets(base, train, valid, normalisations[kind], levels(options.quantiles))
    return base, kind


def _without_base(options: Options, normalisations: Mapping[str, Normalisation]) -> str:
    if options.normalise != "auto":
        return options.normalise
    return "log" if "difference" in normalisations and "log" in normalisations else next(iter(normalisations))


def _kind(base: BaseForecast) -> str:
    """Logarithms where they are better on dev, or no worse than the window's own differences."""
    first, *others = base.error_by_kind
    if "log" not in others:
        return first
    least = CLEARLY if first == "last" else 1 / CLEARLY
    return "log" if base.error_by_kind["log"] <= least * base.error_by_kind[first] else first
