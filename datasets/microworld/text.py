"""Stories of the little world as one long text, with the exact entropy of the generator. Synthetic.

A story is a line. It shows one shape or several with a size and a colour each, then tells where they stand, what they
look like, and now and then that one is painted again:

    The machine draws a small red circle. The circle is above the heart. The circle is red. Now the circle turns black.
    The circle is to the left of the star. The circle is black.

Of a shape that was shown, size and colour must be remembered, from many words before; of several, which is which. Every
sentence can be had in one way only, so the probability of a story is the product of those of the draws it took, and
the best that any model can do on a text is known.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from datasets.base import Dataset, Example, Split
from datasets.microworld import korean
from datasets.microworld.generating import info_of
from datasets.microworld.korean import ends_in_consonant
from datasets.microworld.world import COLOURS, RELATIONS, SHAPES, SIZES
from datasets.options import check_range, check_sizes, option

FIELDS = ("text",)
#: How often each kind of sentence comes.
KINDS = {"place": 0.4, "colour": 0.25, "size": 0.15, "paint": 0.2}
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """What stories to generate."""

    language: str = option("en", "language of the stories", ("en", "ko"))
    stories: int = option(2000, "stories to train on")
    valid_stories: int = option(200, "stories in the dev split")
    test_stories: int = option(200, "stories in the test split")
    things: int = option(1, "shapes of a story: how much must be remembered")
    sentences: int = option(6, "mean number of sentences after the first: how long it must be remembered")
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes that mean nothing."""
        check_sizes(self, ("stories", "valid_stories", "test_stories"), 1)
        check_range(self, ("things",), 1, len(SHAPES))
        check_range(self, ("sentences",), 1, 1000)


def load(spec: str, options: Options) -> Dataset:
    """The stories of a seed, the same on every machine; the test split does not depend on the sizes of the others."""
    train, _ = _split(options, "train", options.stories)
    valid, _ = _split(options, "valid", options.valid_stories)
    test, nats = _split(options, "test", options.test_stories)
    characters = sum(len(example["text"]) for example in test)
    ceiling = {"bits_per_character": nats / math.log(2) / characters}
    info = info_of(spec, options, FIELDS, ceiling, unit="stories")
    return Dataset(info, train, valid, test)


def _split(options: Options, name: str, count: int) -> tuple[Split, float]:
    """`count` stories, and minus the logarithm of the probability with which they come."""
    dice = Dice(Random(f"text {name} {options.data_seed}"))
    tell = {"en": _english, "ko": _korean}[options.language]
    examples: list[Example] = [{"text": tell(dice, options)} for _ in range(count)]
    return Split(lambda: examples, count), dice.nats


class Dice:
    """Draws, and `nats`, minus the logarithm of the probability of all draws so far."""

    def __init__(self, random: Random):
        self.random, self.nats = random, 0.0

    def choose(self, choices: Sequence[T]) -> T:
        """One of them, each as likely."""
        self.nats += math.log(len(choices))
        return self.random.choice(choices)

    def kind(self) -> str:
        """One of `KINDS`."""
        (kind,) = self.random.choices(list(KINDS), list(KINDS.values()))
        self.nats -= math.log(KINDS[kind])
        return kind


@dataclass
class Thing:
    """What is true of a shape at this point of a story."""

    shape: str
    size: str
    colour: str


@dataclass(frozen=True)
class Event:
    """A sentence before it is worded: its kind, whom it is about, and what else it says."""

    kind: str
    thing: Thing
    other: str = ""
    relation: str = ""
    wording: int = 0


def _cast(dice: Dice, count: int) -> list[Thing]:
    shapes, things = list(SHAPES), []
    for _ in range(count):
        shape = dice.choose(shapes)
        shapes.remove(shape)
        things.append(Thing(shape, dice.choose(SIZES), dice.choose(COLOURS)))
    return things


def _event(dice: Dice, things: list[Thing]) -> Event:
    """The next thing to tell; painting changes what is true."""
    kind, thing = dice.kind(), dice.choose(things)
    if kind == "place":
        other = dice.choose([shape for shape in SHAPES if shape != thing.shape])
        return Event(kind, thing, other, dice.choose(RELATIONS), dice.choose((0, 1)))
    if kind == "paint":
        thing.colour = dice.choose([colour for colour in COLOURS if colour != thing.colour])
    return Event(kind, thing)


# ---- wording


def _english(dice: Dice, options: Options) -> str:
    things = _cast(dice, options.things)
    shown = [f"a {thing.size} {thing.colour} {thing.shape}" for thing in things]
    verb = "is" if options.things == 1 else "are"
    opening = dice.choose((f"Here {verb}", f"There {verb}", "The machine draws"))
    *first, last = shown
    sentences = [f"{opening} {' and '.join([', '.join(first), last] if first else [last])}."]
    sentences += [_say_in_english(_event(dice, things)) for _ in range(_length(dice, options))]
    return " ".join(sentences) + "\n"


def _say_in_english(event: Event) -> str:
    shape, other = event.thing.shape, event.other
    if event.kind == "place":
        where = event.relation if event.relation in ("above", "below") else f"to the {event.relation}"
        if event.wording:
            return f"{where[0].upper()}{where[1:]} the {other} is the {shape}."
        return f"The {shape} is {where} the {other}."
    return {
        "colour": f"The {shape} is {event.thing.colour}.",
        "size": f"The {shape} is {event.thing.size}.",
        "paint": f"Now the {shape} turns {event.thing.colour}.",
    }[event.kind]


def _korean(dice: Dice, options: Options) -> str:
    things = _cast(dice, options.things)
    shown = [
        f"{korean.SIZES[thing.size]} {korean.COLOURS[thing.colour]} {korean.SHAPES[thing.shape]}"
        for thing in things
    ]
    opening, end = dice.choose((("여기", "있다"), ("오늘은", "보인다"), ("그림에", "나온다")))
    sentences = [f"{opening} {', '.join(shown)}{_particle(shown[-1], '이', '가')} {end}."]
    sentences += [_say_in_korean(_event(dice, things)) for _ in range(_length(dice, options))]
    return " ".join(sentences) + "\n"


def _say_in_korean(event: Event) -> str:
    shape, other = korean.SHAPES[event.thing.shape], korean.SHAPES.get(event.other, "")
    topic, subject = shape + _particle(shape, "은", "는"), shape + _particle(shape, "이", "가")
    if event.kind == "place":
        where = korean.PLACES[event.relation]
        return f"{other} {where} {subject} 있다." if event.wording else f"{topic} {other} {where} 있다."
    colour = korean.COLOURS[event.thing.colour] + "색"
    return {
        "colour": f"{topic} {colour}이다.",
        "size": f"{topic} {'작다' if event.thing.size == 'small' else '크다'}.",
        "paint": f"이제 {subject} {colour}이 된다.",
    }[event.kind]


def _particle(word: str, after_consonant: str, after_vowel: str) -> str:
    return after_consonant if ends_in_consonant(word) else after_vowel


def _length(dice: Dice, options: Options) -> int:
    return dice.choose(range(1, 2 * options.sentences))
