from __future__ import annotations

import itertools
import unicodedata

import numpy as np
import pytest

import datasets
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.microworld.speech import (
    CONSONANTS,
    ENGLISH,
    FIRST,
    LAST,
    LOWER,
    MIDDLE,
    RATE,
    UPPER,
    VOWELS,
    Options,
    Spelt,
    Voice,
    letters_of,
    load,
    syllable,
    tones,
)

SMALL = {"examples": 40, "valid_examples": 10, "test_examples": 200}


def small(**options: object) -> Dataset:
    return datasets.load("microworld", ("sound", "text"), {**SMALL, **options})


def heard(voice: Voice) -> str:
    """The letters that one with a good ear writes down: of each part that is loud, the tones that are strongest."""
    samples, rate = voice.read()
    loud = np.abs(samples) > 0.02
    edges = np.flatnonzero(np.diff(np.concatenate([[0], _closed(loud), [0]])))
    known = ENGLISH if voice.spelt.heard[0] in ENGLISH else CONSONANTS + VOWELS
    return "".join(
        _nearest(samples[start:end], rate, known) for start, end in zip(edges[::2], edges[1::2], strict=True)
    )


def _closed(loud: np.ndarray) -> np.ndarray:
    """The loud parts, without the zero crossings in them."""
    width = 40
    grown = np.convolve(loud, np.ones(2 * width + 1), "same") > 0
    return np.convolve(~grown, np.ones(2 * width + 1), "same") == 0


def _nearest(samples: np.ndarray, rate: int, known: str) -> str:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8000))
    hertz = np.arange(len(spectrum)) * rate / 8000
    below = hertz < 900
    found = [hertz[np.argmax(spectrum * part)] for part in (below, ~below)]
    pairs = zip((LOWER, UPPER), found, strict=True)
    lower, upper = (np.argmin(np.abs(np.log(np.array(of) / tone))) for of, tone in pairs)
    return known[int(lower) * len(UPPER) + int(upper)]


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_tones_tell_the_letters(language: str) -> None:
    data = small(language=language, noise=0.0, hiss=0.0)
    for example in itertools.islice(data.train, 20):
        assert heard(example["sound"]) == letters_of(example["text"].replace(" ", ""))


def test_no_two_letters_sound_alike() -> None:
    for letters in (ENGLISH, CONSONANTS + VOWELS):
        assert len({tones(letter) for letter in letters}) == len(letters)


def test_syllables_are_those_of_unicode() -> None:
    for first, middle, last in itertools.product(FIRST, MIDDLE, ["", *LAST]):
        made = syllable(first, middle, last)
        assert letters_of(made) == first + middle + last
        assert len(unicodedata.normalize("NFD", made)) == 2 + bool(last)
    assert (syllable("ㅎ", "ㅏ", "ㄴ"), syllable("ㄱ", "ㅡ", "ㄹ")) == ("한", "글")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_ceiling_is_the_share_that_sounds_like_another(language: str) -> None:
    data = small(language=language, noise=0.1)
    assert data.test is not None
    texts = [example["text"] for example in data.test]
    sounding = [example["sound"].spelt.heard for example in data.test]
    characters = [pair for texts in zip(texts, sounding, strict=True) for pair in zip(*texts, strict=True)]
    words = [
        pair for a, b in zip(texts, sounding, strict=True) for pair in zip(a.split(), b.split(), strict=True)
    ]
    assert data.info.ceiling["cer"] == np.mean([a != b for a, b in characters])
    assert data.info.ceiling["wer"] == np.mean([a != b for a, b in words])
    assert 0.04 < data.info.ceiling["cer"] < 0.3
    assert small(noise=0.0).info.ceiling == {"wer": 0, "cer": 0}
    assert data.info.synthetic


def test_the_test_split_does_not_depend_on_the_sizes_of_the_others() -> None:
    one, other = small(), small(examples=9, valid_examples=3)
    for a, b in zip(one.test or (), other.test or (), strict=True):
        assert a["text"] == b["text"]
        np.testing.assert_array_equal(a["sound"].read()[0], b["sound"].read()[0])


def test_voices_differ_in_speed_pitch_and_loudness() -> None:
    spelt = [Spelt("ab", "ab", (0, 0, n), 0.0) for n in range(20)]
    sounds = [Voice(each).read()[0] for each in spelt]
    lengths = np.array([len(sound) for sound in sounds]) / RATE
    assert lengths.max() > 1.2 * lengths.min()
    assert max(np.abs(sound).max() for sound in sounds) > 3 * min(np.abs(sound).max() for sound in sounds)


@pytest.mark.parametrize("options", [{"examples": 0}, {"noise": 0.9}, {"hiss": -1.0}, {"most_words": 0}])
def test_what_means_nothing_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(UserError):
        load("microworld", Options(**options))  # type: ignore[arg-type]
