from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from datasets.errors import UserError
from datasets.formats.images import write_image
from datasets.formats.movies import FrameFolder, is_movie, read_movie
from tests.datasets.formats.movies_made import greys, write_movie

LEVELS = [20, 60, 100, 140, 180, 220]


@pytest.mark.parametrize(
    ("name", "codec"), [("a.avi", "mpeg4"), ("a.mp4", "mpeg4"), ("a.mkv", "mpeg4"), ("a.gif", "gif")]
)
def test_movies_of_each_format_give_their_frames(tmp_path: Path, name: str, codec: str) -> None:
    frames = read_movie(write_movie(tmp_path / name, greys(LEVELS), codec), 0)
    assert frames.shape == (6, 32, 48, 3)
    assert frames.dtype == np.uint8
    np.testing.assert_allclose(frames.mean(axis=(1, 2, 3)), LEVELS, atol=25)


def test_fewer_frames_a_second_are_taken_evenly(tmp_path: Path) -> None:
    path = write_movie(tmp_path / "a.avi", greys(LEVELS), rate=30)
    np.testing.assert_allclose(read_movie(path, 15).mean(axis=(1, 2, 3)), LEVELS[::2], atol=4)
    assert len(read_movie(path, 10)) == 2
    assert len(read_movie(path, 60)) == 6


def test_a_folder_of_frames_is_a_movie_in_the_order_of_numbers(tmp_path: Path) -> None:
    for number, frame in enumerate(greys([*LEVELS, *LEVELS])):
        write_image(frame, tmp_path / f"frame_{number}.png")
    frames = FrameFolder(tmp_path).read(0)
    assert frames[:, 0, 0, 0].tolist() == [*LEVELS, *LEVELS]
    assert len(FrameFolder(tmp_path).read(5)) == 6
    write_image(greys([1], 8, 8)[0], tmp_path / "frame_12.png")
    with pytest.raises(UserError, match=r"frame_12\.png: has another size than the first frame"):
        FrameFolder(tmp_path).read(0)


def test_what_is_no_movie_is_told(tmp_path: Path) -> None:
    (tmp_path / "text.avi").write_text("no movie")
    whole = write_movie(tmp_path / "whole.avi", greys(LEVELS))
    (tmp_path / "cut.avi").write_bytes(whole.read_bytes()[:300])
    (tmp_path / "empty").mkdir()
    soundfile.write(tmp_path / "sound.avi", np.zeros(800), 8000, format="WAV")
    cases = {
        "none.avi": "there is no such movie",
        "text.avi": "is no movie that can be read",
        "sound.avi": "has no moving pictures in it",
    }
    for name, message in cases.items():
        with pytest.raises(UserError, match=message):
            read_movie(tmp_path / name, 0)
    with pytest.raises(UserError, match=r"has no frames|is no movie that can be read"):
        read_movie(tmp_path / "cut.avi", 0)
    with pytest.raises(UserError, match="has no frames"):
        FrameFolder(tmp_path / "empty").read(0)


def test_the_name_tells() -> None:
    assert is_movie(Path("A.MP4"))
    assert not is_movie(Path("a.wav"))
