from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from datasets.errors import UserError
from datasets.formats.sounds import is_sound, read_sound

WAVE = (0.5 * np.sin(np.arange(400) / 10)).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "subtype", "within"),
    [
        ("a.wav", "PCM_U8", 0.01),
        ("a.wav", "PCM_16", 1e-4),
        ("a.wav", "PCM_24", 1e-6),
        ("a.wav", "PCM_32", 1e-6),
        ("a.wav", "FLOAT", 0),
        ("a.wav", "ULAW", 0.05),
        ("a.flac", "PCM_16", 1e-4),
        ("a.ogg", "VORBIS", 0.2),
    ],
)
def test_every_width_and_format_gives_the_same_samples(
    tmp_path: Path, name: str, subtype: str, within: float
) -> None:
    soundfile.write(tmp_path / name, WAVE, 8000, subtype=subtype)
    samples, rate = read_sound(tmp_path / name)
    assert rate == 8000
    assert samples.dtype == np.float32
    np.testing.assert_allclose(samples, WAVE, atol=within)


def test_channels_are_averaged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.stack([WAVE, -WAVE, WAVE], axis=1), 44100, subtype="FLOAT")
    samples, rate = read_sound(tmp_path / "a.wav")
    assert rate == 44100
    np.testing.assert_allclose(samples, WAVE / 3, atol=1e-6)


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    soundfile.write(tmp_path / "empty.wav", WAVE[:0], 8000)
    soundfile.write(tmp_path / "nan.wav", np.full(8, np.nan, np.float32), 8000, subtype="FLOAT")
    cases = {
        "none": "there is no such sound file",
        "text": "is no sound that can be read",
        "empty": "has no samples",
        "nan": "has samples that are no finite numbers",
    }
    for name, message in cases.items():
        with pytest.raises(UserError, match=message):
            read_sound(tmp_path / f"{name}.wav")


def test_the_name_tells() -> None:
    assert is_sound(Path("A.WAV"))
    assert not is_sound(Path("a.avi"))
