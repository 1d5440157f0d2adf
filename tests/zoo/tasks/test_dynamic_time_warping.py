from __future__ import annotations

import numpy as np

from zoo.tasks.dynamic_time_warping import nearest


def warped(a: np.ndarray, b: np.ndarray) -> float:
    """The distance by dynamic time warping, from its recurrence."""
    costs = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
    table = np.full((len(a) + 1, len(b) + 1), np.inf)
    table[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            table[i + 1, j + 1] = costs[i, j] + min(table[i, j], table[i, j + 1], table[i + 1, j])
    return float(table[-1, -1])


def test_the_nearest_is_that_of_the_recurrence() -> None:
    draw = np.random.default_rng(0)
    references = [draw.normal(size=(draw.integers(2, 9), 3)) for _ in range(12)]
    for _ in range(8):
        values = draw.normal(size=(draw.integers(2, 9), 3))
        assert nearest(values, references) == np.argmin([warped(values, other) for other in references])
