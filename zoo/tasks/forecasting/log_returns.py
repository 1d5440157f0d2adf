"""Scores of log returns: of what a value changes by from the window's last one, in proportion to it.

The log return of a value y from the last value p that a forecast reads is log(y / p), over all steps between them. A
forecast f says log(f / p): the last value says 0.

return_mae, return_rmse  errors of log returns; means over forecasts, steps and variables
direction                share of forecasts on the right side of p, of those where y and f differ from p; NaN where a
                         forecast never does. It means little without what always saying the same direction gives.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from datasets.errors import UserError
from zoo.tasks.forecasting.normalisation import LEAST_SHARE
from zoo.tasks.forecasting.scales import known_mean

if TYPE_CHECKING:
    from datasets.series.time_series import TimeSeries
    from zoo.tasks.forecasting.windows import Windows

#: The table's metrics where log returns are asked for.
HEADLINE = ("return_mae", "return_rmse", "direction", "mae", "smape", "crps", "width", "coverage")
ROW = "mean return of train"


def return_metrics(forecasts: np.ndarray, y: np.ndarray, last: np.ndarray) -> dict[str, float]:
    """The metrics of point forecasts.

    Args:
        forecasts, y: `(forecasts, steps, variables)`; NaN in y where a value is not known. A forecast that is not
            positive counts as a small share of the last value.
        last: `(forecasts, 1, variables)`, positive.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        came = np.log(y / last)
    said = np.log(np.maximum(forecasts, LEAST_SHARE * last) / last)
    errors = came - said
    decided = np.isfinite(came) & (came != 0) & (said != 0)
    right = np.sign(came[decided]) == np.sign(said[decided])
    return {
        "return_mae": float(known_mean(np.abs(errors))),
        "return_rmse": float(np.sqrt(known_mean(errors**2))),
        "direction": float(right.mean()) if right.size else math.nan,
    }


def mean_returns(train: Sequence[TimeSeries]) -> np.ndarray:
    """The mean log return of a step of each variable over all series of train, `(variables,)`.

    Raises:
        UserError: a value is not positive, so that it has none.
    """
    if not all((series.values > 0).all() for series in train):
        raise UserError("--log-returns needs positive values in train")
    return np.concatenate([np.diff(np.log(series.values), axis=0) for series in train]).mean(axis=0)


def by_mean_return(windows: Windows, mean: np.ndarray) -> np.ndarray:
    """The last value, grown by train's mean return: `(windows, scored steps, variables)`; always the same direction."""
    last = windows.raw(np.arange(len(windows)), -1, 0)
    return last * np.exp(windows.specification.ahead[:, None] * mean)
