"""Intervals that cover what they say: quantiles moved so that on dev they are what they are called.

Each quantile q keeps its side of the median m, and its distance from it is multiplied:

    q' = m + f · √(r / r̄) · (q - m),      r = mean |y_t - y_{t-1}| of the window / width of the widest interval

r tells how restless the window is beside what the model makes of it, r̄ its median on dev; r / r̄ is bounded by 4. So an
interval is as wide as the geometric mean of what the model says and of what the window's differences say, and follows
a market that calms down after dev. f is the conformal quantile, on dev, of the ratio of y - m to that distance, for
each step ahead, variable and level τ, p the larger of τ and 1 - τ (Romano et al. 2019, conformalised quantile
regression, with ratios in place of differences). The median stays as it is.

What comes is more like the end of dev than like its beginning. A forecast from the share a of the split before its end
has the weight w = 2^(-a / H), and f is the least ratio such that those up to it weigh p (Σ w + 1) (Barber et al. 2023,
conformal prediction beyond exchangeability); of n equal weights it is the one of rank ⌈(n+1) p⌉.

That takes the values of dev for independent, which those of neighbouring origins are not. Each factor is therefore
multiplied by what so many independent values ask for; weights make (Σ w)² / Σ w² of n. Where there are few, all weigh
the same and no interval is made narrower; see `zoo.tasks.forecasting.few_errors`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Unpack

import keras
import numpy as np
from keras import ops

from zoo.keras_types import Config, LayerArguments
from zoo.tasks.forecasting.few_errors import FEW, widening
from zoo.tasks.forecasting.layers import RAW
from zoo.tasks.forecasting.losses import levels
from zoo.tensors import Shape, Tensor

#: Known values of dev that a factor is taken from, at least; with fewer, steps ahead share it, then variables too.
FEWEST = 100
#: And at least so many in all, or nothing is calibrated.
FEWEST_OF_ALL = 20
#: So many times as restless as usual, or as calm, a window counts at most.
FARTHEST = 4.0
#: H: after this share of the split a forecast weighs half as much.
HALF_LIFE = 0.5


@dataclass(frozen=True)
class Calibration:
    """What dev says of a model's intervals.

    Attributes:
        factors: `(steps, variables, levels)` of the distances from the median, none below 0.
        usual: `(steps, variables)` the median of `restlessness`; 0 where it is not told.
    """

    factors: np.ndarray
    usual: np.ndarray


def mean_moves(values: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring values of windows `(batch, window, variables)`: `(batch, variables)`.

    It is 0 where a window is of one step.
    """
    if values.shape[1] == 1:
        return ops.zeros_like(values[:, 0])
    return ops.mean(ops.abs(values[:, 1:] - values[:, :-1]), axis=1)


def restlessness(quantiles: Tensor, moves: Tensor) -> Tensor:
    """Moves `(batch, variables)` by the widths of the widest intervals, `(batch, steps, variables)`; else 0."""
    width = quantiles[..., -1] - quantiles[..., 0]
    return ops.where(width > 0, moves[:, None] / ops.where(width > 0, width, 1.0), 0.0)


def own_factor(quantiles: Tensor, moves: Tensor, usual: Tensor) -> Tensor:
    """What the distances of each window from its median are multiplied by, `(batch, steps, variables)`."""
    ratio = restlessness(quantiles, moves) / ops.where(usual > 0, usual, 1.0)
    return ops.sqrt(ops.where(usual > 0, ops.clip(ratio, 1 / FARTHEST, FARTHEST), 1.0))


def calibrate(
    quantiles: np.ndarray,
    targets: np.ndarray,
    moves: np.ndarray,
    independent: np.ndarray,
    ages: np.ndarray,
) -> Calibration | None:
    """What a split says of a model's quantiles; None where it has too few values.

    Args:
        quantiles: `(forecasts, steps, variables, levels)`.
        targets: `(forecasts, steps, variables)`, NaN where a value is not known.
        moves: `(forecasts, variables)`, see `mean_moves`.
        independent: `(steps,)`, see `zoo.tasks.forecasting.windows.Windows.independent`.
        ages: `(forecasts,)`, see `zoo.tasks.forecasting.windows.Windows.ages`.
    """
    if np.count_nonzero(~np.isnan(targets)) < FEWEST_OF_ALL:
        return None
    usual = np.median(ops.convert_to_numpy(restlessness(quantiles, moves)), axis=0)
    own = ops.convert_to_numpy(own_factor(quantiles, moves, ops.convert_to_tensor(usual, dtype=RAW)))
    middle = quantiles[..., quantiles.shape[-1] // 2]
    few = independent[-1] < FEW
    weights = np.ones(len(ages)) if few else 0.5 ** (ages / HALF_LIFE)
    independent = independent * weights.mean() ** 2 / np.mean(weights**2)
    factors = np.ones(quantiles.shape[1:])
    for n, level in enumerate(levels(quantiles.shape[-1])):
        if n != quantiles.shape[-1] // 2:
            apart = own * (quantiles[..., n] - middle)
            ratios = np.divide(targets - middle, apart, out=np.full(apart.shape, np.nan), where=apart != 0)
            found = _factors(ratios, weights, max(level, 1 - level))
            factors[..., n] = found * widening(independent, level)[:, None]
    if few:
        factors = np.maximum(factors, 1.0)
    return Calibration(factors, usual)


def _factors(ratios: np.ndarray, weights: np.ndarray, share: float) -> np.ndarray:
    """Conformal quantiles `(steps, variables)` of ratios `(forecasts, steps, variables)` with weights `(forecasts,)`;
    1 where there is no ratio."""
    steps, variables = ratios.shape[1:]
    found = np.ones((steps, variables))
    everything = _conformal(ratios, weights, share, FEWEST_OF_ALL)
    for variable in range(variables):
        of_variable = ratios[..., variable]
        shared = _conformal(of_variable, weights, share), everything, 1.0
        for step in range(steps):
            factors = _conformal(of_variable[:, step], weights, share), *shared
            found[step, variable] = next(factor for factor in factors if factor is not None)
    return found


def _conformal(ratios: np.ndarray, weights: np.ndarray, share: float, fewest: int = FEWEST) -> float | None:
    """The least of ratios `(forecasts, …)` such that those up to it have their share, at least 0; see the module. None
    where there are too few."""
    known = ~np.isnan(ratios)
    if known.sum() < fewest:
        return None
    weights = np.broadcast_to(weights.reshape(-1, *[1] * (ratios.ndim - 1)), ratios.shape)[known]
    order = np.argsort(ratios[known], kind="stable")
    up_to = np.cumsum(weights[order])
    rank = min(int(np.searchsorted(up_to, share * (up_to[-1] + 1) - 1e-9)), len(order) - 1)
    return max(float(ratios[known][order[rank]]), 0.0)


@keras.saving.register_keras_serializable(package="zoo")
class CalibratedQuantiles(keras.layers.Layer):
    """Quantiles as a calibration has them, in float64 and in rising order.

    Args:
        shape: `(steps, variables, levels)`.

    Call arguments:
        quantiles: `(batch, steps, variables, levels)`.
        values: the windows `(batch, window, variables)` that they are of.
    """

    def __init__(self, shape: Iterable[int], **layer_arguments: Unpack[LayerArguments]) -> None:
        super().__init__(**{"dtype": RAW, "autocast": False, "trainable": False, **layer_arguments})
        self.shape = tuple(shape)
        self.factors = self.add_weight(shape=self.shape, initializer="ones", name="factors", dtype=RAW)
        self.usual = self.add_weight(shape=self.shape[:-1], initializer="zeros", name="usual", dtype=RAW)

    def build(self, *shapes: Shape) -> None:
        """Nothing: the weights are those of a calibration, whatever is called."""
        del shapes
        self.built = True

    def assign(self, calibration: Calibration) -> None:
        """Take the numbers of a calibration."""
        self.factors.assign(calibration.factors)
        self.usual.assign(calibration.usual)

    def call(self, quantiles: Tensor, values: Tensor) -> Tensor:
        """See the class."""
        quantiles, values = ops.cast(quantiles, RAW), ops.cast(values, RAW)
        middle = quantiles[..., self.shape[-1] // 2, None]
        own = own_factor(quantiles, mean_moves(values), self.usual)[..., None]
        return ops.sort(middle + self.factors * own * (quantiles - middle), axis=-1)

    def compute_output_spec(self, quantiles: Tensor, values: Tensor) -> Tensor:
        """The shape of the quantiles."""
        del values
        return keras.KerasTensor(quantiles.shape, dtype=RAW)

    def get_config(self) -> Config:
        """Every constructor argument."""
        return {**super().get_config(), "shape": list(self.shape)}


def with_calibration(model: keras.Model, calibration: Calibration) -> keras.Model:
    """The model, of the same inputs and outputs, whose forecasts are calibrated."""
    inputs = {tensor.name: tensor for tensor in model.inputs}
    outputs: Mapping[str, Tensor] = model.output
    layer = CalibratedQuantiles(calibration.factors.shape, name="calibrated")
    calibrated = layer(outputs["forecast"], inputs["values"])
    layer.assign(calibration)
    return keras.Model(inputs, {**outputs, "forecast": calibrated}, name=model.name)
