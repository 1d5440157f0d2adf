"""What is said of two things is true, and all of it can be told."""

from __future__ import annotations

from random import Random

from datasets.microworld import english, korean
from datasets.microworld.caption_templates import LANGUAGES, describe, descriptions
from datasets.microworld.world import Thing

STAR = Thing("star", "red", "small", 0, 0)
CIRCLE = Thing("circle", "blue", "large", 2, 0)


def test_descriptions_are_true() -> None:
    for seed in range(30):
        text = describe(english, Random(seed), STAR, CIRCLE)
        assert "small red star" in text
        assert "to the left of the blue circle" in text
        text = describe(korean, Random(seed), CIRCLE, STAR)
        assert "큰 파란 원" in text
        assert "빨간 별 오른쪽에" in text


def test_korean_particles_follow_the_last_sound() -> None:
    assert [word for word in korean.SHAPES.values() if korean.ends_in_consonant(word)] == ["원", "별"]
    texts = " ".join(describe(korean, Random(seed), CIRCLE, STAR) for seed in range(60))
    assert "원이 " in texts
    assert "원을 " in texts
    assert "원가" not in texts
    texts = " ".join(
        describe(korean, Random(seed), Thing("square", "red", "small", 1, 1), STAR) for seed in range(60)
    )
    assert "네모가 " in texts
    assert "네모를 " in texts
    assert "네모이" not in texts


def test_all_descriptions_are_all_that_is_ever_said() -> None:
    below = Thing("circle", "blue", "large", 2, 1)
    for language in LANGUAGES.values():
        told = descriptions(language, STAR, below)
        said = {describe(language, Random(seed), STAR, below) for seed in range(300)}
        assert said == set(told)
        assert len(told) == len(set(told))
