from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from datasets.errors import UserError
from datasets.formats.tables import Format
from datasets.input_kinds import sounds


def test_files_and_folders_are_sounds(tmp_path: Path) -> None:
    for name in ("b.wav", "a.wav", "deep/c.flac"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        soundfile.write(tmp_path / name, np.zeros(80), 8000)
    (tmp_path / "notes.txt").write_text("")
    found = sounds.parse([str(tmp_path / "b.wav"), str(tmp_path)])
    assert [Path(sound.name).name for sound in found] == ["b.wav", "a.wav", "b.wav", "c.flac"]
    assert found[0].read()[1] == 8000


def test_what_is_no_sound_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="is no sound that is known by its name"):
        list(sounds.read(tmp_path / "a.txt", None, Format()))
    with pytest.raises(UserError, match="holds no sound"):
        sounds.parse([str(tmp_path / "empty")])
    with pytest.raises(UserError, match="there is no such file"):
        sounds.parse([str(tmp_path / "none.wav")])
