"""Scores by the length of the sequence: where a recurrence forgets, long sequences score worse than short ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.tasks.base import Metrics

BINS = 5


def by_length(lengths: np.ndarray, score: Callable[[np.ndarray], Metrics]) -> list[dict[str, Any]]:
    """Scores of the shortest fifth of the sequences, the next fifth, and so on; equal lengths stay together.

    Args:
        lengths: `(sequences,)`.
        score: metrics of the sequences with these numbers.

    Returns:
        Rows with the shortest (`low`) and longest (`high`) length, `examples`, and the metrics.
    """
    if not len(lengths):
        return []
    bounds = np.unique(np.quantile(lengths, np.arange(1, BINS) / BINS, method="lower"))
    bin_of = np.searchsorted(bounds, lengths, side="left")
    rows = []
    for number in np.unique(bin_of):
        which = np.flatnonzero(bin_of == number)
        span = {"low": int(lengths[which].min()), "high": int(lengths[which].max())}
        rows.append({**span, "examples": len(which), **score(which)})
    return rows
