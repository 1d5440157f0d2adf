"""The picture of gates over the temporal order problem: a row for each cell, a map for each of its gates and states."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.probe.gates_picture import show_map
from experiments.probe.pictures import save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from experiments.probe.order_gates_record import Looked


def draw(looked: list[Looked], path: Path) -> None:
    """Draw it; the units stand in the order of the size of their memory at the end.

    Args:
        looked: the cells.
        path: a .png.
    """
    from matplotlib.figure import Figure

    columns = max(len(seen.record.values) for seen in looked)
    size = (1 + 2.5 * columns, 0.8 + 1.75 * len(looked))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(looked), columns, squeeze=False)
    for row, seen in zip(grid, looked, strict=True):
        for axes in row[len(seen.record.values) :]:
            axes.set_axis_off()
        order = np.argsort(-np.abs(seen.record.moves[-1]), kind="stable")
        for axes, (name, values) in zip(row, seen.record.values.items(), strict=False):
            show_map(figure, axes, values[:, order], name)
            axes.set_title(name, fontsize=8)
            _mark(axes, seen.tokens)
        learned = "solved" if seen.outcome.solved else "not solved"
        row[0].set_ylabel(f"{seen.cell}\n{learned}, {seen.outcome.sequences:,}\nsequences", fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("step", fontsize=8)
    save(figure, path)


def _mark(axes: Axes, tokens: list[str]) -> None:
    """Say where the marks are."""
    places = [place for place, token in enumerate(tokens) if token in "XY"]
    axes.set_xticks(
        [0, *places, len(tokens) - 1], ["0", *(tokens[p] for p in places), str(len(tokens) - 1)], fontsize=8
    )
    axes.set_yticks([])
    for place in places:
        axes.axvline(place - 0.5, color="black", linewidth=0.5)
        axes.axvline(place + 0.5, color="black", linewidth=0.5)
