from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.patches import Rectangle

from zoo.runtime.figures import save
from zoo.tasks.translation.pictures import MOST_MAPS, attention_maps, by_length, shown

ONE: dict[str, Any] = {
    "source_tokens": np.array([b"\xe2\x96\x81Ein", "▁남자".encode(), b"", b""]),
    "tokens": np.array([b"\xe2\x96\x81A", b"", b"", b""]),
    "attention": np.arange(16.0).reshape(4, 4) / 16,
    "cut": False,
}


def test_what_is_padding_is_not_shown():
    read, written, weights = shown(ONE)
    assert (read, written) == (["▁Ein", "▁남자", "·"], ["▁A", "·"])
    np.testing.assert_array_equal(weights, ONE["attention"][:2, :3])


def test_a_translation_that_was_cut_has_no_end():
    for tokens in ([b"a", b"b", b"c", b"d"], [b"a", b"b", b"", b""]):  # alone, and beside a longer one
        _, written, weights = shown({**ONE, "tokens": np.array(tokens), "cut": True})
        assert written == [token.decode() for token in tokens if token]
        assert weights.shape == (len(written), 3)


def test_a_map_a_sentence(tmp_path):
    figure = attention_maps([ONE] * 9)
    maps = [axes for axes in figure.axes if axes.get_visible()]
    assert len(maps) == MOST_MAPS
    assert [label.get_text() for label in maps[0].get_xticklabels()] == ["▁Ein", "▁남자", "·"]
    np.testing.assert_array_equal(maps[0].images[0].get_array(), ONE["attention"][:2, :3])
    save(figure, tmp_path / "maps.png")
    assert (tmp_path / "maps.png").read_bytes().startswith(b"\x89PNG")


def test_bars_by_length():
    rows = [
        {"low": 1, "high": 4, "examples": 9, "bleu": 40.0},
        {"low": 5, "high": 9, "examples": 8, "bleu": 30.0},
    ]
    axes = by_length(rows).axes[0]
    bars = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    assert [bar.get_height() for bar in bars] == [40, 30]
