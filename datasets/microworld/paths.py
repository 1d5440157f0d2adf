"""A shape that moves: round a circle, and towards the one who looks or away. As numbers, frames or tones. Synthetic.

A label says three things: whether the shape goes round clockwise or counterclockwise, whether it does so twice or
thrice, and whether it comes nearer or goes away, which it does before or after going round. So there are eight.

In n steps of k rounds the shape is at the angles `2π·k·t/n`. As n has no common factor with 2 or 3, these are the same
n angles for two and for three rounds, and in either direction, in another order; and what comes nearer is what goes
away, read backwards. So each signal is as likely as one with the same steps in another order and any other label, and
without their order nothing can be told. All but the labels that are changed by chance can be told with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from datasets.base import Dataset, Example, Split
from datasets.formats.signals import FRAMES, KINDS, NUMBERS, SOUND, Numbers, Signal, taken
from datasets.microworld.generating import info_of
from datasets.options import check_range, check_sizes, option

if TYPE_CHECKING:
    import numpy as np

FIELDS = ("signal", "label")
WAYS, ROUNDS, MOVES = ("clockwise", "counterclockwise"), ("twice", "thrice"), ("nearer", "away")
LABELS = tuple(f"{way} {rounds} {move}" for way in WAYS for rounds in ROUNDS for move in MOVES)
STEPS = (19, 23, 25, 29, 31)  # of going round; none has a factor in common with 2 or 3
APPROACH = (5, 9)  # fewest and most steps of coming nearer or going away
FAR, NEAR = 0.5, 1.0  # size of the shape
RADIUS = 0.6  # of the circle, where the picture reaches from -1 to 1
FRAMES_A_SECOND = 10.0
SIDE = 32  # pixels along the side of a frame
SIZE = 0.35  # radius of the nearest shape
RATE = 8000  # samples a second
TONE, GAP = (
    0.03,
    0.03,
)  # seconds of a tone, and of silence behind it, so that no short window hears two of them
LOW, HIGH, RANGE = 500.0, 1500.0, 0.35  # middle pitches in hertz of across and of down; octaves up and down


@dataclass(frozen=True)
class Options:
    """What moving shapes to generate."""

    kind: str = option(NUMBERS, "what a signal is: positions in numbers, moving pictures, or tones", KINDS)
    examples: int = option(1000, "signals to train on")
    valid_examples: int = option(200, "signals in the dev split")
    test_examples: int = option(600, "signals in the test split")
    jitter: float = option(0.03, "standard deviation of positions around the path, whose radius is 0.6")
    noise: float = option(0.05, "share of labels that are changed in each split; the ceiling is 1 - noise")
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes and shares that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples"), 2)
        check_range(self, ("noise",), 0, 0.5)
        check_range(self, ("jitter",), 0, 1)


def load(spec: str, options: Options) -> Dataset:
    """The signals of a seed, the same on every machine; the test split does not depend on the sizes of the others."""
    sizes = {"train": options.examples, "valid": options.valid_examples, "test": options.test_examples}
    train, valid, test = (_split(options, number, size) for number, size in enumerate(sizes.values()))
    flipped = _changed(options, options.test_examples) / options.test_examples
    note = f"without the order of its steps nothing of a label can be told: {1 / len(LABELS):.3f} are right by chance"
    info = info_of(spec, options, FIELDS, {"accuracy": 1 - flipped}, LABELS, (note,), "signals")
    return Dataset(info, train, valid, test)


def _changed(options: Options, count: int) -> int:
    return round(options.noise * count)


def _split(options: Options, number: int, count: int) -> Split:
    import numpy as np

    random = np.random.default_rng([options.data_seed, number])
    labels = random.permutation(np.arange(count) % len(LABELS))
    signals = [
        _signal(options.kind, path(random, int(label), options.jitter), f"signal {n}")
        for n, label in enumerate(labels)
    ]
    for n in random.permutation(count)[: _changed(options, count)]:
        labels[n] = (labels[n] + random.integers(1, len(LABELS))) % len(LABELS)
    examples: list[Example] = [
        {"signal": signal, "label": int(label)} for signal, label in zip(signals, labels, strict=True)
    ]
    return Split(lambda: examples, count)


def path(random: np.random.Generator, label: int, jitter: float) -> np.ndarray:
    """Where the shape is at each step: across and down, from -1 to 1, and its size; `(steps, 3)` float32."""
    import numpy as np

    way, rounds, move = np.unravel_index(label, (len(WAYS), len(ROUNDS), len(MOVES)))
    steps = random.choice(STEPS)
    turned = random.uniform(0, 2 * np.pi) + 2 * np.pi * (rounds + 2) * np.arange(steps) / steps
    angle = turned if way == 0 else -turned  # down is positive, so growing angles go clockwise
    sizes = np.linspace(FAR, NEAR, random.integers(APPROACH[0], APPROACH[1], endpoint=True))
    sizes = sizes if move == 0 else sizes[::-1]
    first = random.random() < 0.5
    still, size_round = (angle[0], sizes[-1]) if first else (angle[-1], sizes[0])
    circle = np.stack([angle, np.full(steps, size_round)], axis=1)
    approach = np.stack([np.full(len(sizes), still), sizes], axis=1)
    both = np.concatenate([approach, circle] if first else [circle, approach])
    where = RADIUS * np.stack([np.cos(both[:, 0]), np.sin(both[:, 0])], axis=1)
    where += random.normal(0, jitter, where.shape)
    return np.concatenate([where, both[:, 1:]], axis=1).astype(np.float32)


def _signal(kind: str, steps: np.ndarray, name: str) -> Signal:
    kinds: dict[str, Callable[[np.ndarray, str], Signal]] = {NUMBERS: Numbers, FRAMES: Film, SOUND: Tones}
    return kinds[kind](steps, name)


@dataclass(frozen=True, eq=False)
class Film:
    """The path as moving pictures, drawn when they are read. See `datasets.formats.signals.Movie`.

    Attributes:
        steps: see `path`; each is a frame.
    """

    kind: ClassVar[str] = FRAMES
    steps: np.ndarray
    name: str = ""

    def read(self, frames_per_second: float) -> np.ndarray:
        """Frames `(time, side, side, 3)` uint8 of a light disc on a dark ground."""
        import numpy as np

        wanted = self.steps[taken(len(self.steps), FRAMES_A_SECOND, frames_per_second)]
        middle = (np.arange(SIDE) + 0.5) * 2 / SIDE - 1
        across, down, size = (wanted[:, n, None, None] for n in range(3))
        distance = np.hypot(middle[None, None, :] - across, middle[None, :, None] - down)
        cover = np.clip((SIZE * size - distance) * SIDE / 2 + 0.5, 0, 1)
        grey = np.rint(40 + 180 * cover).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=-1)


@dataclass(frozen=True, eq=False)
class Tones:
    """The path as tones, made when they are read. See `datasets.formats.signals.Sound`.

    At each step two tones sound, one as high as the shape is far to the right, the other as it is far down; the nearer
    it is, the louder.

    Attributes:
        steps: see `path`.
    """

    kind: ClassVar[str] = SOUND
    steps: np.ndarray
    name: str = ""

    def read(self) -> tuple[np.ndarray, int]:
        """Samples `(time,)` float32, and how many there are in a second."""
        import numpy as np

        time = np.arange(round(TONE * RATE)) / RATE
        swell = np.sin(np.pi * time / TONE) ** 2
        pitches = np.array([LOW, HIGH]) * 2 ** (RANGE * self.steps[:, :2])
        waves = np.sin(2 * np.pi * pitches[:, :, None] * time).sum(axis=1)
        loud = 0.4 * waves * swell * self.steps[:, 2:] ** 2
        silence = np.zeros((len(loud), round(GAP * RATE)))
        samples = np.concatenate([loud, silence], axis=1).reshape(-1)
        return samples.astype(np.float32), RATE
