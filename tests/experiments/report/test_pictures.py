from __future__ import annotations

import pytest
from matplotlib.colors import to_hex

from experiments.report import pictures
from experiments.report.groups import groups
from experiments.report.reading import read
from tests.experiments.report.made_up import write_grid

SCORES = {"gru": [0.8, 0.9], "lstm": [0.6, 0.7], "keras_gru": [0.8]}


@pytest.fixture
def figures(monkeypatch):
    """Matplotlib's figures in place of files."""
    monkeypatch.setattr(pictures, "_picture", lambda figure, name, caption: figure)


def test_the_overview_shows_every_seed_and_mean_of_each_group(figures, tmp_path):
    write_grid(tmp_path, SCORES)
    write_grid(tmp_path, {"lstm": [0.5, 0.4]}, task="tagging")
    found = read(tmp_path)
    made = groups(found)
    (figure,) = pictures.Drawer(found, ["lstm", "gru", "keras_gru"]).overview(made)
    first, second = figure.axes
    assert first.get_title(loc="left").startswith(made[0].title[:20])
    dots, bars = first.collections[::2], first.collections[1::2]
    assert [[tuple(dot) for dot in cell.get_offsets()] for cell in dots] == [
        [(0, 0.6), (0, 0.7)],
        [(1, 0.8), (1, 0.9)],
    ]
    assert [bar.get_segments()[0][0, 1] for bar in bars] == pytest.approx([0.65, 0.85])
    trivial = made[0].best_trivial()
    assert trivial is not None
    assert first.lines[0].get_ydata()[0] == trivial[1].value
    assert [label.get_text() for label in second.get_xticklabels()] == ["lstm"]


def test_one_group_needs_no_overview(figures, tmp_path):
    write_grid(tmp_path, SCORES)
    found = read(tmp_path)
    assert pictures.Drawer(found, ["lstm", "gru", "keras_gru"]).overview(groups(found)) == []


def test_a_cell_has_one_colour_in_every_picture(figures, tmp_path):
    write_grid(tmp_path, {"vanilla": [0.5, 0.6], **SCORES})
    write_grid(tmp_path, {"lstm": [0.5, 0.4], "gru": [0.7, 0.6]}, task="tagging")
    found = read(tmp_path)
    every, fewer = groups(found)
    drawer = pictures.Drawer(found, every.cells)
    (overview,) = drawer.overview([every, fewer])
    (costs,) = drawer.costs(fewer, "")
    colours = [to_hex(dots.get_facecolor()[0]) for dots in overview.axes[1].collections[::2]]
    assert colours == [drawer.colours["lstm"], drawer.colours["gru"]]
    legend = costs.axes[-1].get_legend()
    assert [line.get_color() for line in legend.get_lines()] == colours


def test_what_is_far_off_does_not_squeeze_the_scores(figures, tmp_path):
    write_grid(tmp_path, {"gru": [0.9, 0.901], "lstm": [0.9, 0.902]})
    write_grid(tmp_path, {"gru": [0.52, 0.6]}, task="tagging")
    found = read(tmp_path)
    far, near = pictures.Drawer(found, ["lstm", "gru"]).overview(groups(found))[0].axes
    assert [text.get_text() for text in far.texts] == ["↓ majority 0.5000", "↑ ceiling 0.9500"]
    assert far.get_ylim()[0] > 0.89
    assert not far.lines
    assert near.lines[0].get_ydata()[0] == 0.5


def test_a_level_beside_one_that_is_far_off_is_still_seen(figures, tmp_path):
    write_grid(tmp_path, {"gru": [0.9, 0.93], "lstm": [0.91, 0.92]})
    write_grid(tmp_path, {"gru": [0.52, 0.6]}, task="tagging")
    found = read(tmp_path)
    axis = pictures.Drawer(found, ["lstm", "gru"]).overview(groups(found))[0].axes[0]
    assert [text.get_text() for text in axis.texts] == ["↓ majority 0.5000"]
    low, high = axis.get_ylim()
    assert 0.7 < low < 0.9
    assert axis.lines[0].get_ydata()[0] == 0.95 < high


def test_names_are_no_mathematics(tmp_path):
    write_grid(tmp_path, {"gru": [0.9, 0.901]}, dataset="a$x^$b.csv")
    write_grid(tmp_path, {"gru": [0.5, 0.6]}, task="tagging")
    found = read(tmp_path)
    (picture,) = pictures.Drawer(found, ["gru"]).overview(groups(found))
    assert "a$x^$b.csv" in picture.svg
