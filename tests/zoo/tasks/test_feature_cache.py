from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from datasets.errors import UserError
from datasets.formats.movies import FrameFolder
from datasets.formats.signals import Pictures, Samples
from datasets.formats.sounds import SoundFile
from tests.zoo.tasks.signals import toy as signals
from tests.zoo.tasks.speech import toy as speech
from zoo.config import RecurrentOptions, TrainingOptions
from zoo.factory import recurrent_factory
from zoo.tasks.base import Prepared
from zoo.tasks.feature_cache import Features, features_of, identity
from zoo.training.loop import Trainer

PARTS = [np.full((length, 2), length, np.float32) for length in (3, 1, 4)]


class Source:
    """Signals that count how often they were read."""

    def __init__(self, *arrays: np.ndarray) -> None:
        self.arrays, self.reads = arrays, 0

    def features(self, folder: Path | None, **options: object) -> Features:
        def read(array: Any) -> np.ndarray:
            self.reads += 1
            return array

        return features_of(None if folder is None else str(folder), lambda: self.arrays, read, options)


def file_in(folder: Path) -> Path:
    (file,) = folder.glob("*.features")
    return file


# ------------------------------------------------------------------------------------------ written and read


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
def test_a_second_run_reads_what_the_first_wrote(tmp_path: Path, dtype: type) -> None:
    source = Source(*(part.astype(dtype) for part in PARTS))
    first, second = source.features(tmp_path / "cache"), source.features(tmp_path / "cache")
    expected = source.features(None)
    assert source.reads == 6
    for found in (first, second):
        assert isinstance(found.sequences.values.base, np.memmap)
        assert found.sequences.values.dtype == dtype
        np.testing.assert_array_equal(found.sequences.values, expected.sequences.values)
        np.testing.assert_array_equal(found.sequences.offsets, expected.sequences.offsets)
    assert first.size.startswith("0 MB written to")
    assert second.size == f"0 MB read again from {file_in(tmp_path / 'cache')}"
    assert expected.size == "0 MB in memory"


def test_other_options_and_other_signals_are_another_file(tmp_path: Path) -> None:
    Source(*PARTS).features(tmp_path, bands=2)
    Source(*PARTS).features(tmp_path, bands=3)
    Source(*PARTS[:2]).features(tmp_path, bands=2)
    Source(*PARTS[::-1]).features(tmp_path, bands=2)
    assert len(list(tmp_path.glob("*.features"))) == 4


def test_a_split_without_signals_has_a_file_too(tmp_path: Path) -> None:
    for _ in range(2):
        assert len(Source().features(tmp_path).sequences) == 0


def test_some_of_the_sequences_are_a_file_of_their_own(tmp_path: Path) -> None:
    source = Source(*PARTS)
    whole = source.features(tmp_path)
    assert whole.take(np.arange(3)) is whole
    for found in (whole.take(np.array([2, 0])), source.features(None).take(np.array([2, 0]))):
        np.testing.assert_array_equal(found.sequences.values[:, 0], [4, 4, 4, 4, 3, 3, 3])
        assert found.sequences.lengths.tolist() == [4, 3]
    assert len(list(tmp_path.glob("*.features"))) == 2


# ------------------------------------------------------------------------------------------ whose features


def test_a_file_is_known_by_its_place_size_and_age(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(9), 8000)
    os.utime(path, (1, 1))
    before = identity(SoundFile(path))
    assert identity(SoundFile(path)) == before
    os.utime(path, (2, 2))
    assert identity(SoundFile(path)) != before
    path.rename(tmp_path / "0.png")
    assert identity(FrameFolder(tmp_path)) == [[str(tmp_path / "0.png"), 62, 2_000_000_000]]
    with pytest.raises(UserError, match=r"a\.wav: cannot be read \(No such file"):
        identity(SoundFile(path))


def test_a_signal_in_memory_is_known_by_what_it_holds() -> None:
    one, other = np.zeros(3, np.float32), np.ones(3, np.float32)
    assert identity(Samples(one, 8000)) == identity(Samples(one.copy(), 8000))
    assert identity(Samples(one, 8000)) != identity(Samples(one, 9000))
    assert identity(Samples(one, 8000)) != identity(Samples(other, 8000))
    assert identity(Samples(one, 8000)) != identity(Pictures(one, 8000))
    with pytest.raises(UserError, match="object is neither, leave out --cache"):
        identity(object())


# ------------------------------------------------------------------------------------------ what goes wrong


def test_what_broke_off_is_not_taken_for_whole(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield PARTS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        features_of(str(tmp_path), lambda: PARTS, iter_read(broken()), {})
    assert not list(tmp_path.glob("*.features*"))
    whole = Source(*PARTS).features(tmp_path)
    assert not whole.again
    leftover = tmp_path / f".partial-1234-{file_in(tmp_path).name}"  # of a process that was killed
    file_in(tmp_path).rename(leftover)
    leftover.write_bytes(leftover.read_bytes()[:-20])
    assert not Source(*PARTS).features(tmp_path).again
    assert not leftover.exists()


def iter_read(arrays: Iterator[np.ndarray]) -> Any:
    return lambda _: next(arrays)


@pytest.mark.parametrize("place", [0, 70, -30, -12, -3])
def test_a_damaged_file_is_told_in_one_line(tmp_path: Path, place: int) -> None:
    Source(*PARTS).features(tmp_path)
    content = bytearray(file_in(tmp_path).read_bytes())
    content[place] ^= 1
    file_in(tmp_path).write_bytes(content)
    with pytest.raises(
        UserError, match=r"\.features: is damaged, or no file of features \(.*\); remove it"
    ) as told:
        Source(*PARTS).features(tmp_path)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "content", [b"", b"something else, longer than the end", b"{}" + bytes(8) + b"features"]
)
def test_a_file_of_others_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    Source(*PARTS).features(tmp_path)
    file_in(tmp_path).write_bytes(content)
    with pytest.raises(UserError, match="is damaged, or no file of features"):
        Source(*PARTS).features(tmp_path)


def test_a_full_disk_and_a_folder_that_is_none_are_told_in_one_line(tmp_path: Path) -> None:
    def full(_: object) -> np.ndarray:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UserError, match=r"no space left on the disk for .*\.features"):
        features_of(str(tmp_path), lambda: PARTS, full, {})
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"--cache .*file: a file is in the way"):
        Source(*PARTS).features(tmp_path / "file")


# ------------------------------------------------------------------------------------------ training


def trained(ready: Prepared[Any, Any], task: Any, options: object) -> list[np.ndarray]:
    """The weights after two steps."""
    recurrent = recurrent_factory(RecurrentOptions(units=3, engine="loop", bidirectional=True), 0)
    trainer = Trainer(lambda: task.build(ready, recurrent, options), task.loss, TrainingOptions(average=0))
    for plan in ready.train.plan((0, 0))[:2]:
        trainer.step(ready.train.load(plan))
    return trainer.model.get_weights()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sound", "frames"])
def test_signals_are_learnt_with_the_same_bits(tmp_path: Path, kind: str) -> None:
    options: Any = {"convolutions": 1, "filters": 4, "bands": 8}
    ready = [signals.prepared(kind, **options, cache=cache) for cache in (None, str(tmp_path), str(tmp_path))]
    assert "MB read again from" in ready[2].notes[0]
    assert [each.learned for each in ready[1:]] == [ready[0].learned] * 2
    expected, *found = [trained(each, signals.TASK, signals.Options(**options)) for each in ready]
    for weights in found:
        for one, other in zip(expected, weights, strict=True):
            np.testing.assert_array_equal(one, other)
    assert len(list(tmp_path.glob("*.features"))) == 2  # train and dev


@pytest.mark.slow
def test_speech_is_learnt_with_the_same_bits(tmp_path: Path) -> None:
    ready = [speech.prepared(cache=cache, stride=16) for cache in (None, str(tmp_path), str(tmp_path))]
    assert any("left out" in note for note in ready[0].notes)
    assert "MB read again from" in ready[2].notes[0]
    assert isinstance(ready[2].train.sounds.sequences.values.base, np.memmap)
    assert ready[1].learned.to_json() == ready[0].learned.to_json()
    expected, *found = [trained(each, speech.TASK, each.learned.options) for each in ready]
    for weights in found:
        for one, other in zip(expected, weights, strict=True):
            np.testing.assert_array_equal(one, other)
