"""Forecasting: the past of one or many series → their next values, with intervals. Many to many, over numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset
from datasets.errors import UserError
from datasets.input_kinds import time_series
from datasets.options import option
from zoo.tasks.base import Metrics
from zoo.tasks.forecasting.prepared import Options, Prepared

if TYPE_CHECKING:
    from datasets.formats.time_series import TimeSeries
    from zoo.tasks.forecasting.windows import Targets, Windows, WindowSpecification


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


class Forecasting:
    """See `zoo.tasks.base.Task`."""

    summary = "past values → next values with intervals (many to many over numbers)"
    fields = ("series", "start")
    input_kind = time_series.KIND
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
        specification = _specification(options, first)
        season = _season(options, train)
        prepared = Prepared(
            options, specification, first.variables, first.past_names, first.future_names, first.step, season,
            _statistics(train, specification), tuple(one.name for one in train),
            np.stack([seasonal_difference(one.values, season) for one in train]),
            test_split=dataset.test,
        )  # fmt: skip
        windows = prepared.windows(dataset.train, "train", batch_size, options.stride)
        valid = prepared.windows(dataset.valid, "dev", batch_size)
        return _with(prepared, train=windows, valid=valid, notes=(_note(windows, valid, season),))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Prepared:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.forecasting.layers  # noqa: F401  (registered, they can be loaded)
        from zoo.tasks.forecasting.windows import WindowSpecification

        specification = WindowSpecification(
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
        return Prepared(options, specification, variables, past, future, step, season, statistics)

    # ---- model

    def build(self, prepared: Prepared, recurrent: Any, options: Options) -> Any:
        """See `zoo.tasks.forecasting.model`."""
        from zoo.tasks.forecasting.model import Scales, build_model

        return build_model(prepared.specification, Scales(**prepared.statistics), recurrent, options)

    def trivial_models(self, prepared: Prepared, blind: Any, options: Options) -> dict[str, Any]:
        """None: the rows that need no training say more than a mean of the window."""
        return {}

    def loss(self, targets: Any, predictions: Any) -> Any:
        """The pinball or the point loss `(batch,)`; see `zoo.tasks.forecasting.losses`."""
        from zoo.tasks.forecasting.losses import loss

        return loss(targets, predictions)

    # ---- metrics

    def score(self, prepared: Prepared, predictions: np.ndarray, targets: Targets) -> Metrics:
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

    def details(self, prepared: Prepared, predictions: np.ndarray, targets: Targets) -> dict[str, Any]:
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
        targets = batches.targets
        return {row: self.score(prepared, values[..., None], targets) for row, values in forecasts.items()}

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
            inputs: texts of numbers, or files of series that are read by the model's names of columns; see
                `datasets.input_kinds.time_series`.
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


def _specification(options: Options, series: TimeSeries) -> WindowSpecification:
    from zoo.tasks.forecasting.calendar import cycles
    from zoo.tasks.forecasting.windows import WindowSpecification

    seconds, names = 0.0, tuple[str, ...]()
    if options.calendar and series.time is not None and len(series) > 1:
        seconds = float((series.time[-1] - series.time[0]) / np.timedelta64(1, "s")) / (len(series) - 1)
        names = cycles(seconds)
    return WindowSpecification(options.window, options.horizon, options.only_last, names, seconds)


def _statistics(
    train: list[TimeSeries], specification: WindowSpecification
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and deviation of every column of train, pooled over series; the calendar stays as it is."""
    found = {}
    for kind in ("values", "past", "future"):
        stacked = np.concatenate([getattr(one, kind)[: len(one)] for one in train])
        if not np.isfinite(stacked).all():
            raise UserError(f"{kind} of the training series are no finite numbers")
        deviation = stacked.std(axis=0)
        found[kind] = (stacked.mean(axis=0), np.where(deviation > 0, deviation, 1.0))
    waves = 2 * len(specification.cycles)
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
    window = train.specification
    return (
        f"windows: {len(train):,} train, {len(valid):,} dev; each reads {window.window} steps and forecasts "
        f"{window.scored} up to {window.horizon} ahead; season {season}"
    )


TASK = Forecasting()
