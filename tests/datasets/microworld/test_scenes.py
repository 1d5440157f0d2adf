from __future__ import annotations

from random import Random

import numpy as np
import pytest

from datasets.microworld.scenes import BACKGROUND, RGB, SHADES, Drawing, covered, draw, draw_things
from datasets.microworld.world import COLOURS, SHAPES, SIZES, Scene, Thing


def one(
    shape: str = "square", colour: str = "red", size: str = "large", column: int = 1, row: int = 2
) -> Scene:
    return Scene((Thing(shape, colour, size, column, row),))


def coloured(pixels: np.ndarray, colour: str) -> np.ndarray:
    """Where a picture has just this colour."""
    return (pixels == RGB[colour]).all(axis=2)


def test_a_thing_is_in_its_cell_and_nothing_else_is_anywhere() -> None:
    for column in range(4):
        for row in range(4):
            pixels = draw(one(column=column, row=row), 48, Random(0))
            rows, columns = np.nonzero(coloured(pixels, "red"))
            assert len(rows) > 20
            assert {*(rows // 12)} == {row}
            assert {*(columns // 12)} == {column}
            others = np.delete(
                pixels.reshape(4, 12, 4, 12, 3).transpose(0, 2, 1, 3, 4).reshape(16, -1), row * 4 + column, 0
            )
            assert len(np.unique(others)) == 1
            assert abs(int(others[0, 0]) - BACKGROUND) <= SHADES


@pytest.mark.parametrize("colour", COLOURS)
def test_colours_are_seen(colour: str) -> None:
    assert coloured(draw(one(colour=colour), 64, Random(1)), colour).any()


@pytest.mark.parametrize("cell", [8, 12, 16])
def test_shapes_and_sizes_look_different(cell: int) -> None:
    sprites = [np.pad(covered(shape, size, cell), 8)[:32, :32] for shape in SHAPES for size in SIZES]
    for n, sprite in enumerate(sprites):
        assert sprite.min() >= 0
        assert 0.9 < sprite.max() <= 1
        for other in sprites[n + 1 :]:
            assert sprite.shape != other.shape or np.abs(sprite - other).sum() > 0.02 * cell**2
    for shape in SHAPES:
        assert covered(shape, "large", cell).sum() > 1.4 * covered(shape, "small", cell).sum()


def test_shapes_stand_upright() -> None:
    triangle, heart = covered("triangle", "large", 16), covered("heart", "large", 16)
    assert triangle[:8].sum() < triangle[8:].sum()
    assert heart[:8].sum() > heart[8:].sum()
    for shape in SHAPES:
        sprite = covered(shape, "large", 16)
        np.testing.assert_array_equal(sprite, sprite[:, ::-1])


def test_a_drawing_is_the_same_each_time_and_another_by_another_name() -> None:
    scene = draw_things(Random(0), 3, SHAPES, COLOURS)
    drawing = Drawing("train 3", scene, 48)
    np.testing.assert_array_equal(drawing.read(), Drawing("train 3", scene, 48).read())
    assert (drawing.read() != Drawing("train 4", scene, 48).read()).any()
    assert drawing.read().dtype == np.uint8
    assert drawing.read().shape == (48, 48, 3)


def test_scenes_keep_to_the_shapes_and_colours_given() -> None:
    for seed in range(30):
        things = draw_things(Random(seed), 5, SHAPES[:3], COLOURS[2:4]).things
        assert len({(thing.shape, thing.colour) for thing in things}) == 5
        assert len({(thing.column, thing.row) for thing in things}) == 5
        assert {thing.shape for thing in things} <= set(SHAPES[:3])
        assert {thing.colour for thing in things} <= set(COLOURS[2:4])
