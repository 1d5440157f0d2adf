"""Forecasting: the past of one or many series → their next values, with intervals. Many to many, over numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset
from datasets.errors import UserError
from datasets.input_kinds import time_series
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.forecasting.learned import Learned
from zoo.tasks.forecasting.options import AnswerOptions, Options
from zoo.tasks.forecasting.windows import Windows, WindowSpecification, windows_of

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from datasets.formats.series_tables import SeriesFile
    from datasets.formats.time_series import TimeSeries
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tensors import Tensor

#: Steps of a season by pandas' name of the step.
SEASONS = {"h": 24, "D": 7, "B": 5, "W": 52, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "min": 60}


class Forecasting(Task[Options, Learned, Windows, np.ndarray, AnswerOptions]):
    """See `zoo.tasks.base.Task`. Predictions are `(windows, scored steps, variables, levels)`."""

    summary = "past values → next values with intervals (many to many over numbers)"
    fields = ("series", "start")
    input_kind = time_series.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, object] = {"batch_size": 64, "learning_rate": 4e-3, "dropout": 0.0, "patience": 3}
    monitor = ("loss", "min")
    headline = ("mae", "rmse", "mase", "mse_scaled", "rse", "crps", "coverage")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared[Learned, Windows]:
        """Learn scaling on train, and lay windows over the splits."""
        from zoo.tasks.forecasting.metrics import seasonal_difference

        series: list[TimeSeries] = [example["series"] for example in dataset.train]
        if not series:
            raise UserError("the training split has no series")
        first, season = series[0], _season(options, series)
        specification = _specification(options, first)
        learned = Learned(
            options, specification, first.variables, first.past_names, first.future_names, first.step, season,
            _statistics(series, specification),
        )  # fmt: skip
        windows = partial(
            windows_of,
            specification=specification,
            names=tuple(each.name for each in series),
            batch_size=batch_size,
            scale=learned.scale,
            mase_scale=np.stack([seasonal_difference(each.values, season) for each in series]),
        )
        train = windows(dataset.train, what="train", stride=options.stride)
        valid = windows(dataset.valid, what="dev")

        def test() -> Windows | None:
            return None if dataset.test is None else windows(dataset.test, what="test")

        return Prepared(learned, train, valid, test, (_note(train, valid, season),))

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.forecasting.layers  # noqa: F401  (registered, they can be loaded)

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
        return Learned(options, specification, variables, past, future, step, season, statistics)

    # ---- model

    def build(
        self, prepared: Prepared[Learned, Windows], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """See `zoo.tasks.forecasting.model`."""
        from zoo.tasks.forecasting.model import Scales, build_model

        learned = prepared.learned
        return build_model(learned.specification, Scales(**learned.statistics), recurrent, options)

    def loss(self, targets: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """The pinball or the point loss `(batch,)`; see `zoo.tasks.forecasting.losses`."""
        from zoo.tasks.forecasting.losses import loss

        return loss(targets, outputs)

    # ---- metrics

    def score(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> Metrics:
        """See `zoo.tasks.forecasting.metrics`; all are NaN where a forecast is not finite."""
        from zoo.tasks.forecasting.losses import DELTAS
        from zoo.tasks.forecasting.metrics import score

        if not np.isfinite(predictions).all():
            return dict.fromkeys(("mae", "rmse", "loss"), float("nan"))
        return score(
            predictions,
            batches.targets,
            scale=batches.scale,
            mase_scale=batches.mase_scale,
            delta=DELTAS[learned.options.loss],
        )

    def details(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> dict[str, object]:
        """Errors by step ahead and by variable, and what the coverage of the widest interval should be."""
        from zoo.tasks.forecasting.losses import levels

        errors = np.abs(batches.targets.values - predictions[..., predictions.shape[-1] // 2])
        level = levels(predictions.shape[-1])
        return {
            "mae_by_step": errors.mean(axis=(0, 2)).tolist(),
            "mae_by_variable": dict(zip(learned.variables, errors.mean(axis=(0, 1)).tolist(), strict=True)),
            "nominal_coverage": float(level[-1] - level[0]),
            "forecasts": len(errors),
        }

    def baselines(self, prepared: Prepared[Learned, Windows]) -> Callable[[Windows], dict[str, Metrics]]:
        """See `zoo.tasks.forecasting.baselines`; what needs no training says more than a mean of the window."""
        from zoo.tasks.forecasting.baselines import fit

        learned = prepared.learned
        fitted = fit(prepared.train, learned.season, learned.options)

        def score(windows: Windows) -> dict[str, Metrics]:
            forecasts = fitted.forecasts(windows)
            return {
                name: self.score(learned, values[..., None], windows) for name, values in forecasts.items()
            }

        return score

    def pictures(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> dict[str, Figure]:
        """Forecasts with their intervals, by file name."""
        from zoo.tasks.forecasting.picture import draw

        return {"forecasts.png": draw(batches, predictions, learned.variables)}

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """Raw series → forecasts; see `zoo.tasks.forecasting.serving.make_server`."""
        from zoo.tasks.forecasting.serving import make_server

        return make_server(model, learned)

    def answer(self, server: Server, inputs: Iterable[str | SeriesFile], options: AnswerOptions) -> list[Row]:
        """A row for each series, step and variable.

        Args:
            server: see `serve`.
            inputs: texts of numbers, or files, read by the model's names of columns.
            options: how files are read.
        """
        from zoo.tasks.forecasting.serving import described, parse, rows

        about = described(server)
        series: list[TimeSeries] = []
        for given in inputs:
            series += [parse(given)] if isinstance(given, str) else given.read(about, options.fill)
        return rows(server, series)


def _specification(options: Options, series: TimeSeries) -> WindowSpecification:
    from zoo.tasks.forecasting.calendar import cycles

    seconds, names = 0.0, tuple[str, ...]()
    if options.calendar and series.time is not None and len(series) > 1:
        seconds = float((series.time[-1] - series.time[0]) / np.timedelta64(1, "s")) / (len(series) - 1)
        names = cycles(seconds)
    return WindowSpecification(options.window, options.horizon, options.only_last, names, seconds)


def _statistics(
    train: list[TimeSeries], specification: WindowSpecification
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and deviation of every column of train, pooled over series; the calendar stays as it is."""
    statistics = {}
    for kind in ("values", "past", "future"):
        stacked = np.concatenate([getattr(series, kind)[: len(series)] for series in train])
        if not np.isfinite(stacked).all():
            raise UserError(f"{kind} of the training series are no finite numbers")
        deviation = stacked.std(axis=0)
        statistics[kind] = (stacked.mean(axis=0), np.where(deviation > 0, deviation, 1.0))
    waves = 2 * len(specification.cycles)
    mean, deviation = statistics["future"]
    statistics["future"] = (
        np.concatenate([mean, np.zeros(waves)]), np.concatenate([deviation, np.ones(waves)]),
    )  # fmt: skip
    return statistics


def _season(options: Options, train: list[TimeSeries]) -> int:
    """Steps of a season: as asked for, or by the name of the step where every series has a season of it."""
    shortest = min(len(series.values) for series in train)
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
