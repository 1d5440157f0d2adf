"""Forecasting: the past of one or many series → their next values, with intervals. Many to many, over numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.options import option
from zoo.tasks.base import Metrics

if TYPE_CHECKING:
    from datasets.assembly.series import TimeSeries
    from zoo.tasks.forecasting.windows import Geometry, Truth, Windows


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
class AnswerOptions:
    """How a file of series to continue is read."""

    fill: str = option(
        "none",
        "what stands in for missing steps and values of a file",
        choices=("none", "last", "linear", "zero"),
    )


#: Steps of a season by pandas' name of the step.
SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "min": 60}
MOST_LAGS = 24


@dataclass(frozen=True)
class Prepared:
    """Series as windows. See `zoo.tasks.base.Prepared`.

    Attributes:
        statistics: `mean` and `deviation` in train of `values`, `past` and `future`, the calendar included.
        mase_scale: `(series of train, variables)`.
    """

    options: Options
    geometry: Geometry
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
            self.geometry,
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
            "cycles": list(self.geometry.cycles), "step_seconds": self.geometry.step_seconds,
        }  # fmt: skip


class Forecasting:
    """See `zoo.tasks.base.Task`."""

    summary = "past values → next values with intervals (many to many over numbers)"
    fields = ("series", "start")
    input_field = "series"
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, Any] = {"batch_size": 64, "learning_rate": 4e-3, "dropout": 0.0, "patience": 3}
    monitor = ("loss", "min")
    headline = ("mae", "rmse", "mase", "mse_scaled", "rse", "crps", "coverage")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared:
        """Learn scaling on train, and lay windows over the splits."""
        from zoo.tasks.forecasting.metrics import seasonal_difference

        train: list[TimeSeries] = [example["series"] for example in dataset.train]
        if not train:
            raise UserError("the training split has no series")
        first = train[0]
        geometry = _geometry(options, first)
        season = _season(options, train)
        prepared = Prepared(
            options, geometry, first.variables, first.past_names, first.future_names, first.step, season,
            _statistics(train, geometry), tuple(one.name for one in train),
            np.stack([seasonal_difference(one.values, season) for one in train]),
            test_split=dataset.test,
        )  # fmt: skip
        windows = prepared.windows(dataset.train, "train", batch_size, options.stride)
        valid = prepared.windows(dataset.valid, "dev", batch_size)
        return _with(prepared, train=windows, valid=valid, notes=(_note(windows, valid, season),))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.forecasting.layers  # noqa: F401  (registered, they can be loaded)
        from zoo.tasks.forecasting.windows import Geometry

        geometry = Geometry(
            options.window,
            options.horizon,
            options.only_last,
            tuple(stored["cycles"]),
            stored["step_seconds"],
        )
        statistics = {
            name: (np.array(mean), np.array(deviation))
            for name, (mean, deviation) in stored["statistics"].items()
        }
        variables, past, future = (tuple(stored[kind]) for kind in ("variables", "past", "future"))
        step, season = stored["step"], stored["season"]
        return Prepared(options, geometry, variables, past, future, step, season, statistics)

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """See `zoo.tasks.forecasting.model`."""
        from zoo.tasks.forecasting.model import Scales, build_model

        return build_model(prepared.geometry, Scales(**prepared.statistics), recurrent, options)

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """None: the rows that need no training say more than a mean of the window."""
        return {}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """The pinball or the point loss `(batch,)`; see `zoo.tasks.forecasting.losses`."""
        from zoo.tasks.forecasting.losses import loss

        return loss(targets, predictions)

    # ---- metrics

    def score(self, prepared: Prepared, predictions: np.ndarray, targets: Truth) -> Metrics:
        """See `zoo.tasks.forecasting.metrics`; all are NaN where a forecast is not finite."""
        from zoo.tasks.forecasting.losses import DELTAS
        from zoo.tasks.forecasting.metrics import score

        if not np.isfinite(predictions).all():
            return dict.fromkeys(("mae", "rmse", "loss"), float("nan"))
        assert prepared.mase_scale is not None
        return score(
            predictions,
            targets,
            scale=prepared.statistics["values"][1],
            mase_scale=prepared.mase_scale,
            delta=DELTAS[prepared.options.loss],
        )

    def details(self, prepared: Prepared, predictions: np.ndarray, targets: Truth) -> dict[str, Any]:
        """Errors by step ahead and by variable, and what the coverage of the widest interval should be."""
        from zoo.tasks.forecasting.losses import levels

        errors = np.abs(targets.values - predictions[..., predictions.shape[-1] // 2])
        level = levels(predictions.shape[-1])
        return {
            "mae_by_step": errors.mean(axis=(0, 2)).tolist(),
            "mae_by_variable": dict(zip(prepared.variables, errors.mean(axis=(0, 1)).tolist(), strict=True)),
            "nominal_coverage": float(level[-1] - level[0]),
            "forecasts": len(errors),
        }

    def trivial_rows(self, prepared: Prepared, batches: Windows) -> dict[str, Metrics]:
        """See `zoo.tasks.forecasting.baselines`."""
        from zoo.tasks.forecasting.baselines import Baselines

        if "rows" not in prepared.fitted:
            assert prepared.train is not None
            shortest = min(len(one) for one in prepared.train.series)
            lags = prepared.options.ar_lags or min(MOST_LAGS, prepared.options.window)
            lags = max(1, min(lags, shortest // 3))
            prepared.fitted["rows"] = Baselines(prepared.train, prepared.season, lags, prepared.options.ets)
        forecasts = prepared.fitted["rows"].forecasts(batches)
        truth = batches.targets
        return {row: self.score(prepared, values[..., None], truth) for row, values in forecasts.items()}

    def pictures(self, prepared: Prepared, predictions: np.ndarray, batches: Windows) -> dict[str, Any]:
        """Forecasts with their intervals, by file name."""
        from zoo.tasks.forecasting.picture import draw

        return {"forecasts.png": draw(batches, predictions, prepared.variables)}

    # ---- answers

    def serve(self, model: Any, prepared: Prepared) -> Any:
        """Raw series → forecasts; see `zoo.tasks.forecasting.serving.make_server`."""
        from zoo.tasks.forecasting.serving import make_server

        return make_server(model, prepared, prepared.options.quantiles)

    def answer(
        self, server: Any, inputs: Iterable[Any], options: AnswerOptions | None = None
    ) -> list[dict[str, Any]]:
        """A row for each series, step and variable.

        Args:
            inputs: texts of numbers, or `datasets.inputs.SeriesFile`s, read by the model's names of columns.
            options: how files are read; None for the defaults.
        """
        from zoo.tasks.forecasting.serving import described, parse, rows

        about = described(server)
        fill = (options or AnswerOptions()).fill
        series: list[TimeSeries] = []
        for one in inputs:
            series += [parse(one)] if isinstance(one, str) else one.read(about, fill)
        return rows(server, series)


def _with(prepared: Prepared, **changes: Any) -> Prepared:
    from dataclasses import replace

    return replace(prepared, **changes)


def _geometry(options: Options, series: TimeSeries) -> Geometry:
    from zoo.tasks.forecasting.calendar import cycles
    from zoo.tasks.forecasting.windows import Geometry

    seconds, names = 0.0, tuple[str, ...]()
    if options.calendar and series.time is not None and len(series) > 1:
        seconds = float((series.time[-1] - series.time[0]) / np.timedelta64(1, "s")) / (len(series) - 1)
        names = cycles(seconds)
    return Geometry(options.window, options.horizon, options.only_last, names, seconds)


def _statistics(train: list[TimeSeries], geometry: Geometry) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and deviation of every column of train, pooled over series; the calendar stays as it is."""
    found = {}
    for kind in ("values", "past", "future"):
        stacked = np.concatenate([getattr(one, kind)[: len(one)] for one in train])
        if not np.isfinite(stacked).all():
            raise UserError(f"{kind} of the training series are no finite numbers")
        deviation = stacked.std(axis=0)
        found[kind] = (stacked.mean(axis=0), np.where(deviation > 0, deviation, 1.0))
    waves = 2 * len(geometry.cycles)
    mean, deviation = found["future"]
    found["future"] = (np.concatenate([mean, np.zeros(waves)]), np.concatenate([deviation, np.ones(waves)]))
    return found


def _season(options: Options, train: list[TimeSeries]) -> int:
    """Steps of a season: as asked for, or by the name of the step where every series has a season of it."""
    shortest = min(len(one.values) for one in train)
    if options.season >= shortest:
        raise UserError(f"--season {options.season}: a series has {shortest:,} steps of training; give fewer")
    usual = SEASONS.get(train[0].step.split("-")[0], 1)
    return options.season or (usual if usual < shortest else 1)


def _note(train: Windows, valid: Windows, season: int) -> str:
    return (
        f"windows: {len(train):,} train, {len(valid):,} dev; each reads {train.geometry.window} steps and forecasts "
        f"{train.geometry.scored} up to {train.geometry.horizon} ahead; season {season}"
    )


TASK = Forecasting()
