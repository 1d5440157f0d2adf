"""One long text, read in pieces and cut by position into splits; never the whole of it in memory."""

from __future__ import annotations

import dataclasses
import itertools
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError
from datasets.formats.lines import decoded

FIELDS = ("text",)
PIECE = 1 << 16  # characters
_HANGUL_VOWELS_AND_FINALS = range(0x1160, 0x1200)

#: A function that reads a text from its beginning: pieces that are the text when put together.
Reader = Callable[[], Iterator[str]]


class TextFile:
    """A plain or gzipped text file that can be read again and again.

    Calling it gives pieces of about `PIECE` characters. They end before white space where they can, so that no word is
    cut, and never within what is one character. Line breaks of Windows become line feeds, and characters are composed
    (NFC), so that Hangul from any system is the same.

    Raises (when read):
        UserError: the file cannot be read, is not of the encoding, holds NUL characters as binary files do, or has
            changed since it was first read.
    """

    def __init__(self, path: Path, encoding: str = "utf-8"):
        self.path, self.encoding = path, encoding
        self._stamp: tuple[int, int] | None = None

    def __call__(self) -> Iterator[str]:
        self._refuse_change()
        line = 1
        for piece in _pieces(decoded(self.path, self.encoding)):
            if "\x00" in piece:
                line += piece[: piece.index("\x00")].count("\n")
                raise UserError(f"{self.path} line {line}: holds a NUL character; is this a text file?")
            line += piece.count("\n")
            yield unicodedata.normalize("NFC", piece.replace("\r\n", "\n"))
        self._refuse_change()

    def _refuse_change(self) -> None:
        try:
            status = self.path.stat()
        except OSError:
            return  # reading tells
        stamp = (status.st_size, status.st_mtime_ns)
        if self._stamp not in (None, stamp):
            raise UserError(f"{self.path}: has changed while it was read; start again", 1)
        self._stamp = stamp


def _pieces(parts: Iterator[str]) -> Iterator[str]:
    rest = ""
    for part in parts:
        rest += part
        start = 0
        while len(rest) - start > PIECE:
            stop = _border(rest, start, start + PIECE)
            if stop == len(rest):
                break  # what comes next may belong to its last character
            yield rest[start:stop]
            start = stop
        rest = rest[start:]
    if rest:
        yield rest


def _border(text: str, start: int, stop: int) -> int:
    """Where to end a piece that begins at `start`: before white space near `stop`, else between two characters."""
    half = (start + stop) // 2
    white = max(text.rfind(" ", half + 1, stop), text.rfind("\n", half + 1, stop))
    if white > 0:
        stop = white - 1 if text[white - 1 : white + 1] == "\r\n" else white
    while start == stop or (stop < len(text) and _goes_on(text[stop - 1], text[stop])):
        stop += 1
    return stop


def _goes_on(before: str, after: str) -> bool:
    """Whether a character may belong to the one before it."""
    joined = unicodedata.category(after)[0] == "M" or ord(after) in _HANGUL_VOWELS_AND_FINALS
    return joined or (before, after) == ("\r", "\n")


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
    splits: dict[str, Split | None] = {}
    for name, (start, stop) in borders.items():
        if name in parts and (name != "train" or too_short):
            splits[name] = _split(parts[name], lengths[name], 0, sum(lengths[name]))
        elif name == "test" and test == 0:
            splits[name] = None
        elif too_short:
            splits[name] = splits["train"]
        else:
            splits[name] = _split(parts["train"], lengths["train"], start, stop)
    info = dataclasses.replace(info, notes=tuple(notes), unit="pieces of text")
    train, dev = splits["train"], splits["valid"]
    assert train is not None
    assert dev is not None
    return Dataset(info, train, dev, splits["test"])


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
