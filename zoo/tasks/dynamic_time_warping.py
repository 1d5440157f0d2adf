"""The nearest of several sequences by dynamic time warping (Sakoe and Chiba 1978)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: Cells of all tables of all pairs, times channels, up to which neighbours are looked for: some seconds.
MOST_CELLS = 2e9


def nearest(values: np.ndarray, references: Sequence[np.ndarray]) -> int:
    """Which reference is the nearest; the first of several. One that is known to be farther is given up early.

    Args:
        values: `(time, channels)` float64; the distance is of all channels together, without a window.
        references: as many channels each, of any length.
    """
    from dtaidistance import dtw_ndim

    best, least = 0, np.inf
    for n, reference in enumerate(references):
        limit = None if least == np.inf else least
        distance = dtw_ndim.distance_fast(values, reference, max_dist=limit)
        if distance < least:
            best, least = n, distance
    return best
