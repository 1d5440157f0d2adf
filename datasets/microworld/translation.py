"""Sentences about coloured shapes in English and in Korean, each the translation of the other. Synthetic.

A sentence has one or more clauses, each about a scene of two things. The two languages order their words differently
(`there is a small red circle above the blue star`, `파란 별 위에 작은 빨간 원이 있다`), Korean joins clauses at
their verbs (`있고`, `있지만`) where English has a word between them, and a Korean particle depends on the last sound
before it. To each sentence there is but one translation, in both directions, so a model can be right about all.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from random import Random

from datasets.base import Dataset, Example, Split
from datasets.microworld import korean
from datasets.microworld.generating import draw_new, info_of
from datasets.microworld.world import RELATIONS, Thing, draw_scene, relations
from datasets.options import check_range, check_sizes, flag, option

FIELDS = ("source", "target")
MOST_CLAUSES = 50


@dataclass(frozen=True)
class Options:
    """What sentences to generate."""

    examples: int = option(4000, "pairs to train on")
    valid_examples: int = option(300, "pairs in the dev split")
    test_examples: int = option(500, "pairs in the test split")
    clauses: int = option(2, "most clauses of a sentence")
    test_clauses: int | None = option(None, "the same in the test split, where it differs")
    reverse: bool = option(False, "translate the other way round: Korean to English")
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples"), 2)
        check_range(self, ("clauses", "test_clauses"), 1, MOST_CLAUSES)


def load(spec: str, options: Options) -> Dataset:
    """The pairs of a seed, the same on every machine; no sentence comes twice, in either language.

    The test split depends neither on the sizes of the others nor on their clauses.

    Raises:
        UserError: more sentences than the settings leave room for.
    """
    most = options.clauses if options.test_clauses is None else options.test_clauses
    earlier: set[Hashable] = set()
    test = _split(options, "test", options.test_examples, most, earlier)
    valid = _split(options, "valid", options.valid_examples, options.clauses, earlier)
    train = _split(options, "train", options.examples, options.clauses, earlier)
    direction = "Korean to English" if options.reverse else "English to Korean"
    info = info_of(spec, options, FIELDS, {"bleu": 100.0, "chrf": 100.0}, notes=(direction,))
    return Dataset(info, train, valid, test)


def _split(options: Options, name: str, count: int, most: int, earlier: set[Hashable]) -> Split:
    random = Random(f"translation {name} {options.data_seed}")
    pairs = [_new_pair(random, most, earlier) for _ in range(count)]
    source, target = (1, 0) if options.reverse else (0, 1)
    examples: list[Example] = [{"source": pair[source], "target": pair[target]} for pair in pairs]
    return Split(lambda: examples, count)


def _new_pair(random: Random, most: int, earlier: set[Hashable]) -> tuple[str, str]:
    return draw_new(
        lambda: _pair(random, random.randint(1, most)),
        lambda pair: pair,
        earlier,
        lambda: (
            f"{flag('examples')}: these settings leave room for about {len(earlier) // 2} different pairs; "
            "ask for fewer"
        ),
    )


# ---- sentences

# English; Korean with the place of its verb; the verb at the end, before `and`, before `but`. {where} is how the first
# thing stands seen from the other or, in a denial, how it does not.
SEEN = (
    ("there is {a} {where} {the_other}", "{other} {where} {a}{subject} {verb}", ("있다", "있고", "있지만")),
    ("I can see {a} {where} {the_other}", "{other} {where} {a}{subject} {verb}", ("보인다", "보이고", "보이지만")),
    ("the machine put {a} {where} {the_other}", "기계가 {other} {where} {a}{object} {verb}",
     ("두었다", "두었고", "두었지만")),
)  # fmt: skip
DENIED = (
    "{the} is not {where} {the_other}",
    "{one}{topic} {other} {where} {verb}",
    ("없다", "없고", "없지만"),
)
COMPARED = ("{the} is larger than {the_other}", "{one}{topic} {other}보다 {verb}", ("크다", "크고", "크지만"))
DONE = (
    ("the machine moved {the} next to {the_other}", "기계가 {one}{object} {other} 옆으로 {verb}",
     ("옮겼다", "옮겼고", "옮겼지만")),
    ("{the} hides {the_other}", "{one}{subject} {other}{other_object} {verb}", ("가린다", "가리고", "가리지만")),
)  # fmt: skip
JOINTS = (", and ", ", but ")
WHERE = {"left of": "to the left of", "right of": "to the right of"}


def _pair(random: Random, clauses: int) -> tuple[str, str]:
    """A sentence in both languages."""
    english, hangul = "", []
    for left in range(clauses - 1, -1, -1):
        joint = random.randrange(len(JOINTS)) if left else None
        in_english, in_korean = _clause(random, joint)
        english += in_english + ("." if joint is None else JOINTS[joint])
        hangul.append(in_korean)
    return english[0].upper() + english[1:], " ".join(hangul) + "."


def _clause(random: Random, joint: int | None) -> tuple[str, str]:
    """A clause in both languages; `joint` is the place in `JOINTS` of what follows it, None at the end."""
    thing, other = draw_scene(random, 2).things
    true = relations(thing, other)
    where = random.choice(true)
    kind = random.randrange(4)
    if kind == 0:
        english, hangul, verbs = random.choice(SEEN)
    elif kind == 1:
        english, hangul, verbs = DENIED
        where = random.choice([relation for relation in RELATIONS if relation not in true])
    elif kind == 2 and thing.size == "large" and other.size == "small":
        english, hangul, verbs = COMPARED
    else:
        english, hangul, verbs = random.choice(DONE)
    return (
        english.format(
            a=f"a {thing.size} {thing.colour} {thing.shape}",
            the=f"the {thing.colour} {thing.shape}",
            the_other=f"the {other.colour} {other.shape}",
            where=WHERE.get(where, where),
        ),
        hangul.format(
            a=f"{korean.SIZES[thing.size]} {_name(thing)}",
            one=_name(thing),
            other=_name(other),
            where=korean.PLACES[where],
            verb=verbs[0 if joint is None else joint + 1],
            topic=_particle(thing, "은", "는"),
            subject=_particle(thing, "이", "가"),
            object=_particle(thing, "을", "를"),
            other_object=_particle(other, "을", "를"),
        ),
    )


def _name(thing: Thing) -> str:
    return f"{korean.COLOURS[thing.colour]} {korean.SHAPES[thing.shape]}"


def _particle(thing: Thing, after_consonant: str, after_vowel: str) -> str:
    return after_consonant if korean.ends_in_consonant(korean.SHAPES[thing.shape]) else after_vowel
