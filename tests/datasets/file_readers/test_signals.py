from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import datasets
from datasets.base import Dataset, Split
from datasets.formats.images import write_image
from tests.datasets.file_readers.refusals import refusal
from tests.datasets.formats.movies_made import greys, write_movie

FIELDS = ("signal", "label")
TS = "@timeStamps false\n@classLabel true up down\n@data\n"


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def refused(path: Path, **options: object) -> str:
    return refusal(FIELDS, path, **options)


def series(count: int, first: int = 0) -> str:
    return "".join(f"{n},{n + 1}:{('up', 'down')[n % 2]}\n" for n in range(first, first + count))


def sound(path: Path, pitch: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(pitch * np.arange(200)), 8000)
    return path


def names(split: Split | None) -> set[str]:
    return {Path(example["signal"].name).name for example in split or ()}


def test_a_file_of_numbers_and_a_file_a_split(tmp_path: Path) -> None:
    (tmp_path / "Toy_TRAIN.ts").write_text(TS + series(20))
    one = load(tmp_path / "Toy_TRAIN.ts")
    assert one.test is not None
    assert (len(one.train), len(one.valid), len(one.test)) == (16, 2, 2)
    (tmp_path / "Toy_TEST.ts").write_text(TS + series(6, 50))
    both = load(tmp_path)
    assert both.test is not None
    assert (len(both.train), len(both.valid), len(both.test)) == (18, 2, 6)
    first = next(iter(both.test))
    assert first["signal"].values.tolist() == [[50], [51]]
    assert both.info.labels == ("down", "up")


def test_of_the_formats_of_an_archive_ts_is_read(tmp_path: Path) -> None:
    for split, count, first in (("TRAIN", 20, 0), ("TEST", 6, 50)):
        (tmp_path / f"Toy_{split}.ts").write_text(TS + series(count, first))
        (tmp_path / f"Toy_{split}.txt").write_text("  1  0.5  0.25\n  2  0.5  0.25\n")
        (tmp_path / f"Toy_{split}.arff").write_text("@relation Toy\n")
    data = load(tmp_path)
    assert data.test is not None
    assert (len(data.train), len(data.valid), len(data.test)) == (18, 2, 6)


def test_an_archive_with_splits(tmp_path: Path) -> None:
    x = np.arange(40.0).reshape(10, 4)
    np.savez(
        tmp_path / "a.npz", x_train=x, y_train=np.arange(10) % 2, x_test=x + 100, y_test=np.arange(10) % 2
    )
    data = load(tmp_path / "a.npz")
    assert (len(data.train), len(data.valid), data.test and len(data.test)) == (9, 1, 10)
    y = np.arange(10) % 2
    np.savez(tmp_path / "b.npz", x=x, y=y, x_test=x + 100, y_test=y)
    same = load(tmp_path / "b.npz")
    assert [sorted(values_of(split)) for split in (same.train, same.test)] == [
        sorted(values_of(split)) for split in (data.train, data.test)
    ]
    np.savez(tmp_path / "c.npz", x_valid=x, y_valid=y, x_test=x + 100, y_test=y)
    assert "has arrays of valid, test and none of train" in refused(tmp_path / "c.npz")


def values_of(split: Split | None) -> list[float]:
    return [float(example["signal"].values[0, 0]) for example in split or ()]


def test_what_is_tested_is_said_once(tmp_path: Path) -> None:
    """By the names of files or by a condition. A group is not parted where dev is taken out of a file called train."""
    rows = [f"{n}.wav,{('up', 'down')[n % 2]},{'abc'[n // 4 % 3]}" for n in range(16)]
    for n in range(16):
        sound(tmp_path / f"{n}.wav", 0.1 + 0.1 * n)
    for split, its in (("train", rows[:12]), ("test", rows[12:])):
        (tmp_path / f"{split}.csv").write_text("\n".join(["path,label,who", *its]))
    told = refused(tmp_path, test_where=("who=a",))
    assert told.startswith("--test-where who: what is tested is said by the names of files")
    data = load(tmp_path, split_by="who")
    assert (len(data.train), len(data.valid), len(data.test or ())) == (8, 4, 4)
    assert len({int(Path(name).stem) // 4 for name in names(data.valid)}) == 1
    assert "no such part or column" in refused(tmp_path, split_by="room")


def test_a_folder_a_class_of_sound_movies_or_frames(tmp_path: Path) -> None:
    for n in range(6):
        label = ("up", "down")[n % 2]
        sound(tmp_path / "sounds" / label / f"{n}.wav", 0.1 + n)
        (tmp_path / "movies" / label).mkdir(parents=True, exist_ok=True)
        write_movie(tmp_path / "movies" / label / f"{n}.avi", greys([n * 30, 100]))
        folder = tmp_path / "frames" / label / str(n)
        folder.mkdir(parents=True)
        write_image(greys([n * 30])[0], folder / "0.png")
    for name, kind in (("sounds", "sound"), ("movies", "frames"), ("frames", "frames")):
        data = load(tmp_path / name)
        assert {example["signal"].kind for example in data.train} == {kind}
        assert data.info.labels == ("down", "up")
        assert len(data.train) + len(data.valid) + len(data.test or ()) == 6


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two words by three speakers in three takes, and a file of another kind of name."""
    for word in ("yes", "no"):
        for n, speaker in enumerate(("ann", "bob", "cem")):
            for take in range(3):
                pitch = 0.1 + 0.01 * take + 0.1 * n + (word == "yes")
                sound(tmp_path / "deep" / f"{word}_{speaker}_{take}.wav", pitch)
    sound(tmp_path / "noise.wav", 2.5)
    return tmp_path


PATTERN = "{label}_{speaker}_{take}.wav"


def test_names_say_labels_speakers_and_what_is_tested(recordings: Path) -> None:
    data = load(recordings, pattern=PATTERN, test_where=("take=2",))
    assert data.info.labels == ("no", "yes")
    assert names(data.test) == {
        f"{word}_{who}_2.wav" for word in ("yes", "no") for who in ("ann", "bob", "cem")
    }
    assert len(data.train) + len(data.valid) == 12
    assert any("1 files whose names do not fit the pattern" in note for note in data.info.notes)
    both = load(recordings, pattern=PATTERN, test_where=("take=1-2", "speaker=ann"))
    assert names(both.test) == {f"{word}_ann_{take}.wav" for word in ("yes", "no") for take in (1, 2)}


def test_a_speaker_is_on_one_side(recordings: Path) -> None:
    data = load(recordings, pattern=PATTERN, split_by="speaker")
    sides = [{name.split("_")[1] for name in names(split)} for split in (data.train, data.valid, data.test)]
    assert sorted(map(len, sides)) == [1, 1, 1]
    assert set.union(*sides) == {"ann", "bob", "cem"}


def test_a_table_names_files_labels_and_more(recordings: Path) -> None:
    files = sorted((recordings / "deep").iterdir())
    lines = [f"deep/{file.name},{file.name.split('_')[0]},{file.name.split('_')[1]}" for file in files]
    table = recordings / "all.csv"
    table.write_text("path,label,who\n" + "\n".join(lines) + "\n")
    data = load(table, test_where=("who=bob",))
    assert {name.split("_")[1] for name in names(data.test)} == {"bob"}
    assert len(names(data.test)) == 6
    (recordings / "other.csv").write_text("path,label\nnone.wav,yes\n")
    assert "other.csv line 2: " in refused(recordings / "other.csv")
    assert "there is no such file" in refused(recordings / "other.csv")
    (recordings / "gap.csv").write_text("path,label\nnoise.wav,\n")
    assert "gap.csv line 2: the label is missing" in refused(recordings / "gap.csv")


def test_what_cannot_be_read_is_told(recordings: Path) -> None:
    assert "nothing says the labels of its files" in refused(recordings)
    assert "fits none of 19 files" in refused(recordings, pattern="{label}-{take}.wav")
    assert "there is no part or column 'takes'" in refused(
        recordings, pattern=PATTERN, test_where=("takes=1",)
    )
    assert "no such part or column" in refused(recordings, pattern=PATTERN, split_by="room")
    assert "leaves the test split without signals" in refused(
        recordings, pattern=PATTERN, test_where=("take=9",)
    )
    assert "leaves the train split without" in refused(recordings, pattern=PATTERN, test_where=("take=0-9",))
    assert "has no {label}" in refused(recordings, pattern="{take}.wav")
    (recordings / "a.xyz").write_text("")
    assert "unknown format '.xyz'" in refused(recordings / "a.xyz")
    (recordings / "empty").mkdir()
    assert "holds no signals" in refused(recordings / "empty")
    (recordings / "a.ts").write_text(TS + "1,2:?\n")
    assert "a.ts line 4: the label is missing" in refused(recordings / "a.ts")


@pytest.mark.real
def test_the_real_sets_have_their_official_splits(data_dir: Path) -> None:
    vowels = load(data_dir / "japanese_vowels")
    assert (len(vowels.train) + len(vowels.valid), len(vowels.test or ())) == (270, 370)
    assert next(iter(vowels.train))["signal"].values.shape[1] == 12
    digits = load(data_dir / "spoken_digits", pattern=PATTERN, test_where=("take=0-4",))
    assert (len(digits.train) + len(digits.valid), len(digits.test or ())) == (2700, 300)
    gestures = load(data_dir / "gestures", test_fraction=0.2)
    assert len(gestures.info.labels) == 12
    assert len(gestures.test or ()) == 137
