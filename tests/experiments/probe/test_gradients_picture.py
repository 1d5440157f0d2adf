from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments.probe import gradients_picture


@pytest.mark.parametrize(("cells", "shown"), [(3, 6), (5, 10), (7, 14)])
def test_further_cells_stand_below(
    cells: int, shown: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two panels for each cell, and none that is empty."""
    figures: list[Figure] = []
    monkeypatch.setattr(gradients_picture, "save", lambda figure, _: figures.append(figure))
    rows = [
        {
            "cell": f"cell {n}", "scale": 1.0, "steps": 9, "when": when, "lag": lag,
            "norm": 1.0, "lower": 0.5, "upper": 2.0,
        }
        for n in range(cells)
        for when in ("start", "trained")
        for lag in (0, 1)
    ]  # fmt: skip
    gradients_picture.draw(pd.DataFrame(rows), tmp_path / "gradients.png")
    (figure,) = figures
    titles = [axes.get_title() for axes in figure.axes if axes.axison]
    assert len(titles) == shown
    assert {f"cell {n} at the start" for n in range(cells)} <= set(titles)
