"""Signals as examples hold them: numbers over time, sound, or moving pictures; the latter two are read when wanted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    import numpy as np

#: What a signal may be.
NUMBERS, SOUND, FRAMES = "numbers", "sound", "frames"
KINDS = (NUMBERS, SOUND, FRAMES)


class Signal(Protocol):
    """The field `signal` of an example.

    Attributes:
        kind: one of `KINDS`; which class reads it follows from that.
        name: what people call it, such as its file.
    """

    kind: ClassVar[str]

    @property
    def name(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers over time.

    Attributes:
        values: `(time, channels)` float32, NaN where a value is missing.
        name: what people call it.
    """

    kind: ClassVar[str] = NUMBERS
    values: np.ndarray
    name: str = ""


class Sound(Protocol):
    """A signal of the kind `sound`."""

    kind: ClassVar[str]

    @property
    def name(self) -> str: ...

    def read(self) -> tuple[np.ndarray, int]:
        """Samples `(time,)` float32 from -1 to 1, channels averaged, and how many there are in a second."""


class Movie(Protocol):
    """A signal of the kind `frames`."""

    kind: ClassVar[str]

    @property
    def name(self) -> str: ...

    def read(self, frames_per_second: float) -> np.ndarray:
        """Frames `(time, height, width, 3)` uint8, at most so many a second; all of them for 0."""


@dataclass(frozen=True)
class OnDisk:
    """What signals share that are read from `path` when they are wanted."""

    path: Path

    @property
    def name(self) -> str:
        """The path."""
        return str(self.path)


@dataclass(frozen=True, eq=False)
class Samples:
    """Sound in memory: `samples` `(time,)` float32, `rate` of them a second."""

    kind: ClassVar[str] = SOUND
    samples: np.ndarray
    rate: int
    name: str = ""

    def read(self) -> tuple[np.ndarray, int]:
        """See `Sound`."""
        return self.samples, self.rate


@dataclass(frozen=True, eq=False)
class Pictures:
    """Moving pictures in memory: `frames` `(time, height, width, 3)` uint8, `rate` of them a second."""

    kind: ClassVar[str] = FRAMES
    frames: np.ndarray
    rate: float
    name: str = ""

    def read(self, frames_per_second: float) -> np.ndarray:
        """See `Movie`."""
        return self.frames[taken(len(self.frames), self.rate, frames_per_second)]


def taken(count: int, rate: float, wanted: float) -> slice | list[int]:
    """Which of `count` frames, `rate` a second, are taken where `wanted` a second are wanted; the first always is.

    A movie of fewer frames a second than are wanted gives all of its frames; none is made up.
    """
    if not wanted or wanted >= rate:
        return slice(None)
    last = int((count - 1) / rate * wanted + 1e-9)
    return [min(count - 1, round(n * rate / wanted)) for n in range(last + 1)]
