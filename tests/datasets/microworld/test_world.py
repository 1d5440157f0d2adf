from __future__ import annotations

from random import Random

from datasets.microworld.world import COLUMNS, ROWS, Thing, draw_scene, relations


def test_things_stand_apart_and_look_different() -> None:
    for seed in range(50):
        things = draw_scene(Random(seed), 7).things
        assert len({(thing.column, thing.row) for thing in things}) == 7
        assert len({(thing.shape, thing.colour) for thing in things}) == 7
        assert all(thing.column in range(COLUMNS) and thing.row in range(ROWS) for thing in things)


def test_scenes_follow_from_the_seed() -> None:
    assert draw_scene(Random(3), 5) == draw_scene(Random(3), 5) != draw_scene(Random(4), 5)


def test_relations() -> None:
    centre = Thing("star", "red", "small", 1, 1)

    def at(column: int, row: int) -> Thing:
        return Thing("circle", "blue", "large", column, row)

    assert relations(at(0, 1), centre) == ["left of"]
    assert relations(at(2, 1), centre) == ["right of"]
    assert relations(at(1, 0), centre) == ["above"]
    assert relations(at(1, 2), centre) == ["below"]
    assert relations(at(0, 3), centre) == ["left of", "below"]
