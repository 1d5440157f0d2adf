"""The splits of a data set that has all three."""

from __future__ import annotations

from datasets.base import Dataset, Split


def splits_of(dataset: Dataset) -> tuple[Split, Split, Split]:
    """Train, dev and test."""
    assert dataset.test is not None
    return dataset.train, dataset.valid, dataset.test


def sizes_of(dataset: Dataset) -> tuple[int, int, int]:
    """The numbers of their examples."""
    train, valid, test = splits_of(dataset)
    return len(train), len(valid), len(test)
