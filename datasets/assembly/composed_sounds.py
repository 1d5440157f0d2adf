"""Recordings of single words are put together to longer texts, with silence between them and noise behind.

The voices are real, how they are joined is not: nobody speaks so, without one word changing the next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from datasets.assembly.splitting import CODES
from datasets.assembly.spoken_texts import Parts, SpokenText, split
from datasets.base import Dataset, Example, Info, Split
from datasets.errors import UserError
from datasets.formats.signals import SOUND

if TYPE_CHECKING:
    import numpy as np

    from datasets.formats.signals import Sound

RANGE = 20.0  # decibels between the most and the least noise
LEAST_GAP = 0.02  # seconds of silence around every recording


@dataclass(frozen=True)
class Composition:
    """How texts are put together.

    Attributes:
        fewest, most: recordings of a text.
        texts: of the training split; dev and test have a tenth of that each.
        gap: seconds of the longest silence between two recordings.
        noise: decibels by which a text is louder than the noise behind it, at least, and at most `RANGE` more.
        seed: of what is drawn.
        lines: the texts, their words separated by blanks; where there are none, words are drawn one by one.
    """

    fewest: int
    most: int
    texts: int
    gap: float
    noise: float
    seed: int
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Composed:
    """Recordings one after the other, put together when they are read. See `datasets.formats.signals.Sound`.

    Attributes:
        parts: the recordings.
        gaps: seconds of silence before each of them, and behind the last.
        noise: decibels by which they are louder than the noise.
        seed: of the noise.
    """

    kind: ClassVar[str] = SOUND
    parts: tuple[Sound, ...]
    gaps: tuple[float, ...]
    noise: float
    seed: tuple[int, ...]
    name: str = ""

    def read(self) -> tuple[np.ndarray, int]:
        """Samples `(time,)` float32, and how many there are in a second.

        Raises:
            UserError: a recording cannot be read, or has another rate than the others.
        """
        import numpy as np

        read = [part.read() for part in self.parts]
        rate = read[0][1]
        for part, (_, its) in zip(self.parts, read, strict=True):
            if its != rate:
                raise UserError(
                    f"{part.name}: has {its:,} samples a second, and {self.parts[0].name} {rate:,}"
                )
        silences = [np.zeros(round(gap * rate), np.float32) for gap in self.gaps]
        spoken = [samples for samples, _ in read]
        pieces = [piece for pair in zip(silences, [*spoken, silences[0][:0]], strict=True) for piece in pair]
        samples = np.concatenate(pieces)
        loudness = np.sqrt(np.mean(np.square(np.concatenate(spoken))))
        hiss = np.random.default_rng(self.seed).normal(0, loudness * 10 ** (-self.noise / 20), len(samples))
        return (samples + hiss).astype(np.float32), rate


def compose(
    info: Info, parts: Parts, valid_fraction: float, test_fraction: float, composition: Composition
) -> Dataset:
    """Split the recordings, and put those of each split together; where voices are known, a text is of one of them.

    Args:
        info: what is known; notes are added.
        parts: recordings: `train` and, where there is one, `test`.
        valid_fraction, test_fraction: share of the recordings, or groups, of train for a split without a part.
        composition: how.

    Raises:
        UserError: too few recordings to split.
    """
    codes, notes = split(info, parts, valid_fraction, test_fraction)
    has_test = "test" in parts or test_fraction > 0
    splits = {
        name: [
            row
            for part, rows in parts.items()
            for row, code in zip(rows, codes[part], strict=True)
            if code == CODES[name]
        ]
        for name in ("train", "valid", "test")[: 2 + has_test]
    }
    few = max(1, composition.texts // 10)
    sizes = {"train": composition.texts, "valid": few, "test": few}
    lines = _shared_out(composition.lines)
    made = {
        name: _composed(rows, sizes[name], CODES[name], composition, lines[name])
        for name, rows in splits.items()
    }
    notes += [
        f"{name}: {len(made[name]):,} texts {_kind(composition, lines[name])} are put together from {len(rows):,} "
        "recordings that no other split has"
        for name, rows in splits.items()
    ]
    info = replace(info, notes=(*info.notes, *notes), unit="texts")
    return Dataset(info, made["train"], made["valid"], made.get("test"))


def _kind(composition: Composition, lines: Sequence[str]) -> str:
    if lines:
        return f"of {len(lines):,} lines that no other split has"
    return f"of {composition.fewest} to {composition.most} words"


def _shared_out(lines: Sequence[str]) -> dict[str, Sequence[str]]:
    """The different lines of each split, in their order: of twelve parts ten for train, then one each for dev and test.

    Raises:
        UserError: there are lines, but fewer than splits.
    """
    if 0 < len(lines) < len(CODES):
        raise UserError(
            f"--compose-texts: has {len(lines)} different lines; give one for each split, at least"
        )
    part = max(1, len(lines) // 12)
    return {
        "train": lines[: len(lines) - 2 * part],
        "valid": lines[len(lines) - 2 * part : len(lines) - part],
        "test": lines[len(lines) - part :],
    }


def _composed(
    recordings: Sequence[SpokenText], count: int, number: int, composition: Composition, lines: Sequence[str]
) -> Split:
    import numpy as np

    random = np.random.default_rng([composition.seed, number])
    by_voice: dict[str | None, list[SpokenText]] = {}
    for recording in recordings:
        by_voice.setdefault(recording.voice, []).append(recording)
    choose = partial(_of_line, _by_word(by_voice), lines) if lines else partial(_drawn, by_voice, composition)
    examples = [
        _one(choose(random, n), random, (composition.seed, number, n), composition) for n in range(count)
    ]
    return Split(lambda: examples, count)


def _drawn(
    by_voice: Mapping[str | None, list[SpokenText]],
    composition: Composition,
    random: np.random.Generator,
    _number: int,
) -> list[SpokenText]:
    """Recordings of words that are drawn one by one, of one voice."""
    voices = list(by_voice.values())
    recordings = voices[random.integers(len(voices))]
    size = random.integers(composition.fewest, composition.most, endpoint=True)
    return [recordings[n] for n in random.integers(len(recordings), size=size)]


def _by_word(by_voice: Mapping[str | None, list[SpokenText]]) -> list[dict[str, list[SpokenText]]]:
    """The recordings of each voice by what is said in them."""
    voices = []
    for recordings in by_voice.values():
        words: dict[str, list[SpokenText]] = {}
        for recording in recordings:
            words.setdefault(recording.text, []).append(recording)
        voices.append(words)
    return voices


def _of_line(
    voices: Sequence[Mapping[str, list[SpokenText]]],
    lines: Sequence[str],
    random: np.random.Generator,
    number: int,
) -> list[SpokenText]:
    """Recordings of the words of a line, of one voice that has them all; after the last line the first comes again.

    Raises:
        UserError: no voice has all words.
    """
    words = lines[number % len(lines)].split()
    able = [voice for voice in voices if all(word in voice for word in words)]
    if not able:
        lacking = [word for word in words if not any(word in voice for voice in voices)]
        why = f"no recording says {lacking[0]!r}" if lacking else "no voice has all its words"
        raise UserError(
            f"--compose-texts: the line {' '.join(words)!r} cannot be put together in its split: {why}; leave it out, "
            "or add recordings"
        )
    voice = able[random.integers(len(able))]
    return [voice[word][random.integers(len(voice[word]))] for word in words]


def _one(
    chosen: Sequence[SpokenText],
    random: np.random.Generator,
    seed: tuple[int, ...],
    composition: Composition,
) -> Example:
    gaps = tuple(random.uniform(LEAST_GAP, max(composition.gap, LEAST_GAP), size=len(chosen) + 1).tolist())
    noise = composition.noise + float(random.uniform(0, RANGE))
    name = f"text {seed[-1]}: " + " ".join(row.text for row in chosen)
    sound = Composed(tuple(row.sound for row in chosen), gaps, noise, seed, name)
    return {"sound": sound, "text": " ".join(row.text for row in chosen)}
