"""Sounds: names of files, or of folders of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from datasets.base import Example
from datasets.errors import UserError
from datasets.formats.media_files import media_below
from datasets.formats.sounds import SoundFile, is_sound
from datasets.formats.tables import Format
from datasets.input_kinds.base import InputKind

if TYPE_CHECKING:
    from datasets.formats.signals import Sound


def parse(arguments: Sequence[str]) -> list[Sound]:
    """Arguments of the command line as sounds: names of files, or of folders with files at any depth.

    Raises:
        UserError: there is no such file, or it is none of sound.
    """
    return [sound for argument in arguments for sound in read(Path(argument), None, Format())]


def read(path: Path, _column: str | None, _form: Format) -> Iterator[Sound]:
    """The sound of a file, or all sounds below a folder, by name.

    Raises:
        UserError: there is no such file, it is none of sound, or the folder has none.
    """
    if path.is_dir():
        found = [file for file in media_below(path) if is_sound(file)]
        if not found:
            raise UserError(f"{path}: holds no sound")
        yield from map(SoundFile, found)
        return
    if not path.exists():
        raise UserError(f"{path}: there is no such file")
    if not is_sound(path):
        raise UserError(f"{path}: is no sound that is known by its name (.wav, .flac, .ogg, .mp3, …)")
    yield SoundFile(path)


def example(example: Example, _: Path) -> Sound:
    """The sound of an example."""
    sound: Sound = example["sound"]
    return sound


KIND = InputKind("sound", parse, read, example)
