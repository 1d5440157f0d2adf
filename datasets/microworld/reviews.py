"""Short reviews of pictures of coloured shapes that a machine has drawn, good (1) or bad (0). Synthetic.

Four constructions, each as often good as bad:
    plain: two opinions that agree. The words alone tell.
    negation: one opinion is denied, and the other agrees with what is left ("not bad").
    contrast: one opinion is conceded, and the other decides ("although", "but").
    turn: the review begins with whether someone's taste is trusted; many words later comes that person's verdict,
        and the reviewer agrees or disagrees with it.
But for the first, every review is as likely as another one with the same words and the other label. Without their
order the words reach the ceiling of plain reviews, and chance on the rest.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from random import Random
from types import ModuleType

from datasets.base import Dataset, Example, Split
from datasets.microworld.caption_templates import LANGUAGES, describe
from datasets.microworld.generating import draw_new, info_of
from datasets.microworld.world import Scene, draw_scene
from datasets.options import check_range, check_sizes, flag, option, require

FIELDS = ("text", "label")
LABELS = ("negative", "positive")
CONSTRUCTIONS = ("plain", "negation", "contrast", "turn")
THINGS = (4, 7)  # fewest and most things in a scene
BESIDE = 7  # words of description around an opinion, on average
LONGEST_DISTANCE = 2000


@dataclass(frozen=True)
class Options:
    """What reviews to generate."""

    language: str = option("en", "language of the reviews", tuple(LANGUAGES))
    examples: int = option(5000, "reviews to train on")
    valid_examples: int = option(1000, "reviews in the dev split")
    test_examples: int = option(2000, "reviews in the test split")
    distance: int = option(10, "mean number of words between the cue of a turn and the verdict it flips")
    test_distance: int | None = option(None, "the same in the test split, where it differs")
    noise: float = option(0.05, "share of labels that are flipped in each split; the ceiling is 1 - noise")
    data_seed: int = option(0, "seed of the generated data")
    plain: float = option(1.0, "weight of reviews whose words alone tell")
    negation: float = option(1.0, "weight of reviews with a denied opinion")
    contrast: float = option(1.0, "weight of reviews with a conceded opinion")
    turn: float = option(1.0, "weight of reviews with a turn that comes many words after its cue")

    def __post_init__(self) -> None:
        """Refuse sizes, distances, shares and weights that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples"), 2)
        check_range(self, ("distance", "test_distance"), 0, LONGEST_DISTANCE)
        check_range(self, ("noise",), 0, 0.5)
        for name, weight in self.weights.items():
            require(0 <= weight < float("inf"), name, weight, "a weight is a number from 0")
        require(sum(self.weights.values()) > 0, "plain", self.plain, "one of the weights must be above 0")

    @property
    def weights(self) -> dict[str, float]:
        """How often each construction comes, in proportion to the others."""
        return {name: getattr(self, name) for name in CONSTRUCTIONS}


def load(spec: str, options: Options) -> Dataset:
    """The reviews of a seed, the same on every machine; no text comes twice.

    The test split depends neither on the sizes of the others nor on their distance.

    Raises:
        UserError: more reviews than the settings leave room for.
    """
    earlier: set[Hashable] = set()
    far = options.distance if options.test_distance is None else options.test_distance
    test = _split(options, "test", options.test_examples, far, earlier)
    valid = _split(options, "valid", options.valid_examples, options.distance, earlier)
    train = _split(options, "train", options.examples, options.distance, earlier)
    ceiling = 1 - _flipped(options, options.test_examples) / options.test_examples
    note = f"without word order {_order_agnostic(options):.3f} of the test labels can be told on average"
    info = info_of(spec, options, FIELDS, {"accuracy": ceiling}, LABELS, (note,))
    return Dataset(info, train, valid, test)


def _order_agnostic(options: Options) -> float:
    """The expected accuracy of the best model that does not see the order of words.

    Their words alone tell the labels of plain reviews; of all others it can only guess.
    """
    plain = options.plain / sum(options.weights.values())
    return (1 - options.noise) * plain + 0.5 * (1 - plain)


def _flipped(options: Options, count: int) -> int:
    return round(options.noise * count)


def _split(options: Options, name: str, count: int, distance: int, earlier: set[Hashable]) -> Split:
    """`count` reviews that are not in `earlier`, half of them good, then labels flipped; adds them to it."""
    random = Random(f"reviews {name} {options.data_seed}")
    labels = [number % 2 for number in range(count)]
    random.shuffle(labels)
    texts = [_new_review(random, options, label == 1, distance, earlier) for label in labels]
    for flipped in random.sample(range(count), _flipped(options, count)):
        labels[flipped] = 1 - labels[flipped]
    examples: list[Example] = [
        {"text": text, "label": label} for text, label in zip(texts, labels, strict=True)
    ]
    return Split(lambda: examples, count)


def _new_review(random: Random, options: Options, good: bool, distance: int, earlier: set[Hashable]) -> str:
    language, kinds, weights = LANGUAGES[options.language], *zip(*options.weights.items(), strict=True)

    def draw() -> str:
        (kind,) = random.choices(kinds, weights)
        return _review(random, language, kind, good, distance)

    return draw_new(
        draw,
        lambda text: (text,),
        earlier,
        lambda: (
            f"{flag('examples')}: these settings leave room for about {len(earlier)} different reviews; "
            f"ask for fewer, or for a longer {flag('distance')}"
        ),
    )


def _review(random: Random, language: ModuleType, kind: str, good: bool, distance: int) -> str:
    """One review of a construction."""
    scene = draw_scene(random, random.randint(*THINGS))
    before, after = random.choice(language.OPENINGS), random.choice(language.CLOSINGS)
    if kind == "turn":
        body = _turn(random, language, scene, good, distance)
    else:
        body = _opinion(random, language, scene, kind, good)
    return " ".join(part for part in (before, *body, after) if part)


def _opinion(random: Random, language: ModuleType, scene: Scene, kind: str, good: bool) -> list[str]:
    """Two opinions somewhere within a description."""
    patterns = {"plain": language.PLAIN, "negation": language.NEGATION, "contrast": language.CONTRAST}
    pattern = random.choice(patterns[kind])
    first = good if kind == "plain" else not good
    sentences = list(_description(random, language, scene, random.randint(0, 2 * BESIDE)))
    sentences.insert(random.randint(0, len(sentences)), language.opinion(random, pattern, first, good))
    return sentences


def _turn(random: Random, language: ModuleType, scene: Scene, good: bool, distance: int) -> list[str]:
    """Whether the writer trusts someone; a description of about `distance` words; that person's verdict."""
    who = random.choice(language.PEOPLE)
    trusted = random.random() < 0.5
    words = random.randint(distance // 2, distance + (distance + 1) // 2)
    return [
        language.cue(random, who, trusted),
        *_description(random, language, scene, words),
        language.verdict(random, who, good == trusted),
    ]


def _description(random: Random, language: ModuleType, scene: Scene, words: int) -> Iterator[str]:
    """Sentences on the scene with this many words in expectation.

    The sentence that goes beyond them comes with the probability with which the mean is right.
    """
    left = words
    while left > 0:
        thing, other = random.sample(scene.things, 2)
        sentence = describe(language, random, thing, other)
        length = sentence.count(" ") + 1
        if length > left and random.random() * length >= left:
            return
        left -= length
        yield sentence
