from __future__ import annotations

import pytest

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
    (figure,) = pictures.Drawer(found).overview(made, ["lstm", "gru"])
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
    assert pictures.Drawer(found).overview(groups(found), ["gru"]) == []
