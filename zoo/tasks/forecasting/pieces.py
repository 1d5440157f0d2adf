"""What a forecast is made of: pieces in the units of the data, whose sum it is.

base        the base forecast; without one the value that the normalisation subtracts, such as the window's last
correction  what the model adds to it without a calendar: with every wave at 0, its mean over a whole cycle
calendar    what it adds to that with the calendar; none where it reads no calendar
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import tensorflow as tf
from keras import ops

from datasets.errors import UserError
from zoo.tasks.forecasting.calendar import WAVES
from zoo.tasks.forecasting.windows import WindowSpecification
from zoo.tensors import Tensor

PIECES = ("base", "correction", "calendar")
#: Inputs of a model whose last columns are the calendar's.
WITH_CALENDAR = ("future_before", "future")

Inputs = Mapping[str, tf.Tensor]


def splitter(
    model: keras.Model, specification: WindowSpecification
) -> Callable[[Inputs], dict[str, tf.Tensor]]:
    """A function of a model's inputs that gives the pieces of its point forecasts, `(batch, steps, variables)` each.

    Args:
        model: see `zoo.tasks.forecasting.model.build_model`.
        specification: of its windows.

    Raises:
        UserError: the model is the mean of several.
    """
    forecast = model.output["forecast"]
    with_base = keras.Model(model.input, {"forecast": forecast, "base": _base(model)})
    columns, middle = WAVES * len(specification.cycles), forecast.shape[-1] // 2

    def split(inputs: Inputs) -> dict[str, tf.Tensor]:
        inputs = {name: tf.convert_to_tensor(values) for name, values in inputs.items()}
        outputs = with_base(inputs, training=False)
        whole = tf.cast(outputs["forecast"][..., middle], tf.float64)
        base = tf.broadcast_to(outputs["base"], tf.shape(whole))
        if not columns:
            return {"base": base, "correction": whole - base}
        without = with_base(_without_calendar(inputs, columns), training=False)["forecast"][..., middle]
        without = tf.cast(without, tf.float64)
        return {"base": base, "correction": without - base, "calendar": whole - without}

    return split


def _base(model: keras.Model) -> Tensor:
    """What the model starts from: `(batch, steps, variables)`, or `(batch, 1, variables)` for all steps."""
    layers = {layer.name: layer for layer in model.layers}
    if "base" in layers:
        return layers["base"].output
    if "normalise" not in layers:
        raise UserError("--pieces: the forecasts of an ensemble have no pieces; ask one of its runs")
    normalise = layers["normalise"]
    _, shift, _ = normalise.output
    return ops.exp(shift) if normalise.kind == "log" else shift


def _without_calendar(inputs: Inputs, columns: int) -> dict[str, tf.Tensor]:
    """The inputs with the calendar's columns, the last ones, at 0."""

    def cleared(values: tf.Tensor) -> tf.Tensor:
        return tf.concat([values[..., :-columns], tf.zeros_like(values[..., -columns:])], axis=-1)

    return {name: cleared(values) if name in WITH_CALENDAR else values for name, values in inputs.items()}
