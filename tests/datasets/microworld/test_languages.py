"""Tests of `english.py` and `korean.py`: what the sentences say, and that their words alone say nothing."""

from __future__ import annotations

import re
from collections import Counter
from random import Random
from types import ModuleType

import pytest

from datasets.microworld import english, korean
from datasets.microworld.caption_templates import describe
from datasets.microworld.world import Thing

LANGUAGES = pytest.mark.parametrize("language", [english, korean], ids=["english", "korean"])
STAR = Thing("star", "red", "small", 0, 0)
CIRCLE = Thing("circle", "blue", "large", 2, 0)


def words(text: str) -> Counter[str]:
    return Counter(re.findall(r"[\w']+", text.lower()))


def fixed(language: ModuleType, pattern: str, first: str, second: str) -> str:
    """A pattern with one given adjective for each place."""
    if language is english:
        return pattern.format("colours", "shapes", x=first, y=second)
    forms = {stem: before for group in korean.ADJECTIVES for stem, before in group}
    return pattern.format("색은", "모양은", x=first, y=second, xn=forms[first], yn=forms[second])


@LANGUAGES
@pytest.mark.parametrize("kind", ["NEGATION", "CONTRAST", "PLAIN"])
def test_opinions_that_trade_places_keep_their_words(language: ModuleType, kind: str) -> None:
    one, other = ("good", "bad") if language is english else ("좋", "칙칙하")
    for pattern in getattr(language, kind):
        said, turned = fixed(language, pattern, one, other), fixed(language, pattern, other, one)
        assert said != turned
        assert words(said) == words(turned)


@LANGUAGES
def test_cues_that_turn_keep_their_words(language: ModuleType) -> None:
    for pattern in language.CUES:
        for trust, distrust in language.TRUST:
            said = [
                pattern.format(who="x", x=was, y=now) for was, now in [(trust, distrust), (distrust, trust)]
            ]
            assert said[0] != said[1]
            assert words(said[0]) == words(said[1])


@LANGUAGES
def test_opinions_take_adjectives_of_the_right_side(language: ModuleType) -> None:
    for first in (True, False):
        for second in (True, False):
            text = language.opinion(Random(0), "{x}|{y}", first, second)
            for one, good in zip(text.split("|"), (first, second), strict=True):
                group = [stem if language is english else stem[0] for stem in language.ADJECTIVES[not good]]
                assert one in group


@LANGUAGES
def test_the_cue_ends_with_what_holds_now(language: ModuleType) -> None:
    trusts = {trust for trust, _ in language.TRUST}
    for seed in range(30):
        text = language.cue(Random(seed), "who", trusted=True)
        now = [pattern for pattern in language.CUES if _tells(pattern, text, language.TRUST, trusts)]
        assert now
        assert text != language.cue(Random(seed), "who", trusted=False)


def _tells(pattern: str, text: str, pairs: tuple[tuple[str, str], ...], trusts: set[str]) -> bool:
    """Whether the text is this pattern with trust as what is now."""
    return any(pattern.format(who="who", x=was, y=now) == text and now in trusts for now, was in pairs)


@LANGUAGES
def test_verdicts(language: ModuleType) -> None:
    for good in (True, False):
        group = language.ADJECTIVES[not good]
        forms = set(group) if language is english else {form for pair in group for form in pair}
        for seed in range(30):
            text = language.verdict(Random(seed), "who", good)
            assert any(form in text for form in forms)
            assert "who" in text


@LANGUAGES
def test_nothing_is_left_unfilled(language: ModuleType) -> None:
    random = Random(0)
    for _ in range(200):
        texts = [
            describe(language, random, STAR, CIRCLE),
            language.opinion(random, random.choice([*language.PLAIN, *language.NEGATION]), True, False),
            language.cue(random, language.PEOPLE[0], True),
            language.verdict(random, language.PEOPLE[0], True),
        ]
        for text in texts:
            assert not set(text) & set("{}|")
            assert "  " not in text
            assert text.endswith(".")
