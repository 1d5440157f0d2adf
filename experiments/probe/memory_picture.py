"""The picture of the memory probe: sequences until solved, by length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.probe.pictures import color_of, save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def draw(frame: pd.DataFrame, published: dict[tuple[str, int], int], path: Path) -> None:
    """A panel for each problem and start of the cells; a run that failed is a triangle at its last sequence.

    Args:
        frame: the rows of `memory.csv`.
        published: sequences by problem and length, drawn as stars.
        path: a .png.
    """
    from matplotlib.figure import Figure

    names = [name for name in ("adding", "order", "copying", "counting") if name in set(frame["problem"])]
    starts = sorted(set(frame["start"]) - {"any"}, reverse=True) or ["any"]
    figure = Figure(figsize=(4.2 * len(names) + 0.6, 3.9 * len(starts)), layout="constrained")
    grid = figure.subplots(len(starts), len(names), squeeze=False, sharey=True)
    cells = list(dict.fromkeys(frame["cell"]))
    for row, start in zip(grid, starts, strict=True):
        for axes, name in zip(row, names, strict=True):
            chosen = frame[(frame["problem"] == name) & frame["start"].isin([start, "any"])]
            for number, cell in enumerate(cells):
                _draw_cell(axes, chosen[chosen["cell"] == cell], cell, number - (len(cells) - 1) / 2)
            known = {length: count for (problem, length), count in published.items() if problem == name}
            shown = [length for length in known if length in set(chosen["length"])]
            if shown:
                counts = [known[length] for length in shown]
                axes.plot(shown, counts, "*", color="black", markersize=11, label="published, LSTM")
            lengths = sorted(set(chosen["length"]))
            axes.set(xscale="log", yscale="log", title=f"{name}: {_STARTS[start]}", xlabel="T, steps")
            axes.set_xticks(lengths, [str(length) for length in lengths])
            counts = [1_000 * n for n in (2, 5, 10, 20, 50, 100, 200)]
            axes.set_yticks(counts, [f"{count:,}" for count in counts])
            axes.set_ylim(1_800, max(1.2 * frame["sequences"].max(), 100_000))
            axes.minorticks_off()
            axes.grid(alpha=0.3)
        row[0].set_ylabel("sequences until solved")
    handles = {
        label: handle
        for axes in grid.flat
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=1 + len(handles) // 2)
    save(figure, path)


_STARTS = {"chrono": "gates start open", "cell": "the cell's own start", "any": "no gate that keeps"}


def _draw_cell(axes: Axes, rows: pd.DataFrame, cell: str, offset: float) -> None:
    """The seeds of one cell, a little to the side, and a line through their medians where all were solved."""
    color = color_of(cell)
    places = rows["length"] * 1.06**offset
    solved = rows["solved"].astype(bool)
    axes.plot(places[solved], rows["sequences"][solved], "o", color=color, label=f"{cell}, solved", alpha=0.8)
    label = f"{cell}, not solved by then"
    axes.plot(places[~solved], rows["sequences"][~solved], "^", mfc="none", color=color, label=label)
    medians = [
        (length, group["sequences"].median())
        for length, group in rows.groupby("length")
        if group["solved"].all()
    ]
    axes.plot([length * 1.06**offset for length, _ in medians], [count for _, count in medians], color=color)
