"""Features of sound and moving pictures, made once: in memory, or in a file that later runs read again.

A file holds the values of all sequences end to end, then their offsets, then JSON that says what they are, and its
length. Values are mapped into memory and not read: what a batch needs is brought from the disk, and leaves the memory
again where others need it.
"""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np

from datasets.errors import UserError
from datasets.formats.movies import frame_files
from datasets.formats.signals import OnDisk
from datasets.options import option
from zoo.data.ragged import Ragged
from zoo.runtime.links import open_in_place
from zoo.runtime.rundir import make_folder, remove_leftovers, write_atomically

#: To be raised when the same signals and options give other features.
VERSION = 1
MAGIC = b"features"
SUFFIX = ".features"
LENGTH_BYTES = 8  # of the number that says how long the JSON is
MOST_JSON = 1 << 16
AT_ONCE = 1 << 24  # bytes that are read at once to see whether a file is whole
SignalT = TypeVar("SignalT")


@dataclass(frozen=True)
class CacheOptions:
    """Where features are kept."""

    cache: str | None = option(
        None,
        "keep the features of sound and moving pictures in files of this folder and not in memory; runs of the same "
        "files and the same options of features read them again",
        metavar="DIR",
    )


@dataclass(frozen=True)
class Features:
    """The features of a split.

    Attributes:
        sequences: of each signal.
        file: that they are mapped from; None where they are in memory.
        again: whether the file was there before.
    """

    sequences: Ragged
    file: Path | None = None
    again: bool = False

    @property
    def size(self) -> str:
        """How large they are, and where they are kept."""
        size = f"{self.sequences.values.nbytes / 1e6:,.0f} MB"
        if self.file is None:
            return f"{size} in memory"
        return f"{size} {'read again from' if self.again else 'written to'} {self.file}"

    def take(self, which: np.ndarray) -> Features:
        """The sequences `which`; of those in a file they are in another file."""
        if len(which) == len(self.sequences):
            return self
        if self.file is None:
            return Features(self.sequences.take(which))
        key = _digest([self.file.stem, which.tolist()])
        values, offsets = self.sequences.values, self.sequences.offsets
        return _in_file(
            self.file.parent, key, lambda: (values[offsets[n] : offsets[n + 1]] for n in which.tolist())
        )


def features_of(
    folder: str | None,
    signals: Callable[[], Iterable[SignalT]],
    read: Callable[[SignalT], np.ndarray],
    options: Mapping[str, object],
) -> Features:
    """The features of all signals of a split.

    Args:
        folder: where files of features are, or shall be; None keeps them in memory.
        signals: makes those of the split, in their order; called for each pass over them.
        read: from a signal to its features, `(time, …)`; all of one type and shape but for the time.
        options: all that decides the features but the signals.

    Raises:
        UserError: a signal cannot be read; the folder cannot be written to, the disk is full; the file is damaged.
    """
    if folder is None:
        return Features(Ragged.of(read(signal) for signal in signals()))
    make_folder(Path(folder), "--cache")
    key = _digest([VERSION, dict(options)], (identity(signal) for signal in signals()))
    return _in_file(Path(folder), key, lambda: (read(signal) for signal in signals()))


# ------------------------------------------------------------------------------------------ which file


def identity(value: object) -> object:
    """What tells a signal from others, as JSON: of one in a file where that is, how large and how old; of one in
    memory what it holds.

    Raises:
        UserError: a signal of a kind of its own, of which neither is known; a file that is not there.
    """
    if isinstance(value, OnDisk):
        path = value.path.resolve()
        return [_of_file(file) for file in (frame_files(path) if path.is_dir() else [path])]
    if isinstance(value, np.ndarray | np.generic):
        content = hashlib.blake2b(value.tobytes(), digest_size=16).hexdigest()
        return [value.dtype.str, list(value.shape), content]
    if dataclasses.is_dataclass(value):
        parts = {field.name: identity(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return [type(value).__name__, parts]
    if isinstance(value, tuple | list):
        return [identity(part) for part in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise UserError(
        f"--cache takes signals of files or of dataclasses; {type(value).__name__} is neither, leave out --cache"
    )


def _of_file(path: Path) -> list[object]:
    try:
        status = path.stat()
    except OSError as problem:
        raise UserError(f"{path}: cannot be read ({problem.strerror or problem})") from None
    return [str(path), status.st_size, status.st_mtime_ns]


def _digest(first: object, further: Iterable[object] = ()) -> str:
    """The name of a file, by what is in it."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (first, *further):
        digest.update(json.dumps(part, sort_keys=True).encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()


# ------------------------------------------------------------------------------------------ files


def _in_file(folder: Path, key: str, make: Callable[[], Iterable[np.ndarray]]) -> Features:
    """What a file holds, which is written where it is not there; by one process, while others wait for it."""
    file = folder / f"{key}{SUFFIX}"
    with _held(folder / f"{key}.lock"):
        again = file.exists()
        if not again:
            remove_leftovers(folder, file.name)
            write_atomically(file, lambda partial: _write(partial, make()))
    return Features(_mapped(file), file, again)


@contextmanager
def _held(lock: Path) -> Iterator[None]:
    """Until the end no other process is in here with the same file, which the operating system frees in any case."""
    try:
        descriptor = open_in_place(lock, os.O_RDWR | os.O_CREAT)
    except OSError as problem:
        raise UserError(f"--cache {lock.parent}: cannot write into the folder: {problem.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _write(path: Path, arrays: Iterable[np.ndarray]) -> None:
    """One array after the other: no more than one is in memory."""
    lengths, digest = [0], hashlib.blake2b(digest_size=16)
    about: dict[str, object] = {"dtype": "<f4", "shape": []}
    with open(path, "wb") as file:
        for array in arrays:
            about |= {"dtype": array.dtype.str, "shape": list(array.shape[1:])}
            lengths.append(len(array))
            _put(file, np.ascontiguousarray(array), digest.update)
        _put(file, np.cumsum(lengths, dtype=np.int64), digest.update)
        about |= {"sequences": len(lengths) - 1, "steps": sum(lengths), "digest": digest.hexdigest()}
        text = json.dumps(about).encode()
        file.write(text + len(text).to_bytes(LENGTH_BYTES, "little") + MAGIC)


def _put(file: BinaryIO, array: np.ndarray, update: Callable[[bytes], None]) -> None:
    content = array.tobytes()
    update(content)
    file.write(content)


def _mapped(path: Path) -> Ragged:
    """The sequences in a file, their values mapped into memory.

    Raises:
        UserError: it is damaged, or nothing that `_write` writes.
    """
    try:
        with open(path, "rb") as file:
            about, size = _about(file)
            if about["digest"] != _content_digest(file, size):
                raise ValueError("its content has changed")
        shape = (about["steps"], *about["shape"])
        dtype, sequences = np.dtype(about["dtype"]), about["sequences"]
        offsets_at = size - 8 * (sequences + 1)
        if offsets_at != dtype.itemsize * int(np.prod(shape)):
            raise ValueError("its sizes differ")
        offsets = np.fromfile(path, np.int64, sequences + 1, offset=offsets_at)
        if not offsets_at:
            return Ragged(np.zeros(shape, dtype), offsets)
        return Ragged(np.memmap(path, dtype, "r", 0, shape).view(np.ndarray), offsets)
    except (OSError, ValueError, KeyError, TypeError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        raise UserError(f"{path}: is damaged, or no file of features ({reason}); remove it", 1) from None


def _about(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """What the end of a file says of it, and how many bytes stand before that."""
    tail = LENGTH_BYTES + len(MAGIC)
    end = file.seek(0, os.SEEK_END) - tail
    if end < 0:
        raise ValueError("it is too short")
    file.seek(end)
    length, magic = int.from_bytes(file.read(LENGTH_BYTES), "little"), file.read()
    if magic != MAGIC or length > min(MOST_JSON, end):
        raise ValueError("its end is not that of one")
    file.seek(end - length)
    about = json.loads(file.read(length))
    if not isinstance(about, dict):
        raise ValueError("its end is not that of one")
    return about, end - length


def _content_digest(file: BinaryIO, size: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    file.seek(0)
    while size > 0 and (part := file.read(min(AT_ONCE, size))):
        digest.update(part)
        size -= len(part)
    return digest.hexdigest()
