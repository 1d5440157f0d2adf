"""Examples of a data set as the raw inputs that a user would give to a trained model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Characters of a text; a language model's examples are long, and its prompts short.
MOST_CHARACTERS = 2000


def raw_inputs(field: str, examples: Iterable[Mapping[str, Any]], folder: Path) -> list[Any]:
    """Inputs for `task.answer`.

    Args:
        field: the task's `input_field`.
        examples: of the data set.
        folder: where files are written that stand for images, or for features computed from them.
    """
    return [_GIVEN[field](example, folder / str(number)) for number, example in enumerate(examples)]


@dataclass(frozen=True)
class SeriesInput:
    """Like `datasets.inputs.SeriesFile`, of one series that is there already."""

    series: Any

    def read(self, about: Mapping[str, Any], fill: str = "none") -> list[Any]:
        """The series, up to where what is known of the future allows a forecast; it was filled when it was loaded."""
        ahead = about["horizon"] if about["future"] else 0
        kept = len(self.series) - ahead
        return [dataclasses.replace(self.series.until(kept), future=self.series.future)]


def _text(example: Mapping[str, Any], _: Path) -> str:
    text: str = example["text"] if "text" in example else example["source"]
    return text[:MOST_CHARACTERS]


def _image(example: Mapping[str, Any], path: Path) -> str:
    import numpy as np

    from datasets.formats.images import write_image

    values = example["image"].read()
    if values.dtype == np.uint8:
        path = path.with_suffix(".png")
        write_image(values, path)
    else:
        path = path.with_suffix(".npz")
        np.savez(path, names=np.array([example["image"].name]), features=values[None])
    return str(path)


_GIVEN = {
    "text": _text,
    "tokens": lambda example, _: example["tokens"],
    "series": lambda example, _: SeriesInput(example["series"]),
    "image": _image,
    "image and question": lambda example, path: (_image(example, path), example["question"]),
}
