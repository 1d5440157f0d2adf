from __future__ import annotations

import numpy as np
import pytest

from tests.zoo.generation.test_tokens import ragged
from tests.zoo.tasks.captioning.toy import examples
from zoo.tasks.captioning.batches import CaptionBatches
from zoo.tasks.captioning.pictures import MOST_MAPS, SHOWN, attention_maps, contact_sheet

RIGHT, WRONG, UNKNOWN = "darkgreen", "firebrick", "black"


def batches(count: int, true: bool, pixels: bool = True) -> CaptionBatches:
    table = np.full((count, 4, 4, 3), 200, np.uint8) if pixels else np.zeros((count, 5), np.float32)
    rows = examples(count, true=true)
    return CaptionBatches.of(rows, table, ragged(*[[5]] * count), np.arange(count), 4)


@pytest.mark.parametrize(("true", "wrong"), [(True, WRONG), (False, UNKNOWN)])
def test_a_panel_an_image_with_its_captions(true, wrong):
    shown = batches(2, true)
    captions = ["red and blue", "costs $5 and $6"]
    figure = contact_sheet(captions, shown)
    first, second = figure.axes[:2]
    assert (first.get_title(), second.get_title()) == ("red and blue", r"costs \$5 and \$6")
    assert (first.title.get_color(), second.title.get_color()) == (RIGHT, wrong)
    assert first.get_xlabel() == "red and blue\nblue right of red"
    assert first.axison  # else the captions below it would be hidden
    np.testing.assert_array_equal(first.images[0].get_array(), shown.images[0])
    figure.canvas.draw()


def test_features_are_shown_by_name_and_many_are_thinned_out():
    shown = batches(30, true=False, pixels=False)
    figure = contact_sheet(["x"] * 30, shown)
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert len(panels) == SHOWN
    assert [axes.texts[0].get_text() for axes in (panels[0], panels[-1])] == ["p0", "p29"]


def found(pixels: bool = True, **parts):
    return {
        "pixels": np.full((6, 8, 3), 200, np.uint8) if pixels else None,
        "tokens": np.array([b"\xe2\x96\x81A", "▁별".encode(), b"", b""]),
        "attention": np.arange(4 * 6.0).reshape(4, 2, 3) / 24,
    } | parts


def test_a_map_a_token():
    figure = attention_maps([found()] * 9)
    panels = [axes for axes in figure.axes if axes.axison]
    assert len(panels) == MOST_MAPS * 4  # the image, two tokens, the end
    assert [axes.get_title() for axes in panels[:4]] == ["", "A", "별", "·"]
    alpha = panels[2].images[1].get_alpha()
    assert alpha is not None
    np.testing.assert_allclose(alpha, 0.85 * (1 - np.arange(6, 12).reshape(2, 3) / 11))
    figure.canvas.draw()


def test_a_map_of_features_and_of_a_caption_that_was_cut():
    figure = attention_maps([found(pixels=False, tokens=np.array([b"a", b"b", b"c", b"d"]))])
    panels = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in panels] == ["a", "b", "c", "d"]
    drawn = panels[1].images[0].get_array()
    assert drawn is not None
    np.testing.assert_allclose(drawn, np.arange(6, 12).reshape(2, 3) / 11)
    figure.canvas.draw()


def test_capitals_and_points_do_not_make_a_caption_wrong() -> None:
    figure = contact_sheet(["Red and blue.", "red and green"], batches(2, true=False))
    assert [axes.title.get_color() for axes in figure.axes[:2]] == [RIGHT, UNKNOWN]
