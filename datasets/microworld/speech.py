"""Words that are spelt in tones: each letter is two tones at once, as on the keys of a telephone. Synthetic.

A text has a few words of letters that are drawn one by one, each as likely as any other, so that nothing of a letter
can be told from the others. A voice is slow or fast, high or low, loud or soft; there is noise behind it, and letters
differ in length. Between letters there is a short silence, between words a longer one.

Hangul is spelt by its letters (jamo), a consonant at the beginning of a syllable like the same one at its end. Every
syllable begins with a consonant, so that it is known where one ends, but often only by the letter after the next.

A share of the letters sounds like another one. No listener can tell these, and the ceiling is known: the share of
characters, and of words, with such a letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from datasets.base import Dataset, Example, Split
from datasets.formats.signals import SOUND
from datasets.microworld.generating import info_of
from datasets.options import check_range, check_sizes, option

if TYPE_CHECKING:
    import numpy as np

FIELDS = ("sound", "text")
ENGLISH = "abcdefghijklmnopqrstuvwxyz"
CONSONANTS, VOWELS = "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅎ", "ㅏㅓㅗㅜㅡㅣ"
#: Places of these letters among the first, middle and last letters of syllables, in the order of Unicode.
FIRST = dict(zip(CONSONANTS, (0, 2, 3, 5, 6, 7, 9, 11, 12, 18), strict=True))
MIDDLE = dict(zip(VOWELS, (0, 4, 8, 13, 18, 20), strict=True))
LAST = dict(zip("ㄱㄴㄹㅁㅂㅇ", (1, 4, 8, 16, 17, 21), strict=True))
RATE = 8000  # samples a second
#: Hertz of the lower and of the upper tone, a third of an octave apart; a voice moves all by a twelfth at most.
LOWER, UPPER = (300.0, 378.0, 476.0, 600.0, 756.0), (1100.0, 1386.0, 1746.0, 2200.0, 2772.0, 3492.0)
HIGHEST = 1 / 12  # octaves up or down
LETTER, GAP, PAUSE = (
    0.07,
    0.025,
    0.1,
)  # seconds of a letter, of the silence behind it, and more of it behind a word
SPEED, DRAWL = 0.25, 0.15  # how much shorter or longer all letters of a voice are, and each letter
SOFT, LOUD = 0.05, 0.4  # amplitude of a tone


@dataclass(frozen=True)
class Options:
    """What to spell."""

    language: str = option("en", "letters of the texts", ("en", "ko"))
    examples: int = option(1200, "texts to train on")
    valid_examples: int = option(150, "texts in the dev split")
    test_examples: int = option(300, "texts in the test split")
    most_words: int = option(2, "most words of a text")
    most_letters: int = option(4, "most letters of an English word, and syllables of a Korean one")
    noise: float = option(0.02, "share of letters that sound like another one; no listener can tell these")
    hiss: float = option(
        0.01, "most noise behind a voice, as its standard deviation; tones are .05 to .4 high"
    )
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes and shares that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples", "most_words", "most_letters"), 1)
        check_range(self, ("noise",), 0, 0.5)
        check_range(self, ("hiss",), 0, 1)
        check_range(self, ("data_seed",), 0, 2**31 - 1)


def load(spec: str, options: Options) -> Dataset:
    """The texts of a seed, the same on every machine; the test split does not depend on the sizes of the others."""
    sizes = options.examples, options.valid_examples, options.test_examples
    train, valid, test = (_spelt(options, number, size) for number, size in enumerate(sizes))
    note = "each letter is two tones at once; letters are drawn one by one, and tell nothing of each other"
    info = info_of(spec, options, FIELDS, _ceiling(test), notes=(note,), unit="texts")
    return Dataset(info, *(_split(spelt) for spelt in (train, valid, test)))


@dataclass(frozen=True)
class Spelt:
    """A text, what is heard of it, and the voice.

    Attributes:
        text: what is meant.
        heard: what sounds, in as many words and characters.
        voice: seed of all that is drawn of the voice.
        hiss: most noise behind it.
    """

    text: str
    heard: str
    voice: tuple[int, ...]
    hiss: float


def _spelt(options: Options, number: int, count: int) -> list[Spelt]:
    import numpy as np

    random = np.random.default_rng([options.data_seed, number])
    spelt = []
    for n in range(count):
        words = random.integers(1, options.most_words, endpoint=True)
        meant, heard = zip(*(_word(options, random) for _ in range(words)), strict=True)
        voice = options.data_seed, number, n
        spelt.append(Spelt(" ".join(meant), " ".join(heard), voice, options.hiss))
    return spelt


def _split(spelt: Sequence[Spelt]) -> Split:
    examples: list[Example] = [
        {"sound": Voice(each, f"text {n}"), "text": each.text} for n, each in enumerate(spelt)
    ]
    return Split(lambda: examples, len(examples))


def _ceiling(test: Sequence[Spelt]) -> dict[str, float]:
    """The error rates of one who writes what is heard."""
    pairs = {"wer": _pairs([each.text.split() for each in test], [each.heard.split() for each in test])}
    pairs["cer"] = _pairs([each.text for each in test], [each.heard for each in test])
    return {name: sum(a != b for a, b in found) / len(found) for name, found in pairs.items()}


def _pairs(meant: Sequence[Sequence[str]], heard: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    return [pair for texts in zip(meant, heard, strict=True) for pair in zip(*texts, strict=True)]


def _word(options: Options, random: np.random.Generator) -> tuple[str, str]:
    """A word, and what is heard of it."""
    one = _syllable if options.language == "ko" else _letter
    count = random.integers(1, options.most_letters, endpoint=True)
    meant, heard = zip(*(one(random, options.noise) for _ in range(count)), strict=True)
    return "".join(meant), "".join(heard)


def _letter(random: np.random.Generator, noise: float) -> tuple[str, str]:
    letter = _one_of(ENGLISH, random)
    return letter, _heard(letter, ENGLISH, random, noise)


def _syllable(random: np.random.Generator, noise: float) -> tuple[str, str]:
    letters = [(_one_of(CONSONANTS, random), CONSONANTS), (_one_of(VOWELS, random), VOWELS)]
    if random.random() < 0.5:
        letters.append((_one_of("".join(LAST), random), "".join(LAST)))
    heard = [_heard(letter, alike, random, noise) for letter, alike in letters]
    return syllable(*(letter for letter, _ in letters)), syllable(*heard)


def _one_of(letters: str, random: np.random.Generator) -> str:
    return letters[random.integers(len(letters))]


def _heard(letter: str, alike: str, random: np.random.Generator, noise: float) -> str:
    """The letter, or with the chance of the noise another one that could stand there."""
    return _one_of(alike.replace(letter, ""), random) if random.random() < noise else letter


def syllable(first: str, middle: str, last: str = "") -> str:
    """The Hangul syllable of its letters."""
    return chr(0xAC00 + (FIRST[first] * 21 + MIDDLE[middle]) * 28 + (LAST[last] if last else 0))


def letters_of(word: str) -> str:
    """What sounds of a word: its letters, those of its syllables one after the other."""
    return "".join(map(_letters, word))


def _letters(character: str) -> str:
    if character in ENGLISH:
        return character
    place, last = divmod(ord(character) - 0xAC00, 28)
    first, middle = divmod(place, 21)
    ends = {number: letter for letter, number in LAST.items()}
    named = {number: letter for letter, number in FIRST.items()}, {n: letter for letter, n in MIDDLE.items()}
    return named[0][first] + named[1][middle] + ends.get(last, "")


def tones(letter: str) -> tuple[float, float]:
    """The two tones of a letter, in hertz; no other one of its script has both."""
    known = ENGLISH if letter in ENGLISH else CONSONANTS + VOWELS
    lower, upper = divmod(known.index(letter), len(UPPER))
    return LOWER[lower], UPPER[upper]


@dataclass(frozen=True, eq=False)
class Voice:
    """A text as tones, made when it is read. See `datasets.formats.signals.Sound`."""

    kind: ClassVar[str] = SOUND
    spelt: Spelt
    name: str = ""

    def read(self) -> tuple[np.ndarray, int]:
        """Samples `(time,)` float32, and how many there are in a second."""
        import numpy as np

        random = np.random.default_rng([*self.spelt.voice, 1])
        speed = 2 ** random.uniform(-SPEED, SPEED)
        pitch = 2 ** random.uniform(-HIGHEST, HIGHEST)
        loud = random.uniform(SOFT, LOUD)
        parts = [np.zeros(round(PAUSE * speed * RATE))]
        for word in self.spelt.heard.split():
            for letter in letters_of(word):
                length = round(LETTER * speed * random.uniform(1 - DRAWL, 1 + DRAWL) * RATE)
                parts += [loud * _wave(tones(letter), length, pitch), np.zeros(round(GAP * speed * RATE))]
            parts.append(np.zeros(round(PAUSE * speed * RATE)))
        samples = np.concatenate(parts)
        samples += random.normal(0, self.spelt.hiss * random.random(), len(samples))
        return samples.astype(np.float32), RATE


def _wave(pair: tuple[float, float], length: int, pitch: float) -> np.ndarray:
    """Both tones at once, that swell and fade."""
    import numpy as np

    time = np.arange(length) / RATE
    swell = np.minimum(1, 6 * np.sin(np.pi * (np.arange(length) + 0.5) / length))
    return swell * sum(np.sin(2 * np.pi * pitch * tone * time) for tone in pair)
