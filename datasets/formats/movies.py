"""Moving pictures: files of any codec that FFmpeg reads (AVI, MP4, GIF, …), and folders of frames."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datasets.errors import UserError
from datasets.formats.images import is_image, read_image
from datasets.formats.signals import FRAMES, OnDisk, taken

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = frozenset({".avi", ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".mpg", ".mpeg", ".gif"})
FOLDER_RATE = 10.0  # frames a second of a folder of frames, which does not say it
MOST_BYTES = 4_000_000_000  # of the frames that are taken; more is no clip


@dataclass(frozen=True)
class MovieFile(OnDisk):
    """A movie in a file of its own. See `datasets.formats.signals.Movie`."""

    kind: ClassVar[str] = FRAMES

    def read(self, frames_per_second: float) -> np.ndarray:
        """See `read_movie`."""
        return read_movie(self.path, frames_per_second)


@dataclass(frozen=True)
class FrameFolder(OnDisk):
    """A movie as a folder of images, a frame each, in the order of their names; 10 a second."""

    kind: ClassVar[str] = FRAMES

    def read(self, frames_per_second: float) -> np.ndarray:
        """Frames `(time, height, width, 3)` uint8.

        Raises:
            UserError: no frame, one that cannot be read, or frames of several sizes.
        """
        import numpy as np

        paths = frame_files(self.path)
        if not paths:
            raise UserError(f"{self.path}: has no frames")
        wanted = np.array(paths)[taken(len(paths), FOLDER_RATE, frames_per_second)]
        frames = [read_image(Path(path)) for path in wanted]
        for path, frame in zip(wanted, frames, strict=True):
            if frame.shape != frames[0].shape:
                raise UserError(f"{path}: has another size than the first frame of its folder")
        return np.stack(frames)


def is_movie(path: Path) -> bool:
    """Whether the name is that of a movie file."""
    return path.suffix.lower() in SUFFIXES


def frame_files(folder: Path) -> list[Path]:
    """The images of a folder, by name; numbers in names count by their value."""
    names = [path for path in folder.iterdir() if is_image(path) and not path.name.startswith(".")]
    return sorted(names, key=lambda path: _by_numbers(path.name))


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """A key by which `frame_2` stands before `frame_10`."""
    import re

    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name) if part]


def read_movie(path: Path, frames_per_second: float) -> np.ndarray:
    """Frames `(time, height, width, 3)` uint8 of a movie, at most so many a second; all of them for 0.

    Raises:
        UserError: there is no such file, it is no movie, has no frames, or its codec is not known or broken.
    """
    import numpy as np

    if not os.path.isfile(path):
        raise UserError(f"{path}: there is no such movie")
    frames = list(_decoded(path, frames_per_second))
    if not frames:
        raise UserError(f"{path}: has no frames")
    return np.stack(frames)


def _decoded(path: Path, frames_per_second: float) -> Iterator[np.ndarray]:
    """The frames that are taken: those nearest to even moments; what is not taken is not kept."""
    import av

    taken_bytes, count, next_moment = 0, 0, 0.0
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise UserError(f"{path}: has no moving pictures in it")
            stream = container.streams.video[0]
            rate = float(stream.average_rate or stream.guessed_rate or FOLDER_RATE)
            for frame in container.decode(stream):
                if frames_per_second and count < next_moment * rate - 0.5:
                    count += 1
                    continue
                count += 1
                next_moment += 1 / frames_per_second if frames_per_second else 0
                pixels = frame.to_ndarray(format="rgb24")
                taken_bytes += pixels.nbytes
                if taken_bytes > MOST_BYTES:
                    raise UserError(f"{path}: is too long for one movie; cut it into pieces")
                yield pixels
    except (av.FFmpegError, OSError, ValueError, IndexError) as problem:
        reason = " ".join(str(getattr(problem, "strerror", "") or problem).split())[:100]
        raise UserError(f"{path}: is no movie that can be read ({reason})") from None
