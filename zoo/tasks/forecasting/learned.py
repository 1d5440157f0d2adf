"""What the forecasting task learns from its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from zoo.tasks.forecasting.base_forecast import BaseForecast
from zoo.tasks.forecasting.options import Options
from zoo.tasks.forecasting.windows import WindowSpecification

#: Options that go by the data where they are not given.
CHOSEN = ("window", "horizon", "season", "normalise")


@dataclass(frozen=True)
class Learned:
    """Names and scaling of the columns. See `zoo.tasks.base.Learned`.

    Attributes:
        options: of the task.
        specification: of every window.
        variables, past, future: names of what is forecast, and of past and future covariates.
        step: pandas' name of the step.
        season: steps of a season, 1 for none.
        statistics: `mean` and `deviation` in train of `values`, `past` and `future`, the calendar included.
        base: names and normalisations of what the model corrects; None where it starts from the window's level.
        spread: see `zoo.tasks.forecasting.normalisation`; of the variables, none where no logarithms are taken.
        different_size: whether series differ in size so much that each should count in its own unit.
        as_read: how the tables of the data were read, for those that are to be continued; see `TimeSeries.as_read`.
    """

    options: Options
    specification: WindowSpecification
    variables: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    step: str
    season: int
    statistics: Mapping[str, tuple[np.ndarray, np.ndarray]]
    as_read: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    base: BaseForecast | None = None
    spread: tuple[float, ...] = ()
    different_size: bool = False

    @property
    def scale(self) -> np.ndarray:
        """Standard deviations of the variables in train, `(variables,)`, in which losses are measured."""
        return self.statistics["values"][1]

    def to_json(self) -> dict[str, object]:
        """See `zoo.tasks.base.Learned`."""
        statistics = {
            name: [mean.tolist(), deviation.tolist()] for name, (mean, deviation) in self.statistics.items()
        }
        return {
            "variables": list(self.variables), "past": list(self.past), "future": list(self.future),
            "step": self.step, "season": self.season, "statistics": statistics,
            "cycles": list(self.specification.cycles), "step_seconds": self.specification.step_seconds,
            "as_read": {name: list(texts) for name, texts in self.as_read.items()},
            "base": None if self.base is None else {
                "members": list(self.base.members), "kinds": list(self.base.kinds),
            },
            "spread": list(self.spread),
            "different_size": self.different_size,
            "chosen": {name: getattr(self.options, name) for name in CHOSEN},
        }  # fmt: skip
