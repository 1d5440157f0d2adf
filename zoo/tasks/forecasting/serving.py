"""Forecasts from raw series: the functions of the exported model, and the answers of `zoo.predict`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from datasets.errors import UserError, listed
from datasets.series.time_series import TimeSeries
from zoo.runtime.progress import log
from zoo.serving import Server
from zoo.tasks.forecasting.calendar import phases
from zoo.tasks.forecasting.losses import levels
from zoo.tasks.forecasting.options import AnswerOptions
from zoo.tasks.forecasting.pieces import PIECES, splitter
from zoo.tasks.forecasting.windows import WindowSpecification

if TYPE_CHECKING:
    from zoo.tasks.forecasting.learned import Learned


#: Columns that stand behind the forecast where they are asked for.
BESIDE = ("log_return", *PIECES)
NOTHING_MORE = AnswerOptions()


class ForecastServer(Server):
    """A server that can also say what its forecasts are made of.

    Attributes:
        pieces: of what `serving_default` takes, by name; see `zoo.tasks.forecasting.pieces`. It is not exported.
    """

    pieces: Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]


def make_server(model: keras.Model, learned: Learned) -> ForecastServer:
    """`serving_default` takes raw series of any length from the window on, by name:

        values  (batch, time, variables) float64
        past    (batch, time, past covariates) float64, where the model has any
        future  (batch, time + horizon, future covariates) float64, likewise
        time    (batch, time + horizon) int64 seconds since 1970, where the model looks at the calendar

    and gives `forecast (batch, steps, variables)`, `quantiles (batch, steps, variables, levels)`, both float64, and
    `levels`, float32. `serving_float32` is the same for callers whose numbers are float32: takes and gives float32.
    """
    specification, quantiles = learned.specification, learned.options.quantiles

    def forecast(*arrays: tf.Tensor, **named: tf.Tensor) -> dict[str, tf.Tensor]:
        inputs = _model_inputs(dict(zip(names, arrays, strict=False)) | named, specification)
        quantile_forecasts = tf.cast(model(inputs, training=False)["forecast"], tf.float64)
        return {
            "forecast": quantile_forecasts[..., quantiles // 2],
            "quantiles": quantile_forecasts,
            "levels": tf.constant(levels(quantiles), tf.float32),
        }

    serve = _function(forecast, _specs(learned, tf.float64))
    names = [spec.name for spec in _specs(learned, tf.float64)]

    def in_float32(*arrays: tf.Tensor, **named: tf.Tensor) -> dict[str, tf.Tensor]:
        given = dict(zip(names, arrays, strict=False)) | named
        answer = serve(**_cast(given, tf.float32, tf.float64))
        return _cast(answer, tf.float64, tf.float32)

    described = {
        "variables": learned.variables, "past": learned.past, "future": learned.future, "step": [learned.step],
        "cycles": specification.cycles, **learned.as_read,
    }  # fmt: skip
    sizes = [specification.window, specification.horizon, specification.scored]

    @tf.function(autograph=False, input_signature=[])
    def describe() -> dict[str, tf.Tensor]:
        texts = {name: tf.constant(list(value), tf.string) for name, value in described.items()}
        return {**texts, "window_horizon_scored": tf.constant(sizes)}

    functions = {
        "serving_default": serve,
        "serving_float32": _function(in_float32, _specs(learned, tf.float32)),
        "describe": describe,
    }
    server = ForecastServer(model, [], functions)
    server.pieces = lambda raw: splitter(model, specification)(_model_inputs(raw, specification))
    return server


def _specs(learned: Learned, dtype: tf.DType) -> list[tf.TensorSpec]:
    """What the functions take, in order: which arrays there are depends on the model."""
    sizes = {"values": len(learned.variables), "past": len(learned.past), "future": len(learned.future)}
    specs = [tf.TensorSpec([None, None, size], dtype, name=name) for name, size in sizes.items() if size]
    if learned.specification.cycles:
        specs.append(tf.TensorSpec([None, None], tf.int64, name="time"))
    return specs


def _function(
    function: Callable[..., dict[str, tf.Tensor]], specs: list[tf.TensorSpec]
) -> tf.types.experimental.PolymorphicFunction:
    """A `tf.function` that is told the names of its arguments."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(spec.name, kind) for spec in specs]
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return tf.function(function, autograph=False, input_signature=specs)


def _cast(tensors: Mapping[str, tf.Tensor], old: tf.DType, new: tf.DType) -> dict[str, tf.Tensor]:
    """The tensors; those of one type as another."""
    return {name: tf.cast(tensor, new) if tensor.dtype == old else tensor for name, tensor in tensors.items()}


def _model_inputs(raw: Mapping[str, tf.Tensor], specification: WindowSpecification) -> dict[str, tf.Tensor]:
    """The last window of raw series and the steps ahead, as the model's inputs."""
    window, horizon = specification.window, specification.horizon
    values = raw["values"]
    long_enough = tf.debugging.assert_greater_equal(
        tf.shape(values)[1], window, message=f"a series must have at least {window} steps"
    )
    finite = tf.debugging.assert_equal(
        tf.reduce_all(tf.math.is_finite(values)), True, message="values must be finite numbers"
    )
    fit = [
        tf.debugging.assert_equal(
            tf.shape(raw[name])[1],
            tf.shape(values)[1] + ahead,
            message=f"{name} must have {ahead} steps more than values",
        )
        for name, ahead in (("past", 0), ("future", horizon), ("time", horizon))
        if name in raw
    ]
    # Everything waits for the checks, or another input's shape would be complained of first.
    with tf.control_dependencies([check for check in (long_enough, finite, *fit) if check is not None]):
        raw = {name: tf.identity(array) for name, array in raw.items()}
    inputs = {"values": raw["values"][:, -window:]}
    if "past" in raw:
        inputs["past"] = raw["past"][:, -window:]
    ahead = [raw["future"]] if "future" in raw else []
    if "time" in raw:
        ahead.append(phases(tf.cast(raw["time"], tf.float64), specification.cycles, tf))
    if ahead:
        steps = tf.concat([part[:, -window - horizon :] for part in ahead], axis=-1)
        inputs["future_before"], inputs["future"] = steps[:, :window], steps[:, window:]
    return inputs


def described(server: Server) -> dict[str, Any]:
    """What a server says of itself: names as tuples of strings, and `window`, `horizon`, `scored`."""
    outputs = server.functions["describe"]()
    sizes = outputs["window_horizon_scored"].numpy()
    names = {
        name: tuple(text.decode() for text in value.numpy())
        for name, value in outputs.items()
        if name != "window_horizon_scored"
    }
    window, horizon, scored = (int(size) for size in sizes)
    return {**names, "window": window, "horizon": horizon, "scored": scored}


def rows(
    server: Server, series: Iterable[TimeSeries], options: AnswerOptions = NOTHING_MORE
) -> list[dict[str, Any]]:
    """One row a series, step and variable: time stamp, point forecast, what `options` ask for besides, quantiles.

    A series that is too short is named and left out; where all are, or something else lacks, that is an error.

    Raises:
        UserError: for series that are too short, or without what the model needs.
    """
    about = described(server)
    answer_rows: list[dict[str, Any]] = []
    for of_series in _long_enough(list(series), about["window"]):
        arrays = _arrays(of_series, about)
        answer = server(**arrays)
        if options.pieces and isinstance(server, ForecastServer):
            answer = {**answer, **server.pieces(arrays)}
        answer = {name: value.numpy() for name, value in answer.items()}
        if options.log_returns:
            answer["log_return"] = _log_returns(of_series, answer["forecast"])
        answer_rows += _rows_of(of_series, answer, about)
    return answer_rows


def _long_enough(series: list[TimeSeries], window: int) -> list[TimeSeries]:
    """The series that a forecast can be made of; the others are told, if only others are not too short as well."""
    enough = [each for each in series if len(each) >= window]
    if not series or len(enough) == len(series):
        return enough
    if not enough:
        longest = max(series, key=len)
        others = f", the longest of {len(series):,}," if len(series) > 1 else ""
        which = f"series {longest.name}{others}"
        raise UserError(f"{which} has {len(longest)} steps; the model reads {window}")
    short = [f"{each.name} ({len(each):,})" for each in series if len(each) < window]
    log(
        f"no forecast for {len(short):,} of {len(series):,} series, which have fewer than the {window:,} steps that "
        f"the model reads: {listed(short)}"
    )
    return enough


def _arrays(series: TimeSeries, about: Mapping[str, Any]) -> dict[str, Any]:
    """A series as a batch of one."""
    horizon = about["horizon"]
    if series.values.shape[1] != len(about["variables"]):
        wanted = ", ".join(about["variables"])
        raise UserError(
            f"series {series.name} has {series.values.shape[1]} variables; the model forecasts {wanted}"
        )
    if not np.isfinite(series.values).all():
        raise UserError(f"series {series.name} has values that are no finite numbers")
    arrays = {"values": tf.constant(series.values[None], tf.float64)}
    if about["past"]:
        arrays["past"] = tf.constant(series.past[None], tf.float64)
    if about["future"]:
        missing = len(series) + horizon - len(series.future)
        if missing > 0:
            raise UserError(
                f"series {series.name}: add {missing} rows after the last one, with {', '.join(about['future'])} "
                "of the steps to forecast and empty values"
            )
        arrays["future"] = tf.constant(series.future[None, : len(series) + horizon], tf.float64)
    if about["cycles"]:
        if series.time is None:
            raise UserError(f"series {series.name} has no time stamps; the model was trained with them")
        ahead = series.times_ahead(horizon)
        assert ahead is not None
        stamps = np.concatenate([series.time, ahead]).astype("datetime64[s]").astype(np.int64)
        arrays["time"] = tf.constant(stamps[None])
    return arrays


def _log_returns(series: TimeSeries, forecast: np.ndarray) -> np.ndarray:
    """Of forecasts `(1, steps, variables)`, from the last value."""
    if not ((series.values[-1] > 0).all() and (forecast > 0).all()):
        raise UserError(
            f"--log-returns: the last value of series {series.name}, or a forecast of it, is not positive"
        )
    return np.log(forecast / series.values[-1])


def _rows_of(series: TimeSeries, answer: Mapping[str, Any], about: Mapping[str, Any]) -> list[dict[str, Any]]:
    times = series.labels_ahead(about["horizon"])
    first = about["horizon"] - about["scored"]
    answer_rows = []
    for step in range(about["scored"]):
        when = times[first + step]
        for n, variable in enumerate(about["variables"]):
            row = {
                "series": series.name, "time": when, "variable": variable,
                "forecast": float(answer["forecast"][0, step, n]),
            }  # fmt: skip
            row |= {name: float(answer[name][0, step, n]) for name in BESIDE if name in answer}
            if len(answer["levels"]) > 1:
                pairs = zip(answer["levels"], answer["quantiles"][0, step, n], strict=True)
                row |= {f"q{level:.3g}": float(value) for level, value in pairs}
            answer_rows.append(row)
    return answer_rows


def parse(text: str) -> TimeSeries:
    """A series of one variable from numbers on the command line, separated by commas or blanks."""
    try:
        numbers = [float(part) for part in text.replace(",", " ").split()]
    except ValueError:
        raise UserError(
            f"'{text[:40]}' is no series of numbers, such as '1.5, 2, 2.5'; or give --file"
        ) from None
    values = np.array(numbers)[:, None]
    return TimeSeries("input", values, None, "", values[:, :0], values[:, :0], ("0",))
