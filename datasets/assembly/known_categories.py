"""Categories of covariates that train lacks: a model cannot know them, so their columns are left out of all splits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from datasets.base import Dataset, Example, Split
from datasets.errors import listed
from datasets.series.columns import BETWEEN
from datasets.series.time_series import TimeSeries


def without_unknown(dataset: Dataset) -> Dataset:
    """The series without columns of categories that never hold in train, and a note that names them."""
    train = [example["series"] for example in dataset.train]
    if not train or not any(BETWEEN in name for name in (*train[0].past_names, *train[0].future_names)):
        return dataset
    past, future = (_known(train, kind) for kind in ("past", "future"))
    unknown = [
        name
        for names, known in ((train[0].past_names, past), (train[0].future_names, future))
        for name, is_known in zip(names, known, strict=True)
        if not is_known
    ]
    if not unknown:
        return dataset
    note = f"categories that train lacks count as unknown: {listed(unknown)}"
    splits = (dataset.train, dataset.valid, dataset.test)
    train_split, valid, test = (None if split is None else _with(split, past, future) for split in splits)
    assert train_split is not None
    assert valid is not None
    return Dataset(replace(dataset.info, notes=(*dataset.info.notes, note)), train_split, valid, test)


def _known(train: list[TimeSeries], kind: str) -> np.ndarray:
    """Which covariates of a kind are no categories, or hold in train at any step."""
    names = getattr(train[0], f"{kind}_names")
    holds = np.array([getattr(series, kind)[: len(series)].any(axis=0) for series in train]).any(axis=0)
    return holds | np.array([BETWEEN not in name for name in names], bool)


def _with(split: Split, past: np.ndarray, future: np.ndarray) -> Split:
    examples: list[Example] = [
        {**example, "series": _chosen(example["series"], past, future)} for example in split
    ]
    return Split(lambda: examples, len(examples))


def _chosen(series: TimeSeries, past: np.ndarray, future: np.ndarray) -> TimeSeries:
    names = (
        tuple(name for name, chosen in zip(of_kind, known, strict=True) if chosen)
        for of_kind, known in ((series.past_names, past), (series.future_names, future))
    )
    past_names, future_names = names
    return replace(
        series, past=series.past[:, past], future=series.future[:, future],
        past_names=past_names, future_names=future_names,
    )  # fmt: skip
