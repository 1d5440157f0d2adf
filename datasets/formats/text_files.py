"""Text files in pieces: never the whole of a file in memory, and no piece that ends within a character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.lines import decoded, fingerprint

PIECE = 1 << 16  # characters
_HANGUL_VOWELS_AND_FINALS = range(0x1160, 0x1200)


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
        self._fingerprint: tuple[int, int] | None = None

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
        now = fingerprint(self.path)
        if self._fingerprint not in (None, now):
            raise UserError(f"{self.path}: has changed while it was read; start again", exit_code=1)
        self._fingerprint = now


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
    """Whether a character and the one before it may be one character to a reader, such as a letter and its accent."""
    joined = unicodedata.category(after)[0] == "M" or ord(after) in _HANGUL_VOWELS_AND_FINALS
    return joined or (before, after) == ("\r", "\n")
