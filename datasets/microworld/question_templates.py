"""Questions about a scene, in English and Korean: what can be asked of it, and what is true.

The question is chosen so that the question alone says little of its answer: yes is as likely as no, and every colour,
shape and side as any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from datasets.microworld.korean import COLOURS as KOREAN_COLOURS
from datasets.microworld.korean import PLACES as KOREAN_PLACES
from datasets.microworld.korean import SHAPES as KOREAN_SHAPES
from datasets.microworld.korean import ends_in_consonant
from datasets.microworld.world import COLOURS, RELATIONS, SHAPES, Scene, Thing, relations

COUNTS = ("none", "one", "two", "three")
SIDES = {"left or right": ("left", "right"), "top or bottom": ("top", "bottom")}
YES_OR_NO = ("yes", "no")


@dataclass(frozen=True)
class Question:
    """A question before it is put into words.

    Attributes:
        kind: a key of `KINDS`.
        answer: one of `answers(kind)`.
        things: what `{a}` and `{b}` of a pattern are, by colour and shape.
        names: the colours, the shapes, the relation or the pair of sides that it is about, by what it is.
    """

    kind: str
    answer: str
    things: tuple[tuple[str, str], ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """The shapes and colours that may be in a picture. Questions name no others: their answers would be known."""

    shapes: tuple[str, ...] = SHAPES
    colours: tuple[str, ...] = COLOURS


def exists(random: Random, scene: Scene, known: Known) -> Question | None:
    """Whether a thing is there.

    A thing that is not there shares its colour or its shape with one that is. None where no such thing is left.
    """
    there = {(thing.colour, thing.shape) for thing in scene.things}
    answer = random.choice(YES_OR_NO)
    if answer == "yes":
        return Question("exists", answer, (random.choice(sorted(there)),))
    colour, shape = random.choice(sorted(there))
    alike = {(colour, other) for other in known.shapes} | {(other, shape) for other in known.colours}
    if not alike - there:
        return None
    return Question("exists", answer, (random.choice(sorted(alike - there)),))


def colour(random: Random, scene: Scene, _: Known) -> Question | None:
    """The colour of the only thing of a shape."""
    thing = _only(random, scene, "shape")
    return None if thing is None else Question("colour", thing.colour, names={"shape": thing.shape})


def shape(random: Random, scene: Scene, _: Known) -> Question | None:
    """The shape of the only thing of a colour."""
    thing = _only(random, scene, "colour")
    return None if thing is None else Question("shape", thing.shape, names={"colour": thing.colour})


def count(random: Random, scene: Scene, known: Known) -> Question | None:
    """How many things have a colour or a shape."""
    place, values = random.choice((("colour", known.colours), ("shape", known.shapes)))
    counts = Counter(getattr(thing, place) for thing in scene.things)
    there = {counts[value] for value in values}
    wanted = random.choice(sorted(number for number in there if number < len(COUNTS)))
    value = random.choice([value for value in values if counts[value] == wanted])
    return Question("count", COUNTS[wanted], names={place: value})


def side(random: Random, scene: Scene, _: Known) -> Question | None:
    """In which half of the picture a thing is."""
    thing = random.choice(scene.things)
    which = random.choice(sorted(SIDES))
    position = thing.column if which == "left or right" else thing.row
    return Question("side", SIDES[which][position >= 2], (_look(thing),), {"which": which})


def contrast(random: Random, scene: Scene, known: Known) -> Question | None:
    """Whether one colour or shape is there and another is not. One of the two is there: which one, words in order tell.

    None where every shape and colour is there.
    """
    places = {
        place: ({getattr(thing, place) for thing in scene.things}, values)
        for place, values in (("colour", known.colours), ("shape", known.shapes))
    }
    open_ones = [place for place, (there, values) in places.items() if set(values) - there]
    if not open_ones:
        return None
    place = random.choice(open_ones)
    there, values = places[place]
    pair = [random.choice(sorted(there)), random.choice(sorted(set(values) - there))]
    answer = random.choice(YES_OR_NO)
    one, other = pair if answer == "yes" else pair[::-1]
    return Question("contrast", answer, names={"place": place, "one": one, "other": other})


def relation(random: Random, scene: Scene, _: Known) -> Question | None:
    """Whether a thing is left of, right of, above or below another."""
    if len(scene.things) < 2:
        return None
    answer = random.choice(YES_OR_NO)
    thing, other = random.sample(scene.things, 2)
    true = relations(thing, other)
    if answer == "no":
        true = [opposite for opposite, turned in OPPOSITES.items() if turned in true]
    return Question("relation", answer, (_look(thing), _look(other)), {"where": random.choice(true)})


OPPOSITES = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
assert set(OPPOSITES) == set(RELATIONS)
#: What can be asked, by kind; None where a scene has no answer to it.
KINDS: dict[str, Callable[[Random, Scene, Known], Question | None]] = {
    "exists": exists, "colour": colour, "shape": shape, "count": count, "side": side, "contrast": contrast,
    "relation": relation,
}  # fmt: skip


def answers(kind: str) -> tuple[str, ...]:
    """Every answer that a kind of question can have."""
    sides = tuple(side for pair in SIDES.values() for side in pair)
    return {"colour": COLOURS, "shape": SHAPES, "count": COUNTS, "side": sides}.get(kind, YES_OR_NO)


def _only(random: Random, scene: Scene, place: str) -> Thing | None:
    """A thing that shares its shape or colour with no other."""
    counts = Counter(getattr(thing, place) for thing in scene.things)
    alone = [thing for thing in scene.things if counts[getattr(thing, place)] == 1]
    return random.choice(alone) if alone else None


def _look(thing: Thing) -> tuple[str, str]:
    return thing.colour, thing.shape


# ---- words

ENGLISH = {
    "exists": ("Is there a {a}?", "Can you see a {a}?", "Does the picture show a {a}?"),
    "colour": ("What colour is the {shape}?", "Which colour does the {shape} have?"),
    "shape": ("What shape is {colour}?", "Which shape does the {colour} thing have?"),
    "count colour": ("How many {colour} things are there?", "How many things are {colour}?"),
    "count shape": ("How many {shape}s are there?", "How many things are {shape}s?"),
    "left or right": ("Is the {a} on the left or on the right?", "On which side is the {a}, left or right?"),
    "top or bottom": ("Is the {a} at the top or at the bottom?", "Where is the {a}, top or bottom?"),
    "contrast shape": ("Is there a {one} but no {other}?", "Can you see a {one} and no {other}?"),
    "contrast colour": (
        "Is anything {one} but nothing {other}?",
        "Is something {one} there and nothing {other}?",
    ),
    "relation": ("Is the {a} {where} the {b}?", "Does the {a} stand {where} the {b}?"),
}
ENGLISH_PLACES = {"left of": "to the left of", "right of": "to the right of"}
KOREAN = {
    "exists": ("{a}{이} 있나요?", "그림에 {a}{이} 보이나요?", "그림에 {a}{이} 있습니까?"),
    "colour": ("{shape}{은} 무슨 색인가요?", "{shape}의 색은 무엇인가요?"),
    "shape": ("{colour} 도형은 무엇인가요?", "{colour} 도형은 무슨 모양인가요?"),
    "count colour": ("{colour} 도형은 몇 개인가요?", "{colour} 도형이 몇 개 있나요?"),
    "count shape": ("{shape}{은} 몇 개인가요?", "{shape}{이} 몇 개 있나요?"),
    "left or right": ("{a}{은} 왼쪽에 있나요, 오른쪽에 있나요?", "{a}{은} 왼쪽과 오른쪽 중 어디에 있나요?"),
    "top or bottom": ("{a}{은} 위쪽에 있나요, 아래쪽에 있나요?", "{a}{은} 위쪽과 아래쪽 중 어디에 있나요?"),
    "contrast shape": ("{one} 있고 {other} 없나요?", "{other} 없고 {one} 있나요?"),
    "contrast colour": ("{one} 것 있고 {other} 것 없나요?", "{other} 것 없고 {one} 것 있나요?"),
    "relation": ("{a}{은} {b} {where} 있나요?", "{b} {where} {a}{이} 있나요?"),
}
KOREAN_ANSWERS = {
    "yes": "네", "no": "아니요", "none": "없음", "one": "하나", "two": "둘", "three": "셋",
    "left": "왼쪽", "right": "오른쪽", "top": "위쪽", "bottom": "아래쪽",
    **{english: f"{korean}색" for english, korean in KOREAN_COLOURS.items()},
    **KOREAN_SHAPES,
}  # fmt: skip


def in_english(random: Random, question: Question) -> tuple[str, str]:
    """Question and answer in words."""
    places = {**question.names, **_named([" ".join(thing) for thing in question.things])}
    if "where" in places:
        places["where"] = ENGLISH_PLACES.get(places["where"], places["where"])
    return random.choice(ENGLISH[_pattern(question)]).format(**places), question.answer


def in_korean(random: Random, question: Question) -> tuple[str, str]:
    """Question and answer in words; particles follow the last sound of the thing or shape that they mark."""
    things = [f"{KOREAN_COLOURS[colour]} {KOREAN_SHAPES[shape]}" for colour, shape in question.things]
    words = KOREAN_COLOURS | KOREAN_SHAPES | KOREAN_PLACES
    places = {place: words.get(name, name) for place, name in question.names.items()} | _named(things)
    marked = places.get("a") or places.get("shape")
    if marked:
        closed = ends_in_consonant(marked)
        places |= {"이": "이" if closed else "가", "은": "은" if closed else "는"}
    return random.choice(KOREAN[_pattern(question)]).format(**places), KOREAN_ANSWERS[question.answer]


def _named(things: list[str]) -> dict[str, str]:
    """The first thing as `a`, the second as `b`."""
    return dict(zip("ab", things, strict=False))


def _pattern(question: Question) -> str:
    """The key of the patterns for a question."""
    if question.kind == "count":
        return f"count {next(iter(question.names))}"
    if question.kind == "contrast":
        return f"contrast {question.names['place']}"
    return str(question.names["which"]) if question.kind == "side" else question.kind


LANGUAGES = {"en": in_english, "ko": in_korean}
