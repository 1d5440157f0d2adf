"""Bytes on disk to lines of text, one at a time: gzip, encodings, and a bound on what one line may hold.

Lines end at line feed alone: U+2028, NEL and form feed are characters of a text. A file without any line feed, as old
Macs wrote them, has lines that end at carriage returns.
"""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from datasets.errors import UserError

CHUNK = 1 << 20  # bytes read at a time
LONGEST_LINE = 10_000_000  # characters in a line, a quoted field or a text file; more is no table of texts
GZIP_MAGIC = b"\x1f\x8b"


def lines(path: Path, encoding: str = "utf-8") -> Iterator[str]:
    """The lines of a plain or gzipped file without their line feeds; a byte order mark is no text.

    Raises:
        UserError: the file cannot be read, is not of this encoding (names the line) or has an endless line.
    """
    rest, number = "", 1
    for text in decoded(path, encoding):
        *complete, rest = (rest + text).split("\n")
        for line in complete:
            _bound(path, number, line)
            yield line
            number += 1
        _bound(path, number, rest)
    if number == 1 and "\r" in rest:
        yield from rest.removesuffix("\r").split("\r")
    elif rest:
        yield rest


def whole_text(path: Path, encoding: str) -> str:
    """A text file without the line feed at its end.

    Raises:
        UserError: it cannot be read, or is longer than `LONGEST_LINE`.
    """
    read: list[str] = []
    length = 0
    for line in lines(path, encoding):
        length += len(line)
        if length > LONGEST_LINE:
            raise UserError(f"{path}: is too long for one text: more than {LONGEST_LINE:,} characters")
        read.append(line)
    return "\n".join(read)


def fingerprint(path: Path) -> tuple[int, int]:
    """The time and the size of a file, which change when it is written, or of a folder when files come or go.

    Raises:
        UserError: it cannot be read.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    return status.st_mtime_ns, status.st_size


def check_encoding(encoding: str) -> None:
    """Raises UserError unless Python knows a text encoding of this name."""
    try:
        usable = "a\n".encode(encoding).decode(encoding) == "a\n"
    except (LookupError, ValueError):
        usable = False
    if not usable:
        raise UserError(f"--encoding {encoding}: not a text encoding; usual ones are utf-8, cp949, latin-1")


def is_utf8(path: Path) -> bool:
    """Whether the first part of a file is UTF-8 beyond doubt: it decodes, and not all of it is ASCII."""
    try:
        text = next(decoded(path, "utf-8"))
    except UserError:
        return False
    return not text.isascii()


def _bound(path: Path, number: int, line: str) -> None:
    if len(line) > LONGEST_LINE:
        raise UserError(
            f"{path} line {number}: longer than {LONGEST_LINE:,} characters; "
            "is this a table with an example a line?"
        )


def decoded(path: Path, encoding: str) -> Iterator[str]:
    """The text of a plain or gzipped file in pieces of any length, without a byte order mark.

    Raises:
        UserError: the file cannot be read, or is not of this encoding (names the line).
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line, first = 1, True
    for data in _chunks(path):
        text = _decode(decoder, data, path, line)
        line += text.count("\n")
        if first and text:
            text, first = text.removeprefix("\ufeff"), False
        yield text


def _decode(decoder: codecs.IncrementalDecoder, data: bytes, path: Path, line: int) -> str:
    """Decode a chunk of bytes that begins on this line. An empty chunk ends the file."""
    try:
        return decoder.decode(data, final=not data)
    except UnicodeError as error:
        raise UserError(_undecodable(path, line, error)) from None


def _undecodable(path: Path, line: int, error: UnicodeError) -> str:
    """The message for bytes that are not of the encoding; names the line."""
    if not isinstance(error, UnicodeDecodeError):
        return f"{path}: cannot be decoded ({error})"
    if line == 1 and error.start == 0 and error.object[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return f"{path}: looks like UTF-16; give --encoding utf-16"
    line += error.object[: error.start].decode(error.encoding, errors="ignore").count("\n")
    other = "cp949" if error.encoding == "utf-8" else "utf-8"
    byte = f"byte 0x{error.object[error.start]:02x} is not valid {error.encoding}"
    return f"{path} line {line}: {byte}; give the file's encoding, e.g. --encoding {other}"


def _chunks(path: Path) -> Iterator[bytes]:
    """The unpacked bytes of a file in pieces, then an empty piece."""
    try:
        with _open(path) as file:
            while data := file.read(CHUNK):
                yield data
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise UserError(f"{path}: is not a whole gzip file; was its download cut off?") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None
    yield b""


def _open(path: Path) -> IO[bytes]:
    """Open a file, unpacking it if it is gzipped, whatever it is called."""
    if not path.is_file():
        raise UserError(f"{path}: is not a file")
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    if packed:
        return gzip.open(path, "rb")  # type: ignore[return-value]
    if path.suffix.lower() == ".gz" and path.stat().st_size:
        raise UserError(f"{path}: is named .gz and is not a gzip file")
    return path.open("rb")
