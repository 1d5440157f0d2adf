"""Small pictures with captions that the tests share: two colours side by side, told in two ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from datasets.base import Dataset, Example, Info, Split
from datasets.formats.images import Features
from tests.zoo.tasks.vqa.toy import Picture, pictures

RGB = {"red": 1.0, "blue": -1.0}


def captions(picture: Picture) -> tuple[str, ...]:
    """Two captions of a picture."""
    return f"{picture.left} and {picture.right}", f"{picture.right} right of {picture.left}"


def examples(count: int = 4, prefix: str = "p", true: bool = False) -> list[Example]:
    """Pictures with their captions, and with all that is true of them."""
    found: list[dict[str, Any]] = [
        {"image": picture, "captions": captions(picture)} for picture in pictures(count, prefix)
    ]
    return [one | ({"true_captions": one["captions"]} if true else {}) for one in found]


def features(shape: tuple[int, ...], count: int = 4, prefix: str = "p") -> list[Example]:
    """The same with features of this shape in place of pictures: (2,), or (rows, columns, 2) with a half each."""
    found = examples(count, prefix)
    halves = np.array(
        [[RGB[one["image"].left], RGB[one["image"].right]] for one in found], np.float32
    )  # (images, 2)
    table = halves
    if len(shape) == 3:
        table = np.zeros((count, *shape), np.float32)
        table[:, :, : shape[1] // 2, 0] = halves[:, 0, None, None]
        table[:, :, shape[1] // 2 :, 1] = halves[:, 1, None, None]
    return [{**one, "image": Features(one["image"].name, table, row, None)} for row, one in enumerate(found)]


def split(rows: Sequence[Example]) -> Split:
    """Examples as a split."""
    return Split(lambda: iter(rows), len(rows))


def dataset(
    train: Sequence[Example], valid: Sequence[Example], test: Sequence[Example] | None = None
) -> Dataset:
    """A set of these examples."""
    tested = None if test is None else split(test)
    return Dataset(Info("toy", ("image", "captions")), split(train), split(valid), tested)
