from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from experiments.report import pictures
from experiments.report.content import Picture
from experiments.report.groups import groups
from experiments.report.reading import read
from tests.experiments.report.made_up import write_grid

SCORES = {"gru": [0.8, 0.9], "lstm": [0.6, 0.7], "keras_gru": [0.8]}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Matplotlib's figures, one for each picture that is drawn."""
    drawn: list[Figure] = []

    def picture(figure: Figure, name: str, caption: str) -> Picture:
        drawn.append(figure)
        return Picture(name, "", caption)

    monkeypatch.setattr(pictures, "_picture", picture)
    return drawn


def level(axes: Axes) -> float:
    """The height of the first horizontal line."""
    return float(np.asarray(axes.lines[0].get_ydata())[0])


def test_the_overview_shows_every_seed_and_mean_of_each_group(figures: list[Figure], tmp_path: Path) -> None:
    write_grid(tmp_path, SCORES)
    write_grid(tmp_path, {"lstm": [0.5, 0.4]}, task="tagging")
    collection = read(tmp_path)
    all_groups = groups(collection)
    pictures.Drawer(collection, ["lstm", "gru", "keras_gru"]).overview(all_groups)
    (figure,) = figures
    first, second = figure.axes
    assert first.get_title(loc="left").startswith(all_groups[0].title[:20])
    dots, bars = first.collections[::2], first.collections[1::2]
    assert [np.asarray(cell.get_offsets()).tolist() for cell in dots] == [
        [[0, 0.6], [0, 0.7]],
        [[1, 0.8], [1, 0.9]],
    ]
    heights = [bar.get_segments()[0][0, 1] for bar in bars if isinstance(bar, LineCollection)]
    assert heights == pytest.approx([0.65, 0.85])
    baseline = all_groups[0].best_baseline()
    assert baseline is not None
    assert level(first) == baseline[1].value
    assert [label.get_text() for label in second.get_xticklabels()] == ["lstm"]


def test_many_cells_stand_one_below_the_other(figures: list[Figure], tmp_path: Path) -> None:
    cells = ["vanilla", "lstm", "gru", "mgu", "brc"]
    write_grid(tmp_path, {cell: [0.9 + n / 100, 0.901 + n / 100] for n, cell in enumerate(cells)})
    write_grid(tmp_path, {"gru": [0.52, 0.6]}, task="tagging")
    collection = read(tmp_path)
    drawer = pictures.Drawer(collection, cells)
    drawer.overview(groups(collection))
    first, second = figures[0].axes
    names = [label.get_text() for label in first.get_yticklabels()]
    assert set(names) == set(cells)
    assert {label.get_text() for label in second.get_yticklabels()} == {""}
    assert first.get_ylim() == second.get_ylim()
    assert first.yaxis_inverted()
    (dots,) = second.collections[::2]
    assert np.asarray(dots.get_offsets()).tolist() == [[0.52, names.index("gru")], [0.6, names.index("gru")]]
    assert to_hex(dots.get_facecolor()[0]) == drawer.colours["gru"]
    assert [text.get_text() for text in first.texts] == ["← majority 0.5000"]
    assert np.asarray(second.lines[0].get_xdata())[0] == 0.5


@pytest.mark.usefixtures("figures")
def test_one_group_needs_no_overview(tmp_path: Path) -> None:
    write_grid(tmp_path, SCORES)
    collection = read(tmp_path)
    assert pictures.Drawer(collection, ["lstm", "gru", "keras_gru"]).overview(groups(collection)) == []


def test_a_cell_has_one_colour_in_every_picture(figures: list[Figure], tmp_path: Path) -> None:
    write_grid(tmp_path, {"vanilla": [0.5, 0.6], **SCORES})
    write_grid(tmp_path, {"lstm": [0.5, 0.4], "gru": [0.7, 0.6]}, task="tagging")
    collection = read(tmp_path)
    every, fewer = groups(collection)
    drawer = pictures.Drawer(collection, every.cells)
    drawer.overview([every, fewer])
    drawer.costs(fewer, "")
    overview, costs = figures
    colours = [to_hex(dots.get_facecolor()[0]) for dots in overview.axes[1].collections[::2]]
    assert colours == [drawer.colours["lstm"], drawer.colours["gru"]]
    legend = costs.axes[-1].get_legend()
    assert legend is not None
    assert [line.get_color() for line in legend.get_lines()] == colours


def test_what_is_far_off_does_not_squeeze_the_scores(figures: list[Figure], tmp_path: Path) -> None:
    write_grid(tmp_path, {"gru": [0.9, 0.901], "lstm": [0.9, 0.902]})
    write_grid(tmp_path, {"gru": [0.52, 0.6]}, task="tagging")
    collection = read(tmp_path)
    pictures.Drawer(collection, ["lstm", "gru"]).overview(groups(collection))
    far, near = figures[0].axes
    assert [text.get_text() for text in far.texts] == ["↓ majority 0.5000", "↑ ceiling 0.9500"]
    assert far.get_ylim()[0] > 0.89
    assert not far.lines
    assert level(near) == 0.5


def test_a_level_beside_one_that_is_far_off_is_still_seen(figures: list[Figure], tmp_path: Path) -> None:
    write_grid(tmp_path, {"gru": [0.9, 0.93], "lstm": [0.91, 0.92]})
    write_grid(tmp_path, {"gru": [0.52, 0.6]}, task="tagging")
    collection = read(tmp_path)
    pictures.Drawer(collection, ["lstm", "gru"]).overview(groups(collection))
    axis = figures[0].axes[0]
    assert [text.get_text() for text in axis.texts] == ["↓ majority 0.5000"]
    low, high = axis.get_ylim()
    assert 0.7 < low < 0.9
    assert level(axis) == 0.95 < high


def test_names_are_no_mathematics(tmp_path: Path) -> None:
    write_grid(tmp_path, {"gru": [0.9, 0.901]}, dataset="a$x^$b.csv")
    write_grid(tmp_path, {"gru": [0.5, 0.6]}, task="tagging")
    collection = read(tmp_path)
    (picture,) = pictures.Drawer(collection, ["gru"]).overview(groups(collection))
    assert "a$x^$b.csv" in picture.svg
