from __future__ import annotations

import numpy as np
import pytest

from datasets.formats.signals import Pictures, taken


@pytest.mark.parametrize(
    ("count", "rate", "wanted", "expected"),
    [
        (6, 30, 10, [0, 3]),
        (7, 30, 10, [0, 3, 6]),
        (4, 10, 10, [0, 1, 2, 3]),
        (4, 10, 25, [0, 1, 2, 3]),
        (4, 10, 0, [0, 1, 2, 3]),
        (1, 30, 10, [0]),
        (5, 25, 10, [0, 2]),
    ],
)
def test_which_frames_are_taken(count: int, rate: float, wanted: float, expected: list[int]) -> None:
    assert np.arange(count)[taken(count, rate, wanted)].tolist() == expected


def test_pictures_in_memory_are_thinned() -> None:
    frames = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1).repeat(3, axis=-1)
    assert Pictures(frames, 30.0).read(10)[:, 0, 0, 0].tolist() == [0, 3]
