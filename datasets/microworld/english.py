"""The world in English: names of things, sentences that describe a scene, and what reviewers say.

Every pattern of an opinion keeps its words when the two opinions in it trade places, so that the words of a review
without their order say nothing of its polarity.
"""

from __future__ import annotations

from random import Random

from datasets.microworld.world import Thing

# (good, bad): what one may say of a picture or of a part of it.
ADJECTIVES = (
    ("good", "lovely", "charming", "beautiful", "wonderful", "delightful", "pleasant", "graceful"),
    ("bad", "dull", "clumsy", "ugly", "awful", "boring", "dreadful", "careless"),
)
ASPECTS = ("colours", "shapes", "lines", "edges", "proportions", "corners", "contrasts", "details")
PEOPLE = ("friend", "sister", "brother", "teacher", "neighbour", "cousin", "uncle", "aunt")

DESCRIPTIONS = (
    "There is {a} {where} {the_other}.",
    "I can see {a} {where} {the_other}.",
    "The machine put {a} {where} {the_other}.",
    "{A} sits {where} {the_other}.",
    "Somewhere {where} {the_other} stands {a}.",
    "It has drawn {a} {where} {the_other}.",
)
OPENINGS = (
    "",
    "Another picture by the machine.",
    "I looked at this one for a while.",
    "A new picture today.",
)
CLOSINGS = ("", "That is all.", "So much for this picture.", "I will see what it draws next.")

# {0} and {1} are parts of the picture, {x} is said of the first and {y} of the second.
PLAIN = (
    "The {0} are {x} and the {1} are {y}.",
    "The {0} are {x}. The {1} are {y} too.",
    "I find the {0} {x} and the {1} {y}.",
)
# The part that is said to be `not {x}` is as good or bad as the one that is {y}.
NEGATION = (
    "The {0} are not {x} and the {1} are {y}.",
    "The {1} are {y} and the {0} are not {x}.",
    "I would not call the {0} {x}. I would call the {1} {y}.",
    "I would call the {1} {y}. I would not call the {0} {x}.",
    "Nobody will find the {0} {x}. Everybody will find the {1} {y}.",
    "Everybody will find the {1} {y}. Nobody will find the {0} {x}.",
)
# What is conceded is {x}; what counts in the end is {y}.
CONTRAST = (
    "The {0} are {x}, but the {1} are {y}.",
    "Although the {0} are {x}, the {1} are {y}.",
    "The {1} are {y}, although the {0} are {x}.",
    "The {0} are {x}. Still, the {1} are {y}.",
    "Granted, the {0} are {x}. All in all the {1} are {y}.",
    "All in all the {1} are {y}. Granted, the {0} are {x}.",
)
# (trust, distrust), in a form that fits both places of each pattern: {x} is what was, {y} what is.
TRUST = (("trust", "doubt"), ("admire", "mistrust"), ("share", "reject"))
CUES = (
    "I used to {x} my {who}'s taste, but now I {y} it.",
    "Once I would {x} my {who}'s taste, these days I {y} it.",
    "I no longer {x} my {who}'s taste, I {y} it.",
    "Now I {y} my {who}'s taste, which I used to {x}.",
)
VERDICTS = (
    "My {who} calls this picture {adjective}.",
    "My {who} finds it {adjective}.",
    "It is {adjective}, says my {who}.",
    "This picture looks {adjective} to my {who}.",
)


def described(pattern: str, where: str, thing: Thing, other: Thing) -> str:
    """One of `DESCRIPTIONS`: where one thing stands, seen from another."""
    look = f"{thing.size} {thing.colour} {thing.shape}"
    where = {"left of": "to the left of", "right of": "to the right of"}.get(where, where)
    return pattern.format(
        a=f"a {look}", A=f"A {look}", where=where, the_other=f"the {other.colour} {other.shape}"
    )


def opinion(random: Random, pattern: str, first: bool, second: bool) -> str:
    """A pattern on two parts of the picture with a good (True) or bad adjective for each."""
    one, other = random.sample(ASPECTS, 2)
    x, y = random.choice(ADJECTIVES[not first]), random.choice(ADJECTIVES[not second])
    return pattern.format(one, other, x=x, y=y)


def cue(random: Random, who: str, trusted: bool) -> str:
    """Whether someone's verdicts are to be trusted, which was the other way round before."""
    trust, distrust = random.choice(TRUST)
    was, now = (distrust, trust) if trusted else (trust, distrust)
    return random.choice(CUES).format(who=who, x=was, y=now)


def verdict(random: Random, who: str, good: bool) -> str:
    """What someone says of the picture."""
    return random.choice(VERDICTS).format(who=who, adjective=random.choice(ADJECTIVES[not good]))
