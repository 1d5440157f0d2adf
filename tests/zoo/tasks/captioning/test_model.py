from __future__ import annotations

import numpy as np
import pytest

from zoo.config import RecurrentOptions
from zoo.factory import recurrent_factory
from zoo.tasks.captioning.model import attends, build, grid_of, spread_of
from zoo.tasks.captioning.task import Options

SHAPES = {"pixels": (17, 24, 3), "vector": (5,), "grid": (2, 3, 5)}


def make(kind: str, **options):
    shape = SHAPES[kind]
    spread = None if kind == "pixels" else ([0.5] * shape[-1], [4.0] * shape[-1])
    recurrent = recurrent_factory(RecurrentOptions(cell="gru", units=4, engine="loop"))
    settings = Options(**{"channels": (4, 6), "embedding": 4, **options})
    return build(shape, spread, 9, recurrent, settings)


def some(kind: str, images: int = 3) -> np.ndarray:
    draw = np.random.default_rng(0)
    shape = (images, *SHAPES[kind])
    return draw.integers(0, 256, shape, np.uint8) if kind == "pixels" else draw.normal(size=shape).astype("f")


@pytest.mark.parametrize(
    ("kind", "memory", "grid"),
    [("pixels", (5 * 6, 4), (5, 6)), ("vector", (1, 5), None), ("grid", (6, 4), (2, 3))],
)
def test_the_encoder_gives_a_memory_and_a_start(kind, memory, grid):
    model = make(kind)
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    found, start = encoder(some(kind))
    assert found.shape == (3, *memory)
    assert start.shape == (3, 4)
    assert (decoder.attention is None) == (grid is None)
    if grid:
        assert grid_of(encoder) == grid


@pytest.mark.parametrize("kind", SHAPES)
def test_each_caption_is_predicted_from_its_own_image(kind):
    model, images = make(kind), some(kind)
    caption = np.array([[2, 5, 6, 3], [2, 5, 6, 3], [2, 5, 6, 3]], np.int32)
    rows = np.array([2, 0, 2], np.int32)
    found = model({"images": images, "image": rows, "caption": caption})["token_nll"].numpy()
    assert found.shape == (3, 3)
    np.testing.assert_allclose(found[0], found[2], rtol=1e-5)
    assert np.abs(found[0] - found[1]).max() > 1e-4
    alone = model({"images": images[2:], "image": np.array([0], np.int32), "caption": caption[:1]})
    np.testing.assert_allclose(alone["token_nll"][0], found[0], rtol=1e-4)


def test_what_is_attended_to_tells_of_the_whole_image():
    """One place changes: all places of the memory change with it, by the start."""
    encoder = make("grid").get_layer("encoder")
    images = some("grid", 1)
    other = images.copy()
    other[:, 0, 0] += 1
    (before, start), (after, moved) = encoder(images), encoder(other)
    np.testing.assert_allclose((after - before)[0, 1:], np.tile(moved - start, (5, 1)), atol=1e-5)
    assert np.abs(moved - start).max() > 1e-4


def test_features_are_brought_to_unit_size():
    features = np.random.default_rng(0).normal([3, -2, 7], [10, 0.1, 0], (500, 4, 4, 3)).astype(np.float32)
    mean, variance = spread_of(features)
    np.testing.assert_allclose(mean, [3, -2, 7], atol=0.3)
    np.testing.assert_allclose(variance[0], 100, rtol=0.05)
    assert variance[1] == variance[2] == pytest.approx(0.05**2 * 100 / 3, rel=0.1)
    assert spread_of(np.zeros((3, 2)))[1] == [0.05**2, 0.05**2]


def test_a_vector_has_no_parts():
    assert not attends((5,), Options())
    assert attends((2, 3, 5), Options())
    assert not attends((2, 3, 5), Options(attention="none"))
