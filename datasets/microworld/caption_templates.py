"""Sentences on where one thing of a scene stands, seen from another, in each of the world's languages."""

from __future__ import annotations

from random import Random
from types import ModuleType

from datasets.microworld import english, korean
from datasets.microworld.world import Thing, relations

LANGUAGES = {"en": english, "ko": korean}


def describe(language: ModuleType, random: Random, thing: Thing, other: Thing) -> str:
    """A random one of `descriptions`."""
    where = random.choice(relations(thing, other))
    return language.described(random.choice(language.DESCRIPTIONS), where, thing, other)


def descriptions(language: ModuleType, thing: Thing, other: Thing) -> list[str]:
    """Every sentence of a language on where `thing` stands, seen from `other`; all are true."""
    places = relations(thing, other)
    return [
        language.described(pattern, where, thing, other)
        for where in places
        for pattern in language.DESCRIPTIONS
    ]
