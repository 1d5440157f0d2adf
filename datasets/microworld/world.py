"""The world itself: scenes of coloured shapes on a grid, which every view tells in its own way."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

SHAPES = ("circle", "square", "triangle", "star", "heart", "cross")
COLOURS = ("red", "blue", "green", "yellow", "black", "white")
SIZES = ("small", "large")
COLUMNS, ROWS = 4, 4
RELATIONS = ("left of", "right of", "above", "below")


@dataclass(frozen=True)
class Thing:
    """A shape in its cell of the grid: `column` counts from the left, `row` from the top, both from 0."""

    shape: str
    colour: str
    size: str
    column: int
    row: int


@dataclass(frozen=True)
class Scene:
    """Things in different cells; no two have both shape and colour in common, so these two name a thing."""

    things: tuple[Thing, ...]


def draw_scene(random: Random, count: int) -> Scene:
    """A random scene of `count` things, at most one for each cell of the grid."""
    cells = random.sample(range(COLUMNS * ROWS), count)
    looks = random.sample(range(len(SHAPES) * len(COLOURS)), count)
    things = []
    for cell, look in zip(cells, looks, strict=True):
        shape, colour = SHAPES[look % len(SHAPES)], COLOURS[look // len(SHAPES)]
        things.append(Thing(shape, colour, random.choice(SIZES), cell % COLUMNS, cell // COLUMNS))
    return Scene(tuple(things))


def relations(thing: Thing, other: Thing) -> list[str]:
    """Where `thing` stands, seen from `other`: one or two of `RELATIONS`, all that are true."""
    true = []
    if thing.column != other.column:
        true.append("left of" if thing.column < other.column else "right of")
    if thing.row != other.row:
        true.append("above" if thing.row < other.row else "below")
    return true
