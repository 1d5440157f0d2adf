"""Files of sound and moving pictures, whichever it is, as signals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.hashes import content_hash
from datasets.formats.images import is_image
from datasets.formats.movies import FrameFolder, MovieFile, frame_files, is_movie
from datasets.formats.signals import Signal
from datasets.formats.sounds import SoundFile, is_sound


def is_media(path: Path) -> bool:
    """Whether the name is that of a file of sound or moving pictures."""
    return is_sound(path) or is_movie(path)


def is_frame_folder(path: Path) -> bool:
    """Whether a folder holds images, and so may be a movie."""
    return path.is_dir() and any(is_image(file) for file in path.iterdir())


def signal_of(path: Path) -> Signal:
    """The signal in a file, or of a folder of frames; it is not read yet.

    Raises:
        UserError: there is none of this name, or of a format that is not known.
    """
    if path.is_dir() and is_frame_folder(path):
        return FrameFolder(path)
    if not path.exists():
        raise UserError(f"{path}: there is no such file")
    if is_sound(path):
        return SoundFile(path)
    if is_movie(path):
        return MovieFile(path)
    raise UserError(f"{path}: is neither sound (.wav, .flac, .ogg, …) nor a movie (.avi, .mp4, .gif, …)")


def media_hash(path: Path) -> int:
    """A number of 64 bits for what is in a file, or in all frames of a folder: copies have the same.

    Raises:
        UserError: it cannot be read.
    """
    try:
        if path.is_dir():
            return content_hash(" ".join(str(content_hash(file.read_bytes())) for file in frame_files(path)))
        return content_hash(path.read_bytes())
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None


def media_below(folder: Path) -> Iterator[Path]:
    """The files of sound and moving pictures in a folder and below, by name, hidden ones left out."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and is_media(path):
            yield path


def media_in(folder: Path) -> list[Path]:
    """The files of sound and moving pictures directly in a folder, or its folders of frames, by name."""
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))
    files = [path for path in entries if path.is_file() and is_media(path)]
    return files or [path for path in entries if is_frame_folder(path)]
