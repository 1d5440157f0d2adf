"""Options of forecasting: of the task and of its answers."""

from __future__ import annotations

from dataclasses import dataclass

from datasets.errors import UserError
from datasets.options import option
from datasets.series.numbers import SEPARATORS

#: How windows are normalised; see `zoo.tasks.forecasting.normalisation`.
KINDS = ("last", "standard", "none", "difference", "log")


@dataclass(frozen=True)
class Options:
    """What is special to forecasts."""

    window: int | None = option(
        None, "steps that a forecast reads (default: by the step and the length of the series)", minimum=1
    )
    horizon: int | None = option(
        None,
        "steps that are forecast (default: those of the file's test steps, where it says them, else by the step)",
        minimum=1,
    )
    only_last: bool = option(False, "forecast the last step of the horizon alone, not those before it")
    decoder: str = option(
        "direct", "how the steps are forecast", choices=("direct", "autoregressive", "segments")
    )
    segment: int = option(24, "steps of a block, for --decoder segments", minimum=1)
    channels: str = option(
        "together", "whether each variable is read by itself", choices=("together", "independent")
    )
    normalise: str = option(
        "auto",
        "of each window: subtract its last value (and divide by train's deviation, by the window's mean difference, or "
        "the same of logarithms), or standardise it by itself, or by train; auto goes by the data",
        choices=("auto", *KINDS),
    )
    base: str = option(
        "auto", "what the model corrects: the mean of the linear forecasts that are best on dev, or none",
        choices=("auto", "none"),
    )  # fmt: skip
    skip: str = option("none", "add a linear map of the window to the forecasts", choices=("none", "linear"))
    calendar: bool = option(True, "read the hour, the day and the time of year off the time stamps")
    quantiles: int = option(
        9, "evenly spaced quantiles, an odd number; 1 gives point forecasts", minimum=1, maximum=999
    )
    calibrate: bool = option(True, "after training, make intervals as wide as the dev split asks for")
    log_returns: bool = option(
        False, "score log returns from the window's last value, and their direction; takes --normalise log"
    )
    loss: str = option("mae", "of point forecasts", choices=("mae", "mse", "huber"))
    stride: int | None = option(
        None, "steps between the origins of training windows (default: by how many there are)", minimum=1
    )
    epoch_windows: int = option(
        50_000, "windows of an epoch at most, others in each; 0: all of them", minimum=0
    )
    season: int = option(0, "steps of a season, for the rows and MASE; 0 goes by the step", minimum=0)
    ar_lags: int = option(0, "lags of the AR row; 0 takes the window, 24 at most", minimum=0)
    ets: bool = option(True, "also fit the ETS row, which takes longest")

    def check_loss(self) -> None:
        """Refuse a loss that has no part in training: quantiles have their own, the pinball loss; raises UserError."""
        if self.loss != "mae" and self.quantiles > 1:
            raise UserError(
                f"--loss {self.loss}: is of point forecasts, and --quantiles {self.quantiles} asks for quantiles; "
                "give --quantiles 1 as well"
            )

    def __post_init__(self) -> None:
        """Refuse an even number of quantiles, for the point forecast is the median, and returns that are no ratios."""
        if self.quantiles % 2 == 0:
            raise UserError(
                f"--quantiles {self.quantiles}: give an odd number, so that the median is among them"
            )
        if self.log_returns and self.normalise not in ("auto", "log"):
            raise UserError(
                f"--normalise {self.normalise}: --log-returns goes with log; leave one of them out"
            )


@dataclass(frozen=True)
class AnswerOptions:
    """How a file of series to continue is read, and what is told of each forecast."""

    fill: str | None = option(
        None,
        "what stands in for missing steps and values of a file (default: as in training)",
        choices=("none", "last", "linear", "zero"),
    )
    date_format: str | None = option(None, "how its time stamps are written (default: as in training)")
    day_first: bool | None = option(None, "whether 01/02/2024 is 1 February (default: as in training)")
    decimal: str | None = option(
        None, "the sign before decimals (default: as in training)", choices=("auto", "point", "comma")
    )
    thousands: str | None = option(
        None, "the sign between thousands (default: as in training)", choices=tuple(SEPARATORS)
    )
    log_returns: bool = option(False, "also tell the log return of each forecast from the last value")
    pieces: bool = option(
        False, "also tell what each forecast is the sum of: base forecast, correction, calendar"
    )

    @property
    def writing(self) -> dict[str, object]:
        """What is said of how the file is written, by the fields of `datasets.series.time_stamps.Writing`."""
        said = {name: getattr(self, name) for name in ("date_format", "day_first", "decimal", "thousands")}
        return {name: value for name, value in said.items() if value is not None}
