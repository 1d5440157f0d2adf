"""Pictures of coloured shapes with several captions each, in English or Korean. Synthetic.

In each picture two things are spoken of in several ways: `There is a small red circle above the blue star.`, `The
machine put a large blue star below the red circle.` Everything that a caption says is true, and can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from random import Random

from datasets.base import Dataset, Example, Split
from datasets.errors import UserError
from datasets.microworld.caption_templates import LANGUAGES, describe, descriptions
from datasets.microworld.generating import ATTEMPTS, info_of
from datasets.microworld.scenes import Drawing, check_side, draw_things
from datasets.microworld.world import COLOURS, COLUMNS, ROWS, SHAPES, SIZES, Scene
from datasets.options import check_range, check_sizes, flag, option, require

FIELDS = ("image", "captions")
#: Share of all scenes that may be drawn: no scene comes twice, and the last ones would be long to find.
SPARE = 0.5


@dataclass(frozen=True)
class Options:
    """What pictures to draw, and what to say of them."""

    language: str = option("en", "language of the captions", tuple(LANGUAGES))
    examples: int = option(10_000, "pictures to train on")
    valid_examples: int = option(300, "pictures in the dev split")
    test_examples: int = option(500, "pictures in the test split")
    captions: int = option(3, "different captions of each picture")
    shapes: int = option(3, "different shapes that things have")
    colours: int = option(4, "different colours that things have")
    side: int = option(32, "pixels along the side of a picture")
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples"), 2)
        check_range(self, ("shapes",), 2, len(SHAPES))
        check_range(self, ("colours",), 2, len(COLOURS))
        check_range(self, ("captions",), 1, 10)
        check_side(self.side)
        wanted = self.examples + self.valid_examples + self.test_examples
        most_scenes = int(self.scenes * SPARE)
        reason = (
            f"with dev and test at most {most_scenes:,} pictures of so few shapes and colours differ enough"
        )
        require(wanted <= most_scenes, "examples", self.examples, reason)

    @property
    def scenes(self) -> int:
        """How many scenes of two things there are."""
        cells = COLUMNS * ROWS
        return comb(self.shapes * self.colours, 2) * cells * (cells - 1) * len(SIZES) ** 2


def load(spec: str, options: Options) -> Dataset:
    """The pictures of a seed, the same on every machine, with their captions; no scene comes twice.

    The test split depends on nothing of the others.

    Raises:
        UserError: more captions than the grammar has.
    """
    earlier: set[frozenset[object]] = set()
    test = _split(options, "test", options.test_examples, earlier)
    valid = _split(options, "valid", options.valid_examples, earlier)
    train = _split(options, "train", options.examples, earlier)
    info = info_of(spec, options, FIELDS, {"true": 1.0}, unit="images")
    return Dataset(info, train, valid, test)


def _split(options: Options, name: str, count: int, earlier: set[frozenset[object]]) -> Split:
    """`count` pictures of scenes that are not in `earlier`; adds them to it."""
    random = Random(f"captions {name} {options.data_seed}")
    examples: list[Example] = []
    while len(examples) < count:
        scene = draw_things(random, 2, SHAPES[: options.shapes], COLOURS[: options.colours])
        if frozenset(scene.things) not in earlier:
            earlier.add(frozenset(scene.things))
            image = Drawing(f"{name} {len(examples)}", scene, options.side)
            examples.append(
                {
                    "image": image,
                    "captions": captions(random, scene, options),
                    "true_captions": true_captions(scene, options.language),
                }
            )
    return Split(lambda: examples, count)


def captions(random: Random, scene: Scene, options: Options) -> tuple[str, ...]:
    """Different sentences on where one of the two things stands, seen from the other."""
    sentences: dict[str, None] = {}
    for _ in range(ATTEMPTS):
        thing, other = random.sample(scene.things, 2)
        sentences[describe(LANGUAGES[options.language], random, thing, other)] = None
        if len(sentences) == options.captions:
            return tuple(sentences)
    raise UserError(
        f"{flag('captions')} {options.captions}: the grammar has only {len(sentences)} for a picture"
    )


def true_captions(scene: Scene, language: str) -> tuple[str, ...]:
    """All that the grammar may say of a scene of two things; every sentence of it is true."""
    words = LANGUAGES[language]
    thing, other = scene.things
    return (*descriptions(words, thing, other), *descriptions(words, other, thing))
