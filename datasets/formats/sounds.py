"""Sound files: WAV, FLAC, OGG, MP3 and what else libsndfile reads, of any rate, channels and sample width."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from datasets.errors import UserError
from datasets.formats.signals import SOUND, OnDisk

if TYPE_CHECKING:
    import numpy as np

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".aiff", ".aif", ".au", ".mp3"})
MOST_SAMPLES = 500_000_000  # of all channels; more is no clip


@dataclass(frozen=True)
class SoundFile(OnDisk):
    """A sound in a file of its own. See `datasets.formats.signals.Sound`."""

    kind: ClassVar[str] = SOUND

    def read(self) -> tuple[np.ndarray, int]:
        """See `read_sound`."""
        return read_sound(self.path)


def is_sound(path: Path) -> bool:
    """Whether the name is that of a sound file."""
    return path.suffix.lower() in SUFFIXES


def read_sound(path: Path) -> tuple[np.ndarray, int]:
    """Samples `(time,)` float32 from -1 to 1, channels averaged, and how many there are in a second.

    Raises:
        UserError: there is no such file, it is no sound, has no samples, or has some that are no finite numbers.
    """
    import numpy as np
    import soundfile

    if not os.path.isfile(path):
        raise UserError(f"{path}: there is no such sound file")
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames * file.channels > MOST_SAMPLES:
                raise UserError(
                    f"{path}: {file.frames:,} samples are too many for one sound; cut it into pieces"
                )
            samples, rate = file.read(dtype="float32", always_2d=True), file.samplerate
    except (RuntimeError, OSError, ValueError) as problem:  # libsndfile's errors are the first
        reason = " ".join(str(problem).split()).partition(": ")[2] or "damaged"
        raise UserError(f"{path}: is no sound that can be read ({reason[:100]})") from None
    if not len(samples):
        raise UserError(f"{path}: has no samples")
    if not np.isfinite(samples).all():
        raise UserError(f"{path}: has samples that are no finite numbers")
    return samples.mean(axis=1), rate
