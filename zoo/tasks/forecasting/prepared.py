"""The options of the forecasting task, and what it learns from its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Split
from datasets.errors import UserError
from datasets.options import option

if TYPE_CHECKING:
    from zoo.tasks.forecasting.windows import Windows, WindowSpecification


@dataclass(frozen=True)
class Options:
    """What is special to forecasts."""

    window: int = option(48, "steps that a forecast reads", minimum=1)
    horizon: int = option(24, "steps that are forecast", minimum=1)
    only_last: bool = option(False, "forecast the last step of the horizon alone, not those before it")
    decoder: str = option(
        "direct", "how the steps are forecast", choices=("direct", "autoregressive", "segments")
    )
    segment: int = option(24, "steps of a block, for --decoder segments", minimum=1)
    channels: str = option(
        "together", "whether each variable is read by itself", choices=("together", "independent")
    )
    normalise: str = option(
        "last",
        "of each window: subtract its last value, or standardise it by itself, or by train",
        choices=("last", "standard", "none"),
    )
    skip: str = option("none", "add a linear map of the window to the forecasts", choices=("none", "linear"))
    calendar: bool = option(True, "read the hour, the day and the time of year off the time stamps")
    quantiles: int = option(9, "evenly spaced quantiles, an odd number; 1 gives point forecasts", minimum=1)
    loss: str = option("mae", "of point forecasts", choices=("mae", "mse", "huber"))
    stride: int = option(1, "steps between the origins of training windows", minimum=1)
    season: int = option(0, "steps of a season, for the rows and MASE; 0 goes by the step", minimum=0)
    ar_lags: int = option(0, "lags of the AR row; 0 takes the window, 24 at most", minimum=0)
    ets: bool = option(True, "also fit the ETS row, which takes longest")

    def __post_init__(self) -> None:
        """Refuse an even number of quantiles: the point forecast is the median."""
        if self.quantiles % 2 == 0:
            raise UserError(
                f"--quantiles {self.quantiles}: give an odd number, so that the median is among them"
            )


@dataclass(frozen=True)
class Prepared:
    """Series as windows. See `zoo.tasks.base.Prepared`.

    Attributes:
        statistics: `mean` and `deviation` in train of `values`, `past` and `future`, the calendar included.
        mase_scale: `(series of train, variables)`.
    """

    options: Options
    specification: WindowSpecification
    variables: tuple[str, ...]
    past: tuple[str, ...]
    future: tuple[str, ...]
    step: str
    season: int
    statistics: Mapping[str, tuple[np.ndarray, np.ndarray]]
    names: tuple[str, ...] = ()
    mase_scale: Any = None
    train: Any = None
    valid: Any = None
    notes: tuple[str, ...] = ()
    test_split: Split | None = None
    fitted: dict[str, Any] = field(default_factory=dict)

    def test(self) -> Any:
        """See `zoo.tasks.base.Prepared`."""
        if self.test_split is None or self.train is None:
            return None
        return self.windows(self.test_split, "test", self.train.batch_size)

    def windows(self, split: Split, what: str, batch_size: int, stride: int = 1) -> Windows:
        """The windows of a split."""
        from zoo.tasks.forecasting.windows import windows_of

        return windows_of(
            split,
            self.specification,
            names=self.names,
            what=what,
            batch_size=batch_size,
            stride=stride,
            scale=self.statistics["values"][1],
        )

    def to_json(self) -> dict[str, Any]:
        """See `zoo.tasks.base.Prepared`."""
        statistics = {
            name: [mean.tolist(), deviation.tolist()] for name, (mean, deviation) in self.statistics.items()
        }
        return {
            "variables": list(self.variables), "past": list(self.past), "future": list(self.future),
            "step": self.step, "season": self.season, "statistics": statistics,
            "cycles": list(self.specification.cycles), "step_seconds": self.specification.step_seconds,
        }  # fmt: skip
