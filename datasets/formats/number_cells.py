"""Texts of numbers to arrays, where some values may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from datasets.errors import UserError

if TYPE_CHECKING:
    import numpy as np

#: How files write that a value is missing, in lower case.
MISSING = frozenset({"", "?", "nan", "na", "n/a", "null", "none"})
LARGEST = 3.4e38  # a number of 32 bits


def numbers_of(place: str, cells: Sequence[object]) -> np.ndarray:
    """Cells of a table as `(cells,)` float32; NaN where a value is missing.

    Args:
        place: the words for where they stand, for messages.
        cells: texts, or what JSON holds.

    Raises:
        UserError: one is neither a number of 32 bits nor a sign that it is missing.
    """
    import numpy as np

    try:
        values = np.array(cells, np.str_).astype(np.float64)
    except ValueError:
        values = np.array([_number(place, cell) for cell in cells], np.float64)
    if len(values) and not (np.abs(values) <= LARGEST)[~np.isnan(values)].all():
        wrong = cells[int(np.flatnonzero(np.abs(values) > LARGEST)[0])]
        raise UserError(f"{place}: {str(wrong)[:40]!r} is not a finite number")
    return values.astype(np.float32)


def is_missing(cell: object) -> bool:
    """Whether a cell says that a value is missing."""
    return cell is None or str(cell).strip().lower() in MISSING


def is_number(cell: object) -> bool:
    """Whether a cell is a number, or says that a value is missing."""
    try:
        _number("", cell)
    except UserError:
        return False
    return True


def _number(place: str, cell: object) -> float:
    if is_missing(cell):
        return float("nan")
    try:
        if isinstance(cell, bool):
            raise ValueError(cell)
        return float(str(cell))
    except ValueError:
        raise UserError(
            f"{place}: {str(cell)[:40]!r} is not a number; leave a missing value empty, or write ?"
        ) from None
