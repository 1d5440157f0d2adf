"""Answers of a live model beside those of its export, or of a batch beside those of its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def differing(found: Mapping[str, Any], expected: Mapping[str, Any], tolerance: float = 1e-5) -> list[str]:
    """Names of the outputs that differ, or that only one side has; none where both answer the same.

    Texts, whole numbers and truth values must be equal; numbers may differ by the tolerance, absolute and relative.
    """
    wrong = sorted(found.keys() ^ expected.keys())
    for name in found.keys() & expected.keys():
        one, other = np.asarray(found[name]), np.asarray(expected[name])
        if one.shape != other.shape:
            wrong.append(name)
        elif other.dtype.kind == "f":
            if not np.allclose(one, other, rtol=tolerance, atol=tolerance, equal_nan=True):
                wrong.append(name)
        elif not (one == other).all():
            wrong.append(name)
    return wrong
