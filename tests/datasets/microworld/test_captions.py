from __future__ import annotations

import re

import pytest

import datasets
from datasets.base import Dataset
from datasets.errors import UserError
from datasets.microworld.captions import LANGUAGES
from datasets.microworld.korean import COLOURS as KOREAN_COLOURS
from datasets.microworld.korean import SHAPES as KOREAN_SHAPES
from datasets.microworld.korean import SIZES as KOREAN_SIZES
from datasets.microworld.world import COLOURS, SHAPES, Thing, relations
from tests.datasets.splits import splits_of

FIELDS = ("image", "captions")
SMALL = {"examples": 200, "valid_examples": 20, "test_examples": 50}
PLACES = {
    "en": {"left of": "left of", "right of": "right of", "above": "above", "below": "below"},
    "ko": {"left of": "왼쪽에", "right of": "오른쪽에", "above": " 위에", "below": "아래에"},
}


def load(**options: object) -> Dataset:
    return datasets.load("microworld", FIELDS, SMALL | options)


def words(thing: Thing, language: str) -> tuple[str, str]:
    """The thing by its colour and shape, and with its size."""
    names = (thing.size, thing.colour, thing.shape)
    if language == "ko":
        names = (KOREAN_SIZES[thing.size], KOREAN_COLOURS[thing.colour], KOREAN_SHAPES[thing.shape])
    return " ".join(names[1:]), " ".join(names)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_caption_is_true(language: str) -> None:
    for example in load(language=language).train:
        assert len(set(example["captions"])) == 3
        for caption in example["captions"]:
            one, other = example["image"].scene.things
            if words(one, language)[1] not in caption:  # the thing that is spoken of has its size
                one, other = other, one
            assert words(one, language)[1] in caption
            assert words(other, language)[0] in caption
            (where,) = [place for place, word in PLACES[language].items() if re.search(word, caption)]
            assert where in relations(one, other), caption


@pytest.mark.parametrize("language", ["en", "ko"])
def test_all_true_captions_are_known(language: str) -> None:
    """Of two things apart in row and column: two orders, two relations, and each pattern of the grammar."""
    for example in load(language=language, captions=10).train:
        one, other = example["image"].scene.things
        patterns = len(LANGUAGES[language].DESCRIPTIONS)
        assert len(set(example["true_captions"])) == 2 * len(relations(one, other)) * patterns
        assert set(example["captions"]) <= set(example["true_captions"])


def test_few_shapes_and_colours() -> None:
    things = [thing for e in load(shapes=2, colours=3).train for thing in e["image"].scene.things]
    assert {thing.shape for thing in things} == set(SHAPES[:2])
    assert {thing.colour for thing in things} == set(COLOURS[:3])


def test_no_scene_comes_twice_and_the_test_split_depends_on_nothing_else() -> None:
    data = load()
    scenes = [frozenset(e["image"].scene.things) for part in splits_of(data) for e in part]
    assert len(set(scenes)) == len(scenes) == 270
    tests = [splits_of(loaded)[2] for loaded in (data, load(examples=10), load(data_seed=1))]
    captions, same, others = ([example["captions"] for example in split] for split in tests)
    assert captions == same
    assert captions != others
    assert data.info.synthetic


def test_refused_settings() -> None:
    with pytest.raises(UserError, match="--captions 11: must be from 1 to 10"):
        load(captions=11)
    with pytest.raises(UserError, match="--shapes 7: must be from 2 to 6"):
        load(shapes=7)
    with pytest.raises(UserError, match="--examples 3000: with dev and test at most 2,880 pictures"):
        load(shapes=2, colours=2, examples=3000)
    with pytest.raises(UserError, match="--side 65: must be a multiple of 4"):
        load(side=65)
    with pytest.raises(UserError, match="--examples 0: at least 2"):
        load(examples=0)
