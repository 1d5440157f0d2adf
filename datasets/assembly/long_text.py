"""One long text, read in pieces, becomes a data set: cut by position into splits; never the whole of it in memory."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Mapping

from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError

FIELDS = ("text",)

#: A function that reads a text from its beginning: pieces that are the text when put together.
Reader = Callable[[], Iterator[str]]


def assemble(info: Info, parts: Mapping[str, Reader], valid_fraction: float, test_fraction: float) -> Dataset:
    """A data set of texts: what is missing of dev and test is cut off the end of train, test last.

    Every split is one text; its examples are the pieces of it, in order. Where train has too few characters to be cut,
    it is every split that is missing.

    Args:
        info: what is known; its notes are added to.
        parts: readers of `train` and, where they exist, `valid` and `test`.
        valid_fraction, test_fraction: how much of train a missing split gets; 0 for no test split.

    Raises:
        UserError: an empty text, or what reading it raises.
    """
    lengths = {name: [len(piece) for piece in read()] for name, read in parts.items()}
    for name, pieces in lengths.items():
        if not pieces:
            raise UserError(f"{getattr(parts[name], 'path', info.name)}: is empty; give a text")
    size = sum(lengths["train"])
    valid = 0.0 if "valid" in parts else valid_fraction
    test = 0.0 if "test" in parts else test_fraction
    first, second = int(round((1 - valid - test) * size, 6)), int(round((1 - test) * size, 6))
    notes = [*info.notes, f"text: {sum(map(sum, lengths.values())):,} characters"]
    too_short = first == 0 or (valid > 0 and first == second) or (test > 0 and second == size)
    if too_short:
        notes.append(
            f"{size} characters are too few to be cut: the same text is train, and dev and test where missing"
        )
    borders = {"train": (0, first), "valid": (first, second), "test": (second, size)}

    def split(name: str) -> Split:
        part = name if name in parts else "train"
        cut_out = part == "train" and not too_short
        start, stop = borders[name] if cut_out else (0, sum(lengths[part]))
        return _split(parts[part], lengths[part], start, stop)

    info = dataclasses.replace(info, notes=tuple(notes), unit="pieces of text")
    has_test = "test" in parts or test > 0
    return Dataset(info, split("train"), split("valid"), split("test") if has_test else None)


def _split(read: Reader, lengths: list[int], start: int, stop: int) -> Split:
    """The characters from `start` to `stop` of a text with pieces of these lengths."""
    ends = itertools.accumulate(lengths)
    size = sum(end > start and end - length < stop for end, length in zip(ends, lengths, strict=True))

    def examples() -> Iterator[Example]:
        position = 0
        for piece in read():
            inside = piece[max(0, start - position) : max(0, stop - position)]
            position += len(piece)
            if inside:
                yield {"text": inside}
            if position >= stop:
                return

    return Split(examples, size)
