"""Sentences about pictures of coloured shapes, with a part of speech for each word, or names as spans. Synthetic.

Many words have several tags, and only the words around them settle which:
    near: a neighbour tells. `the light circle` (ADJ), `a light` (NOUN), `lights the circle` (VERB).
    after: what follows tells. `the green circle the star` (NOUN VERB) and `the green circle meets the star` (ADJ NOUN).
    far: a cue many words before tells. `the machine mixes , above the star , paints .` (NOUN) and
        `the machine often , above the star , paints .` (VERB).
Invented words, of which test has many that train has not, tell their part of speech by their ending or their capital.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from random import Random

from datasets.base import Dataset, Example, Split
from datasets.microworld.generating import draw_new, info_of
from datasets.microworld.world import COLOURS, SHAPES, SIZES
from datasets.options import check_range, check_sizes, flag, option

FIELDS = ("tokens", "tags")
LONGEST_DISTANCE = 2000

Word = tuple[str, str, str]  # itself, its part of speech, its tag as part of a name

# Each is a noun and a verb: as a plural, and in the third person.
NOUN_OR_VERB = ("paint", "colour", "light", "shade", "point", "frame", "circle", "square", "cross", "star")
VERBS = ("meets", "touches", "covers", "faces", "hides", "follows")
MAKES = ("mixes", "wants", "has", "buys", "needs", "keeps")  # ask for a noun
ADVERBS = ("often", "never", "always", "sometimes", "soon", "rarely")  # ask for a verb
ADPOSITIONS = ("above", "below", "near", "beside", "behind")
CONSONANTS, VOWELS = "bdfgklmnprstvz", "aeiou"
ENDINGS = {"ADV": "ly", "ADJ": "ish", "NOUN": "ness", "VERB": "izes"}


@dataclass(frozen=True)
class Options:
    """What sentences to generate."""

    annotation: str = option(
        "parts", "what is tagged: parts of speech, or names of persons and places", ("parts", "names")
    )
    examples: int = option(2000, "sentences to train on")
    valid_examples: int = option(500, "sentences in the dev split")
    test_examples: int = option(1000, "sentences in the test split")
    distance: int = option(8, "mean number of words between a cue and the word that it settles")
    test_distance: int | None = option(None, "the same in the test split, where it differs")
    noise: float = option(0.01, "share of tags replaced by another in each split; the ceiling is 1 - noise")
    data_seed: int = option(0, "seed of the generated data")

    def __post_init__(self) -> None:
        """Refuse sizes, distances and shares that mean nothing."""
        check_sizes(self, ("examples", "valid_examples", "test_examples"), 2)
        check_range(self, ("distance", "test_distance"), 0, LONGEST_DISTANCE)
        check_range(self, ("noise",), 0, 0.5)


def load(spec: str, options: Options) -> Dataset:
    """The sentences of a seed, the same on every machine; none comes twice.

    The test split depends neither on the sizes of the others nor on their distance.

    Raises:
        UserError: more sentences than the settings leave room for.
    """
    labels = LABELS[options.annotation]
    far = options.distance if options.test_distance is None else options.test_distance
    earlier: set[Hashable] = set()
    test, flipped = _split(options, "test", options.test_examples, far, earlier)
    valid, _ = _split(options, "valid", options.valid_examples, options.distance, earlier)
    train, _ = _split(options, "train", options.examples, options.distance, earlier)
    info = info_of(spec, options, FIELDS, {"accuracy": 1 - flipped}, labels)
    return Dataset(info, train, valid, test)


PARTS = ("ADJ", "ADP", "ADV", "DET", "NOUN", "PROPN", "PUNCT", "VERB")
NAMES = ("B-LOC", "B-PER", "I-LOC", "I-PER", "O")
LABELS = {"parts": PARTS, "names": NAMES}


def _split(
    options: Options, name: str, count: int, distance: int, earlier: set[Hashable]
) -> tuple[Split, float]:
    """`count` sentences that are not in `earlier`, and the share of tags that were replaced; adds them to it."""
    random = Random(f"tagging {name} {options.data_seed}")
    labels = LABELS[options.annotation]
    column = 1 if options.annotation == "parts" else 2
    sentences = [_new_sentence(random, distance, earlier) for _ in range(count)]
    tags = [[labels.index(word[column]) for word in sentence] for sentence in sentences]
    places = [(n, k) for n, sentence in enumerate(sentences) for k in range(len(sentence))]
    flipped = random.sample(places, round(options.noise * len(places)))
    for n, k in flipped:
        tags[n][k] = random.choice([other for other in range(len(labels)) if other != tags[n][k]])
    examples: list[Example] = [
        {"tokens": tuple(word[0] for word in sentence), "tags": tuple(its_tags)}
        for sentence, its_tags in zip(sentences, tags, strict=True)
    ]
    return Split(lambda: examples, count), len(flipped) / len(places)


def _new_sentence(random: Random, distance: int, earlier: set[Hashable]) -> list[Word]:
    words = draw_new(
        lambda: list(random.choice(CONSTRUCTIONS)(random, distance)),
        lambda words: (tuple(word for word, _, _ in words),),
        earlier,
        lambda: (
            f"{flag('examples')}: these settings leave room for about {len(earlier)} different sentences; "
            "ask for fewer"
        ),
    )
    first, part, name = words[0]
    words[0] = (first[0].upper() + first[1:], part, name)
    return words


# ---- constructions: each gives the words of a sentence


def _near(random: Random, _: int) -> Iterator[Word]:
    """A neighbour settles the tag: `the light circle colours a square .`"""
    yield from _subject(random)
    if random.random() < 0.5:
        yield _word(random.choice(ADVERBS), "ADV")
    yield _word(_plural(random.choice(NOUN_OR_VERB)), "VERB")
    yield from _thing(random)
    yield from _place(random)
    yield _word(".", "PUNCT")


def _after(random: Random, _: int) -> Iterator[Word]:
    """A colour is the subject itself, or says of which kind the subject is: what follows settles it."""
    colour, shape = random.choice(COLOURS), _plural(random.choice(NOUN_OR_VERB))
    yield _word("the", "DET")
    colour_is_subject = random.random() < 0.5
    yield _word(colour, "NOUN" if colour_is_subject else "ADJ")
    yield _word(shape, "VERB" if colour_is_subject else "NOUN")
    if not colour_is_subject:
        yield _word(random.choice(VERBS), "VERB")
    yield from _thing(random)
    yield _word(".", "PUNCT")


def _far(random: Random, distance: int) -> Iterator[Word]:
    """A verb or an adverb long before settles whether the last word is a noun or a verb."""
    yield from _subject(random)
    noun = random.random() < 0.5
    yield _word(random.choice(MAKES), "VERB") if noun else _word(random.choice(ADVERBS), "ADV")
    yield _word(",", "PUNCT")
    length, wanted = 0, random.randint(distance // 2, distance + (distance + 1) // 2)
    while length == 0 or length < wanted:
        place = list(_place(random))
        length += len(place)
        yield from place
    yield _word(",", "PUNCT")
    yield _word(_plural(random.choice(NOUN_OR_VERB)), "NOUN" if noun else "VERB")
    yield _word(".", "PUNCT")


def _names(random: Random, _: int) -> Iterator[Word]:
    """The same names are persons and places: `Lomar of Tabi meets Tabi near Lomar .`"""
    yield from _name(random, "PER")
    if random.random() < 0.5:
        yield _word("of", "ADP")
        yield from _name(random, "LOC")
    yield _word(random.choice((*VERBS, _invented(random, "VERB"))), "VERB")
    yield from _name(random, "PER") if random.random() < 0.5 else _thing(random)
    yield _word(random.choice(("in", "near")), "ADP")
    yield from _name(random, "LOC")
    if random.random() < 0.5:
        yield _word(_invented(random, "ADV"), "ADV")
    yield _word(".", "PUNCT")


CONSTRUCTIONS = (_near, _after, _far, _names)


# ---- their parts


def _subject(random: Random) -> Iterator[Word]:
    if random.random() < 0.3:
        yield from _name(random, "PER")
    else:
        yield _word("the", "DET")
        yield _word(random.choice(("machine", "painter", _invented(random, "NOUN"))), "NOUN")


def _thing(random: Random) -> Iterator[Word]:
    """`the light red circle`, where light, circle and others are nouns, adjectives or verbs elsewhere."""
    yield _word(random.choice(("the", "a")), "DET")
    kind = random.random()
    if kind < 0.3:
        yield _word(random.choice((*SIZES, "light", "square", _invented(random, "ADJ"))), "ADJ")
    if kind < 0.7:
        yield _word(random.choice(COLOURS), "ADJ")
    yield _word(random.choice((*SHAPES, *NOUN_OR_VERB, _invented(random, "NOUN"))), "NOUN")


def _place(random: Random) -> Iterator[Word]:
    yield _word(random.choice(ADPOSITIONS), "ADP")
    yield from _thing(random)


def _name(random: Random, kind: str) -> Iterator[Word]:
    """A name of one or two words."""
    for n in range(random.choice((1, 1, 2))):
        yield _invented(random, "PROPN").capitalize(), "PROPN", f"{'I' if n else 'B'}-{kind}"


def _invented(random: Random, part: str) -> str:
    """A word of two syllables with the ending of its part of speech; names have none."""
    syllables = (random.choice(CONSONANTS) + random.choice(VOWELS) for _ in range(2))
    return "".join(syllables) + ENDINGS.get(part, random.choice(CONSONANTS))


def _word(text: str, part: str) -> Word:
    return text, part, "O"


def _plural(word: str) -> str:
    return word + ("es" if word.endswith("s") else "s")
