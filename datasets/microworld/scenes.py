"""Scenes as small pictures: each thing in its cell of the grid, a little off its centre, on grey. Synthetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import TYPE_CHECKING

from datasets.microworld.world import COLUMNS, ROWS, SIZES, Scene, Thing
from datasets.options import require

if TYPE_CHECKING:
    import numpy as np

#: Red, green and blue of each colour.
RGB = {
    "red": (214, 40, 40), "blue": (40, 70, 220), "green": (30, 150, 60),
    "yellow": (245, 215, 50), "black": (15, 15, 15), "white": (250, 250, 250),
}  # fmt: skip
BACKGROUND = 150
SHADES = 12  # how much lighter or darker a background may be
RADIUS = {"small": 0.34, "large": 0.48}  # as a share of the cell's side
FINE = 4  # points a pixel, along each side, that decide how much of it a shape covers
SMALLEST, LARGEST = 32, 256  # pixels along the side of a picture


def check_side(side: int) -> None:
    """Refuse an option `side` that cannot be the pixels along the side of a picture; raises UserError."""
    fits = SMALLEST <= side <= LARGEST and side % COLUMNS == 0
    require(fits, "side", side, f"must be a multiple of {COLUMNS} from {SMALLEST} to {LARGEST}")


@dataclass(frozen=True)
class Drawing:
    """A picture of a scene, drawn when it is read. See `datasets.formats.images.Image`."""

    name: str
    scene: Scene
    side: int

    def read(self) -> np.ndarray:
        """Pixels `(side, side, 3)` uint8; the same at each call, for they follow from the scene and the name."""
        return draw(self.scene, self.side, Random(self.name))


def draw(scene: Scene, side: int, random: Random) -> np.ndarray:
    """Pixels `(side, side, 3)` uint8 of a scene; `random` shades the background and moves things in their cells."""
    import numpy as np

    pixels = np.full((side, side, 3), BACKGROUND + random.randint(-SHADES, SHADES), np.float32)
    cell = side // COLUMNS
    for thing in scene.things:
        cover = covered(thing.shape, thing.size, cell)
        free = cell - len(cover)
        top = thing.row * cell + random.randint(0, free)
        left = thing.column * cell + random.randint(0, free)
        beneath = pixels[top : top + len(cover), left : left + len(cover)]
        beneath += cover[:, :, None] * (np.array(RGB[thing.colour], np.float32) - beneath)
    return np.rint(pixels).astype(np.uint8)


@cache
def covered(shape: str, size: str, cell: int) -> np.ndarray:
    """How much of each pixel a shape covers, from 0 to 1: the smallest square array that holds it."""
    import numpy as np

    radius = RADIUS[size] * cell
    across = min(cell, 2 * int(np.ceil(radius)))
    points = (np.arange(across * FINE) + 0.5) / FINE - across / 2
    x, y = np.meshgrid(points / radius, points / radius)
    inside = _inside(shape, x, y).astype(np.float32)
    return inside.reshape(across, FINE, across, FINE).mean(axis=(1, 3))


def _inside(shape: str, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Whether points are in a shape of radius 1; y points down."""
    import numpy as np

    if shape == "circle":
        return x**2 + y**2 < 1
    if shape == "square":
        return np.maximum(abs(x), abs(y)) < 0.85
    if shape == "triangle":
        return (y < 0.85) & (abs(x) < (y + 0.95) / 1.8)
    if shape == "cross":
        return (np.minimum(abs(x), abs(y)) < 0.3) & (np.maximum(abs(x), abs(y)) < 1)
    if shape == "heart":
        u, v = 1.2 * x, 0.15 - 1.25 * y
        return (u**2 + v**2 - 1) ** 3 < u**2 * v**3
    return _in_star(x, y)


def _in_star(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A star of five points, one of them up: between two points the edge runs straight to an inner corner."""
    import numpy as np

    inner, turn = 0.42, np.pi / 5
    angle = np.abs((np.arctan2(x, -y) + turn) % (2 * turn) - turn)  # from the nearest point, 0 to 36 degrees
    radius = np.hypot(x, y)
    across, along = radius * np.sin(angle), radius * np.cos(angle)
    corner_across, corner_along = inner * np.sin(turn), inner * np.cos(turn)
    return across * (1 - corner_along) < corner_across * (1 - along)


def draw_things(random: Random, count: int, shapes: Sequence[str], colours: Sequence[str]) -> Scene:
    """A random scene of `count` things of these shapes and colours; the fewer these are, the more things are alike.

    Raises:
        ValueError: more things than there are looks or cells.
    """
    looks = random.sample([(shape, colour) for shape in shapes for colour in colours], count)
    cells = random.sample(range(COLUMNS * ROWS), count)
    return Scene(
        tuple(
            Thing(shape, colour, random.choice(SIZES), cell % COLUMNS, cell // COLUMNS)
            for (shape, colour), cell in zip(looks, cells, strict=True)
        )
    )
