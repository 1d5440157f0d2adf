"""Metrics under teacher forcing: how well a model predicts each token of the target sentences."""

from __future__ import annotations

import math

import numpy as np


def teacher_forced_metrics(nll: np.ndarray, correct: np.ndarray) -> dict[str, float]:
    """Metrics over all tokens, where the model reads the target sentence whatever it predicts.

    Args:
        nll: negative log-likelihood of each target token in nats, `(tokens,)`.
        correct: 1 where the most probable token is the target, else 0, `(tokens,)`.

    Returns:
        `loss`, the mean of `nll`; `perplexity`, its exponential; and `accuracy`, the mean of `correct`. All are NaN
        where there is no token, or a value of `nll` is not finite.
    """
    if not len(nll) or not np.isfinite(nll).all():
        return dict.fromkeys(("loss", "perplexity", "accuracy"), math.nan)
    loss = float(nll.mean())
    return {"loss": loss, "perplexity": math.exp(min(loss, 700)), "accuracy": float(correct.mean())}
