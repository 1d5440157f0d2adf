from __future__ import annotations

import math
import re

import pytest

import datasets
from datasets.base import Dataset, Split
from datasets.errors import UserError
from datasets.microworld import text as view
from datasets.microworld.world import COLOURS, SHAPES

SMALL = {"stories": 50, "valid_stories": 5, "test_stories": 200}


def load(**options: object) -> Dataset:
    return datasets.load("microworld", ("text",), {**SMALL, **options})


def stories(split: Split | None) -> list[str]:
    return [example["text"] for example in split or ()]


def test_the_same_seed_gives_the_same_stories_and_another_others() -> None:
    assert stories(load().train) == stories(load().train)
    assert stories(load().train) != stories(load(data_seed=1).train)
    data = load()
    assert not set(stories(data.train)) & set(stories(data.test))


def test_the_test_split_does_not_depend_on_the_sizes_of_others() -> None:
    assert stories(load().test) == stories(load(stories=10, valid_stories=1).test)


def nats_of(story: str, things: int, sentences: int) -> float:
    """Minus the logarithm of a story's probability, read off its words by a reader of English, who remembers."""
    opening, *told = re.findall(r"[^.]+\.", story)
    shown = re.findall(r"a (small|large) (\w+) (\w+)", opening)
    sizes = {shape: size for size, _, shape in shown}
    colours = {shape: colour for _, colour, shape in shown}
    assert len(sizes) == things
    assert set(sizes) <= set(SHAPES)
    assert story.endswith(".\n")
    choices = [3, 2 * sentences - 1]  # opening, number of sentences
    for n in range(things):
        choices += [len(SHAPES) - n, 2, len(COLOURS)]
    nats = 0.0
    for sentence in told:
        where = r"(?:above|below|to the left of|to the right of)"
        choices.append(things)  # whom it is about
        if match := re.fullmatch(r" The (\w+) is (\w+)\.", sentence):
            shape, said = match.groups()
            kind = "size" if said in ("small", "large") else "colour"
            assert said == (sizes if kind == "size" else colours)[shape]
        elif match := re.fullmatch(r" Now the (\w+) turns (\w+)\.", sentence):
            kind, (shape, colour) = "paint", match.groups()
            assert colour != colours[shape]
            colours[shape] = colour
            choices.append(len(COLOURS) - 1)
        else:
            kind = "place"
            one = re.fullmatch(rf" The (\w+) is {where} the (\w+)\.", sentence)
            other = re.fullmatch(rf" {where} the (\w+) is the (\w+)\.", sentence, re.IGNORECASE)
            match = one or other
            assert match, sentence
            shape, beside = match.groups() if one else match.groups()[::-1]
            assert shape in sizes
            assert beside != shape
            choices += [4, len(SHAPES) - 1, 2]
        nats -= math.log(view.KINDS[kind])
    return nats + sum(map(math.log, choices))


@pytest.mark.parametrize(("things", "sentences"), [(1, 6), (3, 2)])
def test_the_ceiling_is_the_probability_of_the_test_text(things: int, sentences: int) -> None:
    data = load(things=things, sentences=sentences)
    texts = stories(data.test)
    nats = sum(nats_of(text, things, sentences) for text in texts)
    expected = nats / math.log(2) / sum(map(len, texts))
    assert data.info.ceiling == {"bits_per_character": pytest.approx(expected, rel=1e-12)}


def test_both_languages_tell_the_same_stories() -> None:
    english, korean = load(), load(language="ko")
    characters = [sum(map(len, stories(data.test))) for data in (english, korean)]
    bits = [
        data.info.ceiling["bits_per_character"] * n
        for data, n in zip((english, korean), characters, strict=True)
    ]
    assert bits[0] == pytest.approx(bits[1])
    pairs = list(zip(stories(english.train), stories(korean.train), strict=True))
    assert all(one.count(".") == other.count(".") for one, other in pairs)


def test_korean_particles_fit_their_words() -> None:
    text = "".join(stories(load(language="ko", things=2).train))
    for noun, topic, subject in (
        ("원", "은", "이"),
        ("네모", "는", "가"),
        ("별", "은", "이"),
        ("하트", "는", "가"),
    ):
        after = set(re.findall(rf"{noun}(\w)", text))
        assert after == {topic, subject}


def test_the_mean_length_is_as_asked_for() -> None:
    texts = stories(load(stories=2000, sentences=4).train)
    assert sum(text.count(".") - 1 for text in texts) / len(texts) == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"stories": 0}, "--stories 0: at least 1"),
        ({"things": 7}, "--things 7: must be from 1 to 6"),
        ({"sentences": 0}, "--sentences 0"),
    ],
)
def test_wrong_options_are_told(options: dict[str, object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        load(**options)
