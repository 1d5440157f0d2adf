"""Models of windows: direct, autoregressive and segment-wise, around any recurrent layer.

All of them normalise the window, read it (each variable by itself or all together), and give an odd number of
quantiles of every scored step in raw units. The last layer starts at zero: an untrained model gives the base forecast
(see `zoo.tasks.forecasting.base_forecast`), or without one the value that the normalisation subtracts.

    direct          the recurrence reads the window, then walks on over the horizon, where it sees the future covariates
                    and no values; each of its outputs there becomes a forecast. Without future covariates the last
                    output becomes all forecasts at once.
    autoregressive  it forecasts one step, reads its own point forecast, and so on; in training too.
    segments        blocks of steps are one input each; then every block of the horizon is decoded at once, from the
                    same final state and a learnt vector of the block and the variable (SegRNN, Lin et al. 2023).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import ops

from datasets.errors import UserError
from zoo.tasks.forecasting.base_layer import Correction, LinearBase
from zoo.tasks.forecasting.layers import (
    RAW,
    BlockEmbedding,
    ErrorScale,
    Forecast,
    Standardise,
    WindowNormalisation,
)
from zoo.tasks.forecasting.losses import DELTAS
from zoo.tasks.forecasting.normalisation import Normalisation
from zoo.tasks.forecasting.windows import WindowSpecification
from zoo.tensors import Inputs, Outputs, Tensor, last_axis

if TYPE_CHECKING:
    from zoo.factory import RecurrentFactory
    from zoo.tasks.forecasting.base_forecast import BaseForecast
    from zoo.tasks.forecasting.options import Options

LONGEST_WALK = 100  # steps of autoregressive decoding: each is a part of the graph


@dataclass(frozen=True)
class Scales:
    """Mean and deviation in train of the variables and of each kind of covariate, as `(mean, deviation)` arrays.

    `spread` is of the variables; see `zoo.tasks.forecasting.normalisation`.
    """

    values: tuple[np.ndarray, np.ndarray]
    past: tuple[np.ndarray, np.ndarray]
    future: tuple[np.ndarray, np.ndarray]
    spread: tuple[float, ...] = ()

    @property
    def variables(self) -> int:
        """How many there are."""
        return len(self.values[0])


def build_model(
    specification: WindowSpecification,
    scales: Scales,
    recurrent: RecurrentFactory,
    options: Options,
    base: BaseForecast | None = None,
) -> keras.Model:
    """Raw `values (batch, window, variables)` and covariates → `forecast (batch, steps, variables, levels)`.

    These are float64, what the recurrence reads is float32 (see `zoo.tasks.forecasting.layers`). The output `delta` is
    for `zoo.tasks.forecasting.losses.loss`; `unit` was, in version 0.1.

    Args:
        base: what is corrected; None for the value that the normalisation subtracts.

    Raises:
        UserError: for options that do not go together.
    """
    build = {"direct": _direct, "autoregressive": _autoregressive, "segments": _segments}[options.decoder]
    inputs = _inputs(specification, scales)
    x, shift, scale = WindowNormalisation(*scales.values, options.normalise, scales.spread, name="normalise")(
        inputs["values"]
    )
    alone = options.channels == "independent"
    rows = _Rows(scales.variables, alone)
    covariates = _covariates(inputs, scales, rows)
    x = rows.split(x)
    y = build(x, covariates, _Plan(specification, rows, recurrent, options))
    if options.skip == "linear":
        y = y + _linear_skip(x, specification)[..., None]
    y = rows.join(y)
    unit, delta = ErrorScale(scales.values[1], DELTAS[options.loss], name="error_scale")(inputs["values"])
    of_logarithms = options.normalise == "log"
    if base is not None:
        forecast = _base_forecast(base, inputs["values"], specification, scales)
        forecast = Normalisation.logarithm(forecast, inputs["values"], ops) if of_logarithms else forecast
        y = _corrected(base, y, (forecast - shift) / scale)
    forecast = Forecast(of_logarithms, name="forecast")(y, shift, scale)
    outputs = {"forecast": forecast, "unit": unit, "delta": delta}
    return keras.Model(inputs, outputs, name="forecasting")


def _base_forecast(
    base: BaseForecast, values: Inputs, specification: WindowSpecification, scales: Scales
) -> Tensor:
    """The layer of a base forecast, with its numbers where it has any; those of a loaded model come from its file."""
    facts = [[float(value) for value in fact] for fact in (*scales.values, scales.spread)]
    layer = LinearBase(specification.scored, tuple(base.kinds), *facts, name="base")
    forecast = layer(values)
    if base.parts:
        layer.assign(base.parts)
    return forecast


def _corrected(base: BaseForecast, y: Tensor, forecast: Tensor) -> Tensor:
    """The base forecast, normalised, with what the model adds to it."""
    layer = Correction(name="correction")
    corrected = layer(y, forecast)
    if base.offsets is not None:
        layer.offsets.assign(base.offsets)
    return corrected


@dataclass(frozen=True)
class _Rows:
    """Whether variables are rows of the batch (each is read alone) or features of one row."""

    variables: int
    alone: bool

    @property
    def features(self) -> int:
        return 1 if self.alone else self.variables

    @property
    def channels(self) -> int:
        return self.variables if self.alone else 1

    def split(self, x: Inputs) -> Inputs:
        """`(batch, window, variables)` to `(rows, window, features)`."""
        if not self.alone or self.variables == 1:
            return x
        return ops.reshape(ops.transpose(x, (0, 2, 1)), (-1, x.shape[1], 1))

    def repeat(self, x: Inputs) -> Inputs:
        """Covariates `(batch, time, features)` for each row."""
        return ops.repeat(x, self.variables, axis=0) if self.channels > 1 else x

    def join(self, y: Tensor) -> Tensor:
        """`(rows, steps, features, levels)` to `(batch, steps, variables, levels)`."""
        if self.channels == 1:
            return y
        _, steps, _, levels = y.shape
        return ops.transpose(ops.reshape(y, (-1, self.variables, steps, levels)), (0, 2, 1, 3))


@dataclass(frozen=True)
class _Plan:
    specification: WindowSpecification
    rows: _Rows
    recurrent: RecurrentFactory
    options: Options

    @property
    def outputs(self) -> int:
        """Numbers that are forecast for one step of one row."""
        return self.rows.features * self.options.quantiles

    def dropout(self, x: Tensor) -> Tensor:
        return keras.layers.Dropout(self.recurrent.options.dropout)(x)

    def head(self, size: int, name: str = "head") -> keras.layers.Dense:
        return keras.layers.Dense(size, kernel_initializer="zeros", name=name)

    def shaped(self, y: Outputs) -> Tensor:
        """The last axes as features and levels; only the last step where only that is scored."""
        steps = y.shape[1]
        y = ops.reshape(y, (-1, steps, self.rows.features, self.options.quantiles))
        return y[:, -1:] if self.specification.last_only else y


def _inputs(specification: WindowSpecification, scales: Scales) -> dict[str, Inputs]:
    inputs = {"values": keras.Input((specification.window, scales.variables), dtype=RAW, name="values")}
    if len(scales.past[0]):
        inputs["past"] = keras.Input((specification.window, len(scales.past[0])), dtype=RAW, name="past")
    if size := len(scales.future[0]):
        inputs["future_before"] = keras.Input((specification.window, size), dtype=RAW, name="future_before")
        inputs["future"] = keras.Input((specification.horizon, size), dtype=RAW, name="future")
    return inputs


def _covariates(inputs: dict[str, Inputs], scales: Scales, rows: _Rows) -> dict[str, Inputs]:
    """Standardised covariates by input name, for each row."""
    standardised: dict[str, Inputs] = {}
    for kind, names in (("past", ("past",)), ("future", ("future_before", "future"))):
        standardise = Standardise(*getattr(scales, kind), name=f"standardise_{kind}")
        standardised |= {name: rows.repeat(standardise(inputs[name])) for name in names if name in inputs}
    return standardised


def _direct(x: Inputs, covariates: Mapping[str, Inputs], plan: _Plan) -> Tensor:
    specification = plan.specification
    before = [x] + [covariates[name] for name in ("past", "future_before") if name in covariates]
    if "future" not in covariates:
        state = plan.recurrent(return_sequences=False, name="recurrent")(_joined(before))
        y = plan.head(specification.scored * plan.outputs)(plan.dropout(state))
        return ops.reshape(y, (-1, specification.scored, plan.rows.features, plan.options.quantiles))
    future = covariates["future"]
    unseen = [ops.zeros_like(part[:, :1]) for part in before[:-1]]
    ahead = [ops.repeat(part, specification.horizon, axis=1) for part in unseen]
    steps = ops.concatenate([_flagged(before, 0.0), _flagged([*ahead, future], 1.0)], axis=1)
    outputs = plan.recurrent(return_sequences=True, name="recurrent")(steps)
    y = plan.head(plan.outputs)(plan.dropout(outputs[:, -specification.scored :]))
    return plan.shaped(y)


def _joined(parts: list[Inputs]) -> Inputs:
    return parts[0] if len(parts) == 1 else ops.concatenate(parts, axis=-1)


def _flagged(parts: list[Inputs], flag: float) -> Inputs:
    """Features of each step, with one more that tells the window from the horizon."""
    return ops.concatenate([*parts, ops.zeros_like(parts[-1][..., :1]) + flag], axis=-1)


def _autoregressive(x: Inputs, covariates: Mapping[str, Inputs], plan: _Plan) -> Tensor:
    specification, features = plan.specification, plan.rows.features
    if plan.recurrent.options.bidirectional:
        raise UserError("--decoder autoregressive goes forward only; leave --bidirectional out")
    if specification.horizon > LONGEST_WALK:
        raise UserError(
            f"--decoder autoregressive takes --horizon up to {LONGEST_WALK}; take --decoder segments beyond"
        )
    parts = [x] + ([covariates["past"]] if "past" in covariates else [])
    if "future" in covariates:  # each step sees the covariates of the step that it forecasts
        shifted = [covariates["future_before"][:, 1:], covariates["future"][:, :1]]
        parts.append(ops.concatenate(shifted, axis=1))
    layer = plan.recurrent(return_sequences=True, return_state=True, name="recurrent")
    head, middle = plan.head(plan.outputs), plan.options.quantiles // 2
    outputs, states = layer(_joined(parts))
    output = outputs[:, -1:]
    steps: list[Tensor] = []
    for step in range(specification.horizon):
        y = ops.reshape(head(plan.dropout(output)), (-1, 1, features, plan.options.quantiles))
        y = y + x[:, -1:, :, None] if step == 0 else y + steps[-1][..., middle : middle + 1]
        steps.append(y)
        if step + 1 < specification.horizon:
            parts = [y[..., middle]]
            parts += [ops.zeros_like(covariates["past"][:, :1])] if "past" in covariates else []
            parts += [covariates["future"][:, step + 1 : step + 2]] if "future" in covariates else []
            output, states = layer(_joined(parts), initial_state=states)
    return steps[-1] if specification.last_only else ops.concatenate(steps, axis=1)


def _segments(x: Inputs, covariates: Mapping[str, Inputs], plan: _Plan) -> Tensor:
    specification, size = plan.specification, plan.options.segment
    if specification.window % size:
        raise UserError(f"--window {specification.window} is no multiple of --segment {size}")
    units = plan.recurrent.options.units
    blocks = -(-specification.horizon // size)
    before = _joined([x] + [covariates[name] for name in ("past", "future_before") if name in covariates])
    before = ops.reshape(before, (-1, specification.window // size, size * last_axis(before.shape)))
    embedded = keras.layers.Dense(units, activation="relu", name="embed")(before)
    layer = plan.recurrent(return_sequences=False, return_state=True, name="recurrent")
    _, states = layer(embedded)

    queries = BlockEmbedding(blocks, plan.rows.channels, units, name="blocks")(x)
    if "future" in covariates:
        future = covariates["future"]
        future = ops.pad(future, ((0, 0), (0, blocks * size - specification.horizon), (0, 0)))
        future = ops.reshape(future, (-1, blocks, size * last_axis(future.shape)))
        queries = queries + keras.layers.Dense(units, name="embed_future")(future)
    queries = ops.reshape(queries, (-1, 1, units))
    copies = keras.tree.map_structure(lambda state: ops.repeat(state, blocks, axis=0), states)
    output, _ = layer(queries, initial_state=copies)
    y = plan.head(size * plan.outputs)(plan.dropout(output))
    y = ops.reshape(y, (-1, blocks * size, plan.outputs))
    return plan.shaped(y[:, : specification.horizon])


def _linear_skip(x: Inputs, specification: WindowSpecification) -> Outputs:
    """A linear map of the window to the scored steps, shared by all variables: `(rows, steps, features)`."""
    columns = ops.transpose(x, (0, 2, 1))
    mapped = keras.layers.Dense(specification.scored, kernel_initializer="zeros", name="linear_skip")(columns)
    return ops.transpose(mapped, (0, 2, 1))
