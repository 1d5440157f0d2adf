"""What a model foresees of the right sentences."""

from __future__ import annotations

import math

import numpy as np


def foreseen(surprise: np.ndarray, right: np.ndarray) -> dict[str, float]:
    """Under teacher forcing, over all tokens: mean surprise in nats (`loss`), its exponential, share of right ones."""
    if not np.isfinite(surprise).all():
        return dict.fromkeys(("loss", "perplexity", "accuracy"), math.nan)
    loss = float(surprise.mean()) if len(surprise) else 0.0
    return {
        "loss": loss,
        "perplexity": math.exp(min(loss, 700)),
        "accuracy": float(right.mean()) if len(right) else 0.0,
    }
