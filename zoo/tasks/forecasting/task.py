"""Forecasting: the past of one or many series → their next values, with intervals. Many to many, over numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.base import Dataset
from datasets.errors import UserError
from datasets.input_kinds import time_series
from datasets.options import from_dict as options_from_dict
from datasets.series.files import of_model
from zoo.runtime.metric_names import of_fold as of_fold_name
from zoo.tasks.base import Metrics, Prepared, Row, Task
from zoo.tasks.forecasting.calendar import WAVES
from zoo.tasks.forecasting.learned import Learned
from zoo.tasks.forecasting.options import AnswerOptions, Options
from zoo.tasks.forecasting.windows import Windows, WindowSpecification, truth, windows_of

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from datasets.input_kinds.time_series import SeriesReader
    from datasets.series.time_series import TimeSeries
    from zoo.factory import RecurrentFactory
    from zoo.serving import Server
    from zoo.tasks.forecasting.lengths import Lengths
    from zoo.tensors import Tensor

#: The table's metrics where series are of different size.
DIFFERENT_SIZE = ("smape", "mase", "owa", "wape", "mae", "msis", "coverage")


class Forecasting(Task[Options, Learned, Windows, np.ndarray, AnswerOptions]):
    """See `zoo.tasks.base.Task`. Predictions are `(windows, scored steps, variables, levels)`."""

    summary = "past values → next values with intervals (many to many over numbers)"
    fields = ("series", "start")
    input_kind = time_series.KIND
    options_type = Options
    answer_options = AnswerOptions
    defaults: Mapping[str, object] = {"batch_size": 64, "learning_rate": 4e-3, "dropout": 0.0, "patience": 3}
    monitor = ("loss", "min")
    examples_are_single = False
    outputs_can_be_averaged = True
    headline = ("mae", "rmse", "mase", "mse_scaled", "rse", "crps", "msis", "width", "coverage")

    # ---- data

    def prepare(self, dataset: Dataset, options: Options, batch_size: int) -> Prepared[Learned, Windows]:
        """Learn scaling on the series that train is long enough for, and lay windows over the splits."""
        from zoo.tasks.forecasting.correction import (
            choose,
            error_units_of,
            normalisations_of,
            of_different_size,
        )
        from zoo.tasks.forecasting.correction import notes as choice_notes
        from zoo.tasks.forecasting.lengths import lengths_of, stride_notes, strides_of
        from zoo.tasks.forecasting.log_returns import mean_returns
        from zoo.tasks.forecasting.odd_series import Extent, odd_notes
        from zoo.tasks.forecasting.scales import seasonal_difference
        from zoo.tasks.forecasting.windows import in_sample_differences

        options.check_loss()
        series: list[TimeSeries] = [example["series"] for example in dataset.train]
        if not series:
            raise UserError("the training split has no series")
        lengths = lengths_of(options, dataset)
        options = replace(options, **lengths._asdict())
        if options.log_returns:
            mean_returns(series)  # tells where there are none
            options = replace(options, normalise="log")
        extent = Extent.of(dataset, WindowSpecification(lengths.window, lengths.horizon, options.only_last))
        trained = [each for each in series if each.name in extent.with_window["train"]]
        first, season = trained[0], lengths.season
        specification = _specification(options, lengths, first)
        statistics = _statistics(trained, specification, options)
        units = error_units_of(series, season, options, statistics["values"][1])
        windows = partial(
            windows_of,
            specification=specification,
            names=tuple(each.name for each in series),
            batch_size=batch_size,
            scale=statistics["values"][1],
            units=units,
        )
        strides = strides_of(dataset, specification, options)
        of_train = np.stack([seasonal_difference(truth(each), season) for each in series])
        train = windows(dataset.train, what="train", stride=strides["train"], mase_scale=of_train)
        train = replace(train, most_a_pass=options.epoch_windows)
        valid = windows(dataset.valid, what="dev", stride=strides["dev"], mase_scale=of_train)
        normalisations, spread = normalisations_of(trained, units, statistics["values"], options)
        base, kind = choose(train, valid, normalisations, season, options)
        learned = Learned(
            replace(options, normalise=kind), specification, first.variables, first.past_names, first.future_names,
            first.step, season, statistics, first.as_read, base, spread, of_different_size(of_train),
        )  # fmt: skip

        def test() -> Windows | None:
            if dataset.test is None:
                return None
            before = in_sample_differences(dataset.test, series, season)
            before = np.where(of_train > 0, before, 0.0)  # what has no unit in train has none
            return windows(dataset.test, what="test", stride=strides["test"], mase_scale=before)

        notes = (
            _note(train, valid, season), *stride_notes(strides, train), *choice_notes(base, kind, options),
            *odd_notes(dataset, extent, learned, train, valid),
        )  # fmt: skip
        return Prepared(learned, train, valid, test, notes)

    def restore(self, stored: Mapping[str, Any], options: Options) -> Learned:
        """See `zoo.tasks.base.Task`."""
        import zoo.tasks.forecasting.base_layer
        import zoo.tasks.forecasting.calibration
        import zoo.tasks.forecasting.layers  # noqa: F401  (registered, they can be loaded)
        from zoo.tasks.forecasting.base_forecast import BaseForecast

        options = _with_chosen(options, stored.get("chosen", {}))
        if options.window is None or options.horizon is None:
            raise ValueError("'chosen' has no window and horizon")
        specification = WindowSpecification(
            options.window,
            options.horizon,
            options.only_last,
            tuple(stored["cycles"]),
            stored["step_seconds"],
        )
        statistics = {
            name: (np.array(mean, float), np.array(deviation, float))
            for name, (mean, deviation) in stored["statistics"].items()
        }
        variables, past, future = (tuple(stored[kind]) for kind in ("variables", "past", "future"))
        waves = WAVES * len(specification.cycles)
        sizes = {"values": len(variables), "past": len(past), "future": len(future) + waves}
        shapes = {kind: (mean.shape, deviation.shape) for kind, (mean, deviation) in statistics.items()}
        if shapes != {kind: ((size,), (size,)) for kind, size in sizes.items()}:
            raise ValueError("'statistics' are of other columns or cycles")
        step, season = stored["step"], stored["season"]
        as_read = {name: tuple(texts) for name, texts in stored.get("as_read", {}).items()}
        of_model({"step": (step,), **as_read}, {})  # tells what lacks
        base = stored.get("base")
        return Learned(
            options, specification, variables, past, future, step, season, statistics, as_read,
            None if base is None else BaseForecast(tuple(base["members"]), tuple(base["kinds"])),
            tuple(stored.get("spread", ())), stored.get("different_size", False),
        )  # fmt: skip

    # ---- model

    def build(
        self, prepared: Prepared[Learned, Windows], recurrent: RecurrentFactory, options: Options
    ) -> keras.Model:
        """See `zoo.tasks.forecasting.model`."""
        del options  # those of `learned` have what the data decided
        from zoo.tasks.forecasting.model import Scales, build_model

        learned = prepared.learned
        scales = Scales(**learned.statistics, spread=learned.spread)
        return build_model(learned.specification, scales, recurrent, learned.options, learned.base)

    def loss(self, targets: Tensor, outputs: dict[str, Tensor]) -> Tensor:
        """The pinball or the point loss `(batch,)`; see `zoo.tasks.forecasting.losses`."""
        from zoo.tasks.forecasting.losses import loss

        return loss(targets, outputs)

    def untrained_counts(self, learned: Learned) -> bool:
        """Where the model corrects a forecast."""
        return learned.base is not None

    # ---- metrics

    def score(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> Metrics:
        """See `zoo.tasks.forecasting.metrics`; all are NaN where a forecast is not finite.

        Where the split has folds, those of the table are there of each fold, too.
        """
        metrics, folds = self._score(learned, predictions, batches), batches.folds
        if not any(batches.fold_of):
            return metrics
        for fold in range(max(batches.fold_of) + 1):
            which = folds == fold
            if not which.any():  # too short for a window
                continue
            of_fold = self._score(learned, predictions[which], batches.only(which))
            metrics |= {
                of_fold_name(name, fold): of_fold[name]
                for name in self.headline_of(learned)
                if name in of_fold
            }
        return metrics

    def _score(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> Metrics:
        from zoo.tasks.forecasting.intervals import interval_metrics
        from zoo.tasks.forecasting.losses import DELTAS
        from zoo.tasks.forecasting.metrics import score

        if not np.isfinite(predictions).all():
            return dict.fromkeys(("mae", "rmse", "loss"), float("nan"))
        metrics = score(
            predictions,
            batches.targets,
            scale=batches.scale,
            mase_scale=batches.mase_scale,
            delta=DELTAS[learned.options.loss],
        ) | interval_metrics(predictions, batches.targets, batches.mase_scale)
        if learned.options.log_returns:
            from zoo.tasks.forecasting.log_returns import return_metrics

            last = batches.raw(np.arange(len(batches)), -1, 0)
            middle = predictions[..., predictions.shape[-1] // 2]
            metrics |= return_metrics(middle, batches.targets.values, last)
        if not learned.different_size:
            return metrics
        from zoo.tasks.forecasting.naive2 import overall

        return metrics | {"owa": overall(metrics, batches, learned.season)}

    def headline_of(self, learned: Learned) -> tuple[str, ...]:
        """Of series of different size, metrics in which each counts alike; of log returns where they are asked for."""
        if learned.options.log_returns:
            from zoo.tasks.forecasting.log_returns import HEADLINE

            return HEADLINE
        return DIFFERENT_SIZE if learned.different_size else self.headline

    def calibrated(
        self, learned: Learned, model: keras.Model, dev: Windows, predictions: Callable[[], np.ndarray]
    ) -> keras.Model:
        """The model with intervals as wide as dev asks for; see `zoo.tasks.forecasting.calibration`."""
        if not learned.options.calibrate or learned.options.quantiles == 1:
            return model
        from zoo.runtime.progress import log
        from zoo.tasks.forecasting.calibration import FEWEST_OF_ALL, calibrate, with_calibration

        quantiles = predictions()
        found = None
        if np.isfinite(quantiles).all():
            found = calibrate(quantiles, dev.targets.values, dev.mean_moves(), dev.independent, dev.ages)
        if found is None:
            log(f"intervals are not calibrated: dev has not {FEWEST_OF_ALL} values to forecast")
            return model
        return with_calibration(model, found)

    def details(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> dict[str, object]:
        """Errors by step ahead, by variable and by series, and what the coverage of the widest interval should be."""
        from zoo.tasks.forecasting.by_series import by_series
        from zoo.tasks.forecasting.intervals import coverage_by_step
        from zoo.tasks.forecasting.losses import levels
        from zoo.tasks.forecasting.scales import known_mean

        targets = batches.targets.values
        errors = np.abs(targets - predictions[..., predictions.shape[-1] // 2])
        level = levels(predictions.shape[-1])
        by_variable = known_mean(errors, axis=(0, 1)).tolist()
        return {
            "mae_by_step": known_mean(errors, axis=(0, 2)).tolist(),
            "mae_by_variable": dict(zip(learned.variables, by_variable, strict=True)),
            "nominal_coverage": float(level[-1] - level[0]),
            "coverage_by_step": {
                f"{nominal:g}": shares.tolist()
                for nominal, shares in coverage_by_step(predictions, targets).items()
            },
            "forecasts": len(errors),
            "made_up_targets": int(np.isnan(targets).sum()),
            "by_series": by_series(predictions, batches, learned.variables),
        }

    def baselines(self, prepared: Prepared[Learned, Windows]) -> Callable[[Windows], dict[str, Metrics]]:
        """See `zoo.tasks.forecasting.baselines`; what needs no training says more than a mean of the window."""
        from zoo.tasks.forecasting import log_returns
        from zoo.tasks.forecasting.baselines import fit
        from zoo.tasks.forecasting.losses import levels

        learned = prepared.learned
        fitted = fit(prepared.train, learned.season, learned.options)

        def score(windows: Windows) -> dict[str, Metrics]:
            forecasts = fitted.quantiles(windows, levels(learned.options.quantiles))
            if learned.different_size and learned.season > 1:
                from zoo.tasks.forecasting.naive2 import naive2

                forecasts["naive 2"] = naive2(windows, learned.season)[..., None]
            if learned.options.log_returns:
                mean = log_returns.mean_returns(prepared.train.series)
                forecasts[log_returns.ROW] = log_returns.by_mean_return(windows, mean)[..., None]
            return {name: self.score(learned, values, windows) for name, values in forecasts.items()}

        return score

    def pictures(self, learned: Learned, predictions: np.ndarray, batches: Windows) -> dict[str, Figure]:
        """Forecasts with their intervals, and how often these cover by step ahead, by file name."""
        from zoo.tasks.forecasting.coverage_picture import draw_coverage
        from zoo.tasks.forecasting.intervals import coverage_by_step
        from zoo.tasks.forecasting.picture import draw

        pictures = {"forecasts.png": draw(batches, predictions, learned.variables)}
        covered = coverage_by_step(predictions, batches.targets.values)
        if covered:
            first = learned.specification.horizon - learned.specification.scored + 1
            pictures["coverage.png"] = draw_coverage(covered, first)
        return pictures

    # ---- answers

    def serve(self, model: keras.Model, learned: Learned) -> Server:
        """Raw series → forecasts; see `zoo.tasks.forecasting.serving.make_server`."""
        from zoo.tasks.forecasting.serving import make_server

        return make_server(model, learned)

    def answer(
        self, server: Server, inputs: Iterable[str | SeriesReader], options: AnswerOptions
    ) -> list[Row]:
        """A row for each series, step and variable.

        Args:
            server: see `serve`.
            inputs: texts of numbers, or files, read by the model's names of columns.
            options: how files are read, and what is told.
        """
        from zoo.runtime.progress import log
        from zoo.tasks.forecasting.serving import described, parse, rows

        about = described(server)
        series: list[TimeSeries] = []
        for given in inputs:
            if isinstance(given, str):
                series.append(parse(given))
                continue
            series += given.read(about, options.fill, options.writing)
            for remark in given.remarks:
                log(remark)
        return rows(server, series, options)


def _with_chosen(options: Options, chosen: Mapping[str, object]) -> Options:
    """The options, with those that the data have decided; in a run of version 0.1 none were."""
    return options_from_dict(Options, {**asdict(options), **chosen}, "chosen")


def _specification(options: Options, lengths: Lengths, series: TimeSeries) -> WindowSpecification:
    from zoo.tasks.forecasting.calendar import cycles

    seconds, names = 0.0, tuple[str, ...]()
    if options.calendar and series.time is not None and len(series) > 1:
        seconds = float((series.time[-1] - series.time[0]) / np.timedelta64(1, "s")) / (len(series) - 1)
        names = cycles(seconds)
    return WindowSpecification(lengths.window, lengths.horizon, options.only_last, names, seconds)


def _statistics(
    train: list[TimeSeries], specification: WindowSpecification, options: Options
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Mean and deviation of every column of train, pooled over series; the calendar stays as it is."""
    from zoo.tasks.forecasting.scales import mean_and_deviation, unit_of

    statistics = {}
    for kind in ("values", "past", "future"):
        parts = [getattr(series, kind)[: len(series)] for series in train]
        if not all(np.isfinite(part).all() for part in parts):
            raise UserError(f"{kind} of the training series are no finite numbers")
        statistics[kind] = mean_and_deviation(parts)
        if kind == "values":
            statistics[kind] = unit_of(parts, by_window=options.normalise != "none")
    waves = WAVES * len(specification.cycles)
    mean, deviation = statistics["future"]
    statistics["future"] = (
        np.concatenate([mean, np.zeros(waves)]), np.concatenate([deviation, np.ones(waves)]),
    )  # fmt: skip
    return statistics


def _note(train: Windows, valid: Windows, season: int) -> str:
    window = train.specification
    return (
        f"windows: {len(train):,} train, {len(valid):,} dev; each reads {window.window} steps and forecasts "
        f"{window.scored} up to {window.horizon} ahead; season {season}"
    )


TASK = Forecasting()
