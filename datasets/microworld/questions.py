"""Pictures of coloured shapes and questions about them, in English or Korean, each with its answer. Synthetic.

Seven kinds of questions, of which `--kinds` takes some (all but the last), each as frequent as any other:
    exists: `Is there a red circle?` Where there is none, something else is red, or a circle.
    colour: `What colour is the circle?`
    shape: `What shape is red?`
    count: `How many red things are there?`
    side: `Is the red circle on the left or on the right?`
    contrast: `Is there a circle but no square?` The same words in another order have the other answer.
    relation: `Is the red circle above the blue star?` So have these, and two things are to be found.
Without the picture no kind can be answered: each answer of a kind is about as likely as any other, whatever is asked.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from random import Random
from typing import Any

from datasets.base import Dataset, Split
from datasets.microworld.generating import info_of
from datasets.microworld.question_templates import KINDS, KOREAN_ANSWERS, LANGUAGES, Known, answers
from datasets.microworld.scenes import Drawing, check_side, draw_things
from datasets.microworld.world import COLOURS, SHAPES, Scene
from datasets.options import check_range, check_sizes, option, require

FIELDS = ("image", "question", "answer")
EASY = ("exists", "colour", "shape", "count", "side", "contrast")  # what one look at the picture answers
LOOKS = 3  # as many different colours and shapes are in one picture, at most
MOST_THINGS = LOOKS**2
ATTEMPTS = 1000  # draws of questions about one picture before it counts as told


@dataclass(frozen=True)
class Options:
    """What pictures to draw, and how much to ask."""

    language: str = option("en", "language of the questions", tuple(LANGUAGES))
    examples: int = option(2400, "pictures to train on")
    valid_examples: int = option(300, "pictures in the dev split")
    test_examples: int = option(500, "pictures in the test split")
    questions: int = option(6, "questions about each picture")
    kinds: tuple[str, ...] = option(EASY, f"what is asked, out of {', '.join(KINDS)}")
    things: int = option(2, "things in a picture, at most")
    test_things: int | None = option(None, "the same in the test split, where it differs")
    shapes: int = option(3, "different shapes that things have")
    colours: int = option(4, "different colours that things have")
    side: int = option(64, "pixels along the side of a picture")
    noise: float = option(0.01, "share of answers that are wrong in each split; the ceiling is 1 - noise")
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes and shares that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples"), 2)
        for kind in self.kinds:
            require(kind in KINDS, "kinds", kind, f"choose from {', '.join(KINDS)}")
        require(
            "exists" in self.kinds or len(self.kinds) > 1, "kinds", " ".join(self.kinds), "take exists too"
        )
        check_range(self, ("questions",), 1, 20)
        check_range(self, ("things", "test_things"), 1, MOST_THINGS)
        check_range(self, ("shapes",), LOOKS, len(SHAPES))
        check_range(self, ("colours",), LOOKS, len(COLOURS))
        check_side(self.side)
        check_range(self, ("noise",), 0, 0.5)

    @property
    def known(self) -> Known:
        """The shapes and colours of all pictures."""
        return Known(SHAPES[: self.shapes], COLOURS[: self.colours])


def load(spec: str, options: Options) -> Dataset:
    """The pictures of a seed, the same on every machine, with their questions; no question comes twice of a picture.

    Scenes of few things come again, with the things elsewhere in their cells and on another grey. Examples have,
    besides the fields, the `kind` of their question. The test split depends on nothing of the others.
    """
    things = options.things if options.test_things is None else options.test_things
    test = _split(options, "test", options.test_examples, things)
    valid = _split(options, "valid", options.valid_examples, options.things)
    train = _split(options, "train", options.examples, options.things)
    ceiling = {"accuracy": 1 - _wrong(options, len(test)) / len(test)}
    note = f"without the picture at most about {_without_pictures(test):.3f} of the test answers can be told"
    info = info_of(spec, options, FIELDS, ceiling, labels(options.language), (note,))
    return Dataset(info, train, valid, test)


def labels(language: str) -> tuple[str, ...]:
    """The answers in their order."""
    every = dict.fromkeys(answer for kind in KINDS for answer in answers(kind))
    return tuple(KOREAN_ANSWERS[answer] if language == "ko" else answer for answer in every)


def _wrong(options: Options, count: int) -> int:
    return round(options.noise * count)


def _split(options: Options, name: str, count: int, things: int) -> Split:
    """Different questions about `count` pictures, picture by picture, then some answers made wrong."""
    random = Random(f"questions {name} {options.data_seed}")
    examples: list[dict[str, Any]] = []
    for number in range(count):
        scene = _scene(random, options, things)
        image = Drawing(f"{name} {number}", scene, options.side)
        examples += _about(random, options, image)
    ids = {answer: id for id, answer in enumerate(labels("en"))}
    for n in random.sample(range(len(examples)), _wrong(options, len(examples))):
        kind, answer = examples[n]["kind"], examples[n]["answer"]
        examples[n]["answer"] = random.choice([ids[other] for other in answers(kind) if ids[other] != answer])
    return Split(lambda: examples, len(examples))


def _scene(random: Random, options: Options, things: int) -> Scene:
    """A scene of one thing to `things`, in few shapes and colours, so that some are alike."""
    count = random.randint(1, things)
    shapes = random.sample(options.known.shapes, min(LOOKS, max(2, count)))
    colours = random.sample(options.known.colours, min(LOOKS, max(2, count)))
    return draw_things(random, count, shapes, colours)


def _about(random: Random, options: Options, image: Drawing) -> list[dict[str, Any]]:
    """Different questions about a picture; fewer than asked for where little can be asked of it."""
    examples: dict[str, dict[str, Any]] = {}
    for _ in range(ATTEMPTS):
        if len(examples) == options.questions:
            break
        drawn = KINDS[random.choice(options.kinds)](random, image.scene, options.known)
        if drawn is not None:
            question, answer = LANGUAGES[options.language](random, drawn)
            id = labels(options.language).index(answer)
            example = {"image": image, "question": question, "answer": id, "kind": drawn.kind}
            examples.setdefault(question, example)
    return list(examples.values())


def _without_pictures(split: Split) -> float:
    """The accuracy of a guesser who sees the questions and no picture.

    Of the answers that a question leaves open it takes the one that is most frequent in the split.
    """
    counts: dict[tuple[str, int], Counter[int]] = defaultdict(Counter)
    for example in split:
        # Of the four sides a question names two, which are neighbours among the labels.
        pair = example["answer"] // 2 if example["kind"] == "side" else 0
        counts[example["kind"], pair][example["answer"]] += 1
    return sum(max(by_answer.values()) for by_answer in counts.values()) / len(split)
