"""Small pictures with questions that the tests share: what is asked for is in the left or in the right half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datasets.base import Dataset, Info, Split

LABELS = ("blue", "no", "red", "yes")
RGB = {"red": (220, 30, 30), "blue": (30, 30, 220)}


@dataclass(frozen=True)
class Picture:
    """Two colours side by side."""

    name: str
    left: str
    right: str
    size: tuple[int, int] = (8, 12)

    def read(self) -> np.ndarray:
        """`(height, width, 3)` uint8."""
        pixels = np.empty((*self.size, 3), np.uint8)
        pixels[:, : self.size[1] // 2] = RGB[self.left]
        pixels[:, self.size[1] // 2 :] = RGB[self.right]
        return pixels


def about(picture: Picture) -> list[dict]:
    """Two questions about a picture, one with its kind."""
    return [
        {
            "image": picture,
            "question": "Which colour is left?",
            "answer": LABELS.index(picture.left),
            "kind": "left",
        },
        {"image": picture, "question": "Is right red?", "answer": 3 if picture.right == "red" else 1},
    ]


def pictures(count: int = 4, prefix: str = "p") -> list[Picture]:
    """Every combination of colours by turns."""
    pairs = [("red", "blue"), ("blue", "blue"), ("blue", "red"), ("red", "red")]
    return [Picture(f"{prefix}{n}", *pairs[n % 4]) for n in range(count)]


def split(examples: list[dict]) -> Split:
    """Examples as a split."""
    return Split(lambda: iter(examples), len(examples))


def dataset(count: int = 4, test: Split | None = None) -> Dataset:
    """A set of so many training pictures."""
    train = [example for picture in pictures(count) for example in about(picture)]
    valid = [example for picture in pictures(4, "v") for example in about(picture)]
    return Dataset(Info("toy", ("image", "question", "answer"), LABELS), split(train), split(valid), test)
