from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

import datasets
from datasets.base import Dataset, Split
from tests.datasets.file_readers.refusals import refusal

FIELDS = ("sound", "text")
PATTERN = "{label}_{speaker}_{take}.wav"


def load(path: Path, **options: object) -> Dataset:
    return datasets.load(str(path), FIELDS, options)


def refused(path: Path, **options: object) -> str:
    return refusal(FIELDS, path, **options)


def sound(path: Path, pitch: float, rate: int = 8000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.5 * np.sin(pitch * np.arange(400)), rate)
    return path


def texts(split: Split | None) -> list[str]:
    return [example["text"] for example in split or ()]


@pytest.mark.parametrize("columns", [("path", "text"), ("path", "sentence"), ("audio", "sentence")])
def test_a_table_names_files_and_texts(columns: tuple[str, str], tmp_path: Path) -> None:
    rows = "".join(f"{sound(tmp_path / f'{n}.wav', 0.1 * n + 0.1).name}\ttext {n}\n" for n in range(10))
    (tmp_path / "all.tsv").write_text("\t".join(columns) + "\n" + rows)
    data = load(tmp_path / "all.tsv")
    assert (len(data.train), len(data.valid), len(data.test or ())) == (8, 1, 1)
    example = next(iter(data.train))
    assert Path(example["sound"].name).stem == example["text"].split()[1]
    assert load(tmp_path).info.fields == FIELDS


def test_common_voice_has_a_table_a_split_and_its_clips_below(tmp_path: Path) -> None:
    for split, first in (("train", 0), ("dev", 6), ("test", 8), ("validated", 0)):
        rows = ""
        for n in range(first, first + 2 + 4 * (split == "train")):
            sound(tmp_path / "clips" / f"{n}.flac", 0.1 * n + 0.1)
            rows += f"ann\t{n}.flac\tText {n}.\n"
        (tmp_path / f"{split}.tsv").write_text("client_id\tpath\tsentence\n" + rows)
    data = load(tmp_path)
    assert (len(data.train), texts(data.valid), texts(data.test)) == (
        6,
        ["Text 6.", "Text 7."],
        ["Text 8.", "Text 9."],
    )


def librispeech(folder: Path, part: str, speakers: tuple[int, ...]) -> None:
    for speaker in speakers:
        chapter = folder / part / str(speaker) / "7"
        lines = ""
        for n in range(3):
            sound(chapter / f"{speaker}-7-000{n}.flac", 0.1 + 0.05 * speaker + 0.01 * n, 16000)
            lines += f"{speaker}-7-000{n} SPEAKER {speaker} SAYS {n}\n"
        (chapter / f"{speaker}-7.trans.txt").write_text(lines)


def test_librispeech_has_a_folder_a_split_of_several_parts(tmp_path: Path) -> None:
    librispeech(tmp_path, "train-clean-100", (1, 2))
    librispeech(tmp_path, "train-other-500", (3,))
    librispeech(tmp_path, "dev-clean", (4,))
    librispeech(tmp_path, "test-clean", (5,))
    data = load(tmp_path)
    assert (len(data.train), len(data.valid), len(data.test or ())) == (9, 3, 3)
    assert texts(data.test)[0] == "SPEAKER 5 SAYS 0"
    assert next(iter(data.test or ()))["sound"].read()[1] == 16000


def test_a_part_of_librispeech_is_split_by_speaker(tmp_path: Path) -> None:
    librispeech(tmp_path, "dev-clean", (1, 2, 3, 4))
    data = load(tmp_path / "dev-clean")
    sides = [{text.split()[1] for text in texts(split)} for split in (data.train, data.valid, data.test)]
    assert sorted(map(len, sides)) == [1, 1, 2]
    assert set.union(*sides) == {"1", "2", "3", "4"}
    tested = load(tmp_path / "dev-clean", test_where=("speaker=2",))
    assert {text.split()[1] for text in texts(tested.test)} == {"2"}


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Two words by three speakers in four takes."""
    for word in ("yes", "no"):
        for n, speaker in enumerate(("ann", "bob", "cem")):
            for take in range(4):
                sound(
                    tmp_path / f"{word}_{speaker}_{take}.wav", 0.1 + 0.01 * take + 0.1 * n + (word == "yes")
                )
    return tmp_path


def composed(path: Path, **options: object) -> Dataset:
    return load(path, pattern=PATTERN, compose="2-4", texts=60, **options)


def test_recordings_are_put_together_and_no_split_has_one_of_another(recordings: Path) -> None:
    data = composed(recordings, test_where=("take=3",))
    assert (len(data.train), len(data.valid), len(data.test or ())) == (60, 6, 6)
    used = [
        {part.name for example in split for part in example["sound"].parts}
        for split in (data.train, data.valid, data.test or ())
    ]
    assert not used[0] & used[1] | used[0] & used[2] | used[1] & used[2]
    assert all(name.endswith("_3.wav") for name in used[2])
    for example in data.train:
        files = [Path(part.name).name for part in example["sound"].parts]
        assert [file.split("_")[0] for file in files] == example["text"].split()
        assert len({file.split("_")[1] for file in files}) == 1
        assert 2 <= len(files) <= 4
    assert any("60 texts of 2 to 4 words are put together from" in note for note in data.info.notes)


def of_lines(path: Path, lines: list[str], **options: object) -> Dataset:
    (path / "texts.txt").write_text("\n".join(lines) + "\n")
    return load(path, pattern=PATTERN, compose_texts=str(path / "texts.txt"), texts=60, **options)


def test_recordings_say_the_lines_of_a_file_and_no_line_is_in_two_splits(recordings: Path) -> None:
    lines = [" ".join("yes" if bit == "1" else "no" for bit in f"{n:04b}") for n in range(16)]
    shares = {"test_where": ("take=3",), "valid_fraction": 0.4}
    data = of_lines(recordings, [*lines[:3], *lines], **shares)
    assert (len(data.train), len(data.valid), len(data.test or ())) == (60, 6, 6)
    assert texts(data.train) == (lines[:14] * 5)[:60]
    assert (texts(data.valid), texts(data.test)) == ([lines[14]] * 6, [lines[15]] * 6)
    for example in (*data.train, *(data.test or ())):
        files = [Path(part.name).name for part in example["sound"].parts]
        assert [file.split("_")[0] for file in files] == example["text"].split()
        assert len({file.split("_")[1] for file in files}) == 1
    again = of_lines(recordings, lines, **shares)
    assert [x["sound"].name for x in again.train] == [x["sound"].name for x in data.train]
    heard = {tuple(part.name for part in x["sound"].parts) for x in data.valid}
    assert len(heard) > 1  # the same text, of other recordings


def test_a_line_is_said_by_a_voice_that_has_its_words(recordings: Path) -> None:
    for take in range(4):
        sound(recordings / f"maybe_bob_{take}.wav", 0.7 + 0.01 * take)
    data = of_lines(recordings, ["yes maybe", "no maybe", "yes", "no", "maybe"], test_where=("take=3",))
    voices = {Path(part.name).name.split("_")[1] for x in data.train for part in x["sound"].parts}
    assert voices >= {"bob"}
    for example in data.train:
        if "maybe" in example["text"]:
            assert all("_bob_" in part.name for part in example["sound"].parts)


def test_lines_without_recordings_are_refused(recordings: Path) -> None:
    def why(lines: list[str], **options: object) -> str:
        (recordings / "t.txt").write_text("\n".join(lines))
        return refused(recordings, pattern=PATTERN, compose_texts=str(recordings / "t.txt"), **options)

    assert "no recording says 'perhaps'" in why(["yes", "yes perhaps", "no", "no yes"])
    assert "has 2 different lines" in why(["yes", "no", "yes"])
    assert "holds no texts" in why(["", " "])
    assert "give one of them" in why(["yes"], compose="3")
    assert "absent.txt" in refused(recordings, pattern=PATTERN, compose_texts=str(recordings / "absent.txt"))


def test_what_is_composed_has_silences_and_noise_and_is_always_the_same(recordings: Path) -> None:
    first, again = (next(iter(composed(recordings, gap=0.1, snr=30.0).train))["sound"] for _ in range(2))
    samples, rate = first.read()
    np.testing.assert_array_equal(samples, again.read()[0])
    silence = samples[: round(first.gaps[0] * rate)]
    spoken = 400 * len(first.parts)
    assert rate == 8000
    assert len(samples) == pytest.approx(spoken + 8000 * sum(first.gaps), abs=len(first.gaps))
    assert 0 < silence.std() < 0.5 * 10 ** (-30 / 20)
    assert all(0.02 <= gap <= 0.1 for gap in first.gaps)
    assert first.noise >= 30
    other = next(iter(composed(recordings, data_seed=1).train))["sound"]
    assert [part.name for part in other.parts] != [part.name for part in first.parts]


def test_speakers_are_on_one_side(recordings: Path) -> None:
    data = composed(recordings, test_where=("speaker=bob",), split_by="speaker")
    sides = [
        {Path(part.name).name.split("_")[1] for example in split for part in example["sound"].parts}
        for split in (data.train, data.valid, data.test or ())
    ]
    assert sorted(map(len, sides)) == [1, 1, 1]
    assert sides[2] == {"bob"}


def test_what_cannot_be_read_is_told(recordings: Path) -> None:
    table = recordings / "t.csv"
    table.write_text("path,text\nyes_ann_0.wav,\n")
    assert "t.csv line 2: the text is empty" in refused(table)
    table.write_text("path,text\n,yes\n")
    assert "t.csv line 2: the path is missing" in refused(table)
    table.write_text("path,text\nnone.wav,yes\n")
    assert "t.csv line 2: there is no sound" in refused(table)
    table.write_text("path,text\nnone.wav,yes\n" + "".join(f"no_ann_{n}.wav,no\n" for n in range(4)))
    assert len(load(table, missing="skip").train) == 2
    table.write_text("path,words\nyes_ann_0.wav,yes\n")
    assert "no column for the text" in refused(table)
    table.unlink()
    assert "holds no sounds with their texts" in refused(recordings)
    assert "unknown format '.wav'" in refused(recordings / "yes_ann_0.wav")
    assert "give both" in refused(recordings, pattern=PATTERN)
    assert "give both" in refused(recordings, compose="3-7")
    assert "such as 3-7" in refused(recordings, pattern=PATTERN, compose="7-3")
    assert "such as 3-7" in refused(recordings, pattern=PATTERN, compose="many")
    assert "fits no file of sound" in refused(recordings, pattern="{label}-{take}.wav", compose="2")
    assert "leaves the test split without recordings" in refused(
        recordings, pattern=PATTERN, compose="2", test_where=("take=9",)
    )


def test_recordings_of_other_rates_are_not_put_together(recordings: Path) -> None:
    for file in recordings.glob("*_ann_*.wav"):
        sound(file, 0.2 + len(file.name) / 50, 16000 if "yes" in file.name else 8000)
    sounds = [example["sound"] for example in composed(recordings).train]
    with pytest.raises(datasets.UserError, match="samples a second, and"):
        _ = [sound.read() for sound in sounds]


@pytest.mark.real
def test_spoken_digits_become_strings(data_dir: Path) -> None:
    options = {"pattern": PATTERN, "compose": "3-7", "test_where": ("take=0-4",), "texts": 100}
    data = load(data_dir / "spoken_digits", **options)
    assert {len(text.split()) for text in texts(data.train)} == {3, 4, 5, 6, 7}
    assert data.info.unit == "texts"
