"""Series of numbers in NumPy archives (`.npz`): an array `x`, perhaps with `length`, and the labels `y`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.errors import UserError, listed
from datasets.formats.number_cells import LARGEST
from datasets.formats.ts_files import LabelledNumbers

if TYPE_CHECKING:
    import numpy as np

#: Usual names of the arrays, in lower case.
VALUES = ("x", "values", "vectors", "data", "signals")
LABELS = ("y", "label", "labels", "target", "targets")
LENGTHS = ("length", "lengths")


def series_of_arrays(
    path: Path, arrays: Mapping[str, np.ndarray], labelled: bool
) -> Iterator[LabelledNumbers]:
    """The series in arrays by name: `x` `(series, time, channels)` or `(series, time)`, NaN where a value is missing;
    `y` `(series,)`; and `length` `(series,)`, the steps of each where they differ. Numbered from 0.

    Raises:
        UserError: an array lacks, has another shape, or holds what is no finite number.
    """
    import numpy as np

    x = _named(path, arrays, VALUES)
    if x.ndim not in (2, 3) or x.dtype.kind not in "fiub" or 0 in x.shape:
        raise UserError(
            f"{path}: x is {x.dtype} {x.shape}, not numbers (series, time, channels) or (series, time)"
        )
    x = x[:, :, None] if x.ndim == 2 else x
    y = _named(path, arrays, LABELS) if labelled else None
    if y is not None and y.shape != x.shape[:1]:
        raise UserError(
            f"{path}: labels are {y.dtype} {y.shape}, where one for each of {len(x):,} series is needed"
        )
    lengths = _lengths(path, arrays, x)
    for number, (values, length) in enumerate(zip(x, lengths, strict=True)):
        series = values[:length].astype(np.float64)
        if not (np.abs(series[~np.isnan(series)]) <= LARGEST).all():
            raise UserError(f"{path} item {number}: has a value that is not a finite number")
        yield number, series.astype(np.float32), None if y is None else _text(y[number])


def _named(path: Path, arrays: Mapping[str, np.ndarray], names: tuple[str, ...]) -> np.ndarray:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise UserError(f"{path}: has no array '{names[0]}', but {listed(sorted(arrays)) or 'none'}")


def _lengths(path: Path, arrays: Mapping[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    import numpy as np

    found = [arrays[name] for name in LENGTHS if name in arrays]
    if not found:
        return np.full(len(x), x.shape[1])
    lengths = found[0]
    fits = lengths.shape == x.shape[:1] and lengths.dtype.kind in "iu"
    if not fits or lengths.min() < 1 or lengths.max() > x.shape[1]:
        raise UserError(f"{path}: length must have a whole number from 1 to {x.shape[1]} for each series")
    return lengths


def _text(label: np.generic) -> str:
    value = label.item()
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return text.strip()
