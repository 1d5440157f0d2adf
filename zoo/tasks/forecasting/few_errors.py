"""How wide intervals have to be where few errors tell it: on short series.

Errors of neighbouring origins are of the same steps: of a split of T steps, those h ahead are worth T / h independent
ones. Where these are few, quantiles of each step are too narrow, and more so for having chosen the forecast on them.

- All steps tell one shape. The errors e_h are divided by their size g(h) = a h^b, 0 ≤ b ≤ 1, fitted to their root mean
  squares; g is the larger of those of dev and of train, on which the forecast was fitted.
- Both sides tell one width: an interval that is to cover c reaches g(h) times the c-quantile of |e_h| / g(h).
- That is widened by t_n(τ) / z(τ) · √(1 + 1/n), with the quantiles of Student and of the normal distribution: what a
  sample of n values asks for where its deviation is estimated, n = T / h.
"""

from __future__ import annotations

import numpy as np

from zoo.tasks.forecasting.scales import known_mean

#: Of so many independent errors and more, quantiles of each step are taken as they are.
FEW = 30


def widening(independent: np.ndarray, level: float) -> np.ndarray:
    """By which the distance of a quantile from the median is multiplied, at least 1; see the module.

    Args:
        independent: n, of each step, `(steps,)`.
        level: of the quantile, not 0.5.
    """
    from scipy.special import ndtri, stdtrit

    n, level = np.maximum(independent, 1.0), max(level, 1 - level)
    return np.sqrt(1 + 1 / n) * stdtrit(n, level) / ndtri(level)


def growth(errors: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The size of errors `(rows, steps)` by a power of the steps ahead, `(steps,)`; NaN counts as not known."""
    with np.errstate(divide="ignore"):
        size = np.log(np.sqrt(known_mean(errors**2, axis=0)))
    known = np.isfinite(size)
    if not known.any():
        return np.zeros(len(ahead))
    log_ahead, weights = np.log(ahead), np.where(known, 1 / ahead, 0.0)
    size = np.where(known, size, 0.0)
    middle = np.average(log_ahead, weights=weights)
    apart = weights * (log_ahead - middle)
    variance = apart @ (log_ahead - middle)
    power = np.clip(apart @ size / variance, 0.0, 1.0) if variance > 0 else 0.0
    return np.exp(np.average(size, weights=weights) + power * (log_ahead - middle))


def offsets_of_few(
    dev: np.ndarray, train: np.ndarray, ahead: np.ndarray, independent: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """Where the quantiles of a forecast's errors lie, `(steps, levels)`; see the module.

    Args:
        dev, train: errors of one variable, `(rows, steps)` each; NaN where the value is not known.
        ahead: which steps these are.
        independent: how many of the errors of dev are, by step.
        levels: of the quantiles.
    """
    sizes = [growth(errors, ahead) for errors in (dev, train)]
    shares = [
        np.abs(errors[:, size > 0] / size[size > 0]).ravel()
        for errors, size in zip((dev, train), sizes, strict=True)
    ]
    known = np.concatenate(shares)
    known = known[~np.isnan(known)]
    offsets = np.zeros((len(ahead), len(levels)))
    for n, level in enumerate(levels):
        if level != 0.5 and len(known):
            covered = abs(2 * level - 1)
            reach = np.quantile(known, covered) * np.maximum(*sizes) * widening(independent, level)
            offsets[:, n] = np.sign(level - 0.5) * reach
    return offsets
