"""The pictures of the gradients probe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.probe.pictures import color_of, save
from experiments.probe.tables import first_norm

if TYPE_CHECKING:
    import pandas as pd


#: Cells beside each other; further ones stand below.
COLUMNS = 5


def draw(frame: pd.DataFrame, path: Path) -> None:
    """A column for each cell, a row for before and after training, a line for each scale; `COLUMNS` cells in a row.

    Args:
        frame: rows of `gradients.csv` that differ in cell, scale and lag only.
        path: a .png.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    cells, scales = list(dict.fromkeys(frame["cell"])), sorted(set(frame["scale"]))
    titles = {"start": "at the start", "trained": f"after {frame['steps'].iloc[0]} steps of training"}
    columns, blocks = min(len(cells), COLUMNS), -(-len(cells) // COLUMNS)
    figure = Figure(figsize=(3.8 * columns + 1, 6.6 * blocks), layout="constrained")
    grid = figure.subplots(2 * blocks, columns, squeeze=False, sharex=True, sharey=True)
    for axes in grid[-2:, len(cells) - COLUMNS * (blocks - 1) :].flat:
        axes.set_axis_off()
    for number_of_row, (when, title) in enumerate(titles.items()):
        for axes, cell in zip(grid[number_of_row::2].flat, cells, strict=False):
            for number, scale in enumerate(scales):
                chosen = frame[(frame["cell"] == cell) & (frame["when"] == when) & (frame["scale"] == scale)]
                color = colormaps["viridis"](number / max(len(scales) - 1, 1) * 0.9)
                whole = first_norm(chosen["norm"])
                axes.plot(chosen["lag"], chosen["norm"] / whole, color=color, label=f"{scale:g}")
                quartiles = chosen["lower"] / whole, chosen["upper"] / whole
                axes.fill_between(chosen["lag"], *quartiles, color=color, alpha=0.2, linewidth=0)
            axes.set(yscale="log", title=f"{cell} {title}")
            axes.axhline(1, color="black", linewidth=0.6)
            axes.grid(alpha=0.3)
    for axes in grid[-1]:
        axes.set_xlabel("steps before the last")
    for row in grid:
        row[0].set_ylabel("gradient by that state,\nshare of that by the last state")
    grid[0][-1].legend(title="recurrent\nscale")
    save(figure, path)


def draw_clipping(frame: pd.DataFrame, path: Path) -> None:
    """Loss and norm of the gradient in plain gradient descent, with and without clipping.

    Args:
        frame: rows of `clipping.csv` that differ in cell, clip and step only.
        path: a .png.
    """
    from matplotlib.figure import Figure

    cells = list(dict.fromkeys(frame["cell"]))
    figure = Figure(figsize=(3.8 * len(cells) + 1, 6), layout="constrained")
    grid = figure.subplots(2, len(cells), squeeze=False, sharex=True, sharey="row")
    for (upper, lower), cell in zip(grid.T, cells, strict=True):
        for clip, group in frame[frame["cell"] == cell].groupby("clip"):
            style = {"color": "tab:red" if clip == 0 else color_of(cell), "alpha": 0.8, "linewidth": 1}
            style["label"] = f"clipped at {clip:g}" if clip else "not clipped"
            upper.plot(group["step"], group["loss"].rolling(10, min_periods=1).mean(), **style)
            lower.plot(group["step"], group["norm"], **style)
        upper.set(title=f"{cell}, recurrent scale {frame['scale'].iloc[0]:g}", yscale="log")
        upper.legend()
        lower.set(xlabel="step of gradient descent", yscale="log")
        upper.grid(alpha=0.3)
        lower.grid(alpha=0.3)
    grid[0][0].set_ylabel("loss, mean of ten steps")
    grid[1][0].set_ylabel("norm of the gradient")
    save(figure, path)


def draw_run(frame: pd.DataFrame, title: str, path: Path) -> None:
    """A line for each direction of the layer of a run.

    Args:
        frame: the rows of `gradients_of_run.csv`.
        title: of the picture.
        path: a .png.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 4), layout="constrained")
    axes = figure.subplots()
    for (direction,), group in frame.groupby(["direction"], sort=False):
        whole = group["norm"].iloc[0]
        axes.plot(group["lag"], group["norm"] / whole, label=direction)
        axes.fill_between(group["lag"], group["lower"] / whole, group["upper"] / whole, alpha=0.2)
    axes.set(yscale="log", title=title, xlabel="steps before the last that is read")
    axes.set_ylabel(f"gradient by that state,\nshare of that at lag {frame['lag'].min()}")
    axes.grid(alpha=0.3)
    axes.legend()
    save(figure, path)
