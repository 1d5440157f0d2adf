"""The pictures of the importance probe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.probe.pictures import save
from zoo.tasks.forecasting.picture import place_of
from zoo.tasks.forecasting.pieces import splitter

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.axes import Axes

    from zoo.tasks.forecasting.windows import Windows

COLOURS = {
    "steps": "tab:gray", "variable": "tab:blue", "past covariate": "tab:green", "future covariate": "tab:orange",
    "calendar": "tab:purple",
}  # fmt: skip
PANELS = 4
MOST_BARS = 30  # exchanged parts that are drawn


def draw(frame: pd.DataFrame, title: str, path: Path) -> None:
    """By how much the error grows: a bar for each block of steps, and one for each exchanged part, largest on top.

    Args:
        frame: see `experiments.probe.importance.measure`.
        title: of the picture.
        path: a .png.
    """
    from matplotlib.figure import Figure

    steps = frame[frame["kind"] == "steps"].iloc[::-1]
    columns = frame[~frame["kind"].isin(["all", "steps"])].sort_values("more", kind="stable")[-MOST_BARS:]
    figure = Figure(figsize=(11, max(3.6, 0.26 * len(columns) + 1.4)), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.bar(steps["part"], 100 * steps["more"], color=COLOURS["steps"])
    left.tick_params(axis="x", rotation=60)
    left.set(
        xlabel="hidden steps before the first forecast", ylabel=f"more {frame['metric'].iloc[0]}, per cent"
    )
    places = range(len(columns))
    right.barh(
        places,
        100 * columns["more"],
        xerr=100 * columns["spread"] / frame["error"].iloc[0],
        color=[COLOURS[kind] for kind in columns["kind"]],
    )
    right.set_yticks(places, columns["part"])
    right.set(xlabel=f"more {frame['metric'].iloc[0]} where it is exchanged, per cent")
    kinds = dict.fromkeys(reversed(columns["kind"].tolist()))
    right.legend(
        handles=[right.bar(0, 0, color=COLOURS[kind], label=kind) for kind in kinds], loc="lower right"
    )
    for axes in (left, right):
        axes.axhline(0, color="black", lw=0.6) if axes is left else axes.axvline(0, color="black", lw=0.6)
        axes.grid(alpha=0.3)
    figure.suptitle(title)
    save(figure, path)


def draw_pieces(windows: Windows, model: keras.Model, variables: tuple[str, ...], path: Path) -> None:
    """Windows from all over the split: what was read, what came, and the forecast as the sum of its pieces.

    Args:
        windows: of a split.
        model: that forecasts them.
        variables: their names.
        path: a .png.
    """
    from matplotlib.figure import Figure

    which = np.unique(np.linspace(0, len(windows) - 1, PANELS + 2)[1:-1].astype(int))
    inputs = windows.inputs(which)
    pieces = {
        name: np.asarray(values) for name, values in splitter(model, windows.specification)(inputs).items()
    }
    figure = Figure(figsize=(12, 3.2 * -(-len(which) // 2)), layout="constrained")
    grid = figure.subplots(-(-len(which) // 2), min(2, len(which)), squeeze=False)
    for n, (axes, number) in enumerate(zip(grid.flat, which, strict=False)):
        variable = n % len(variables)
        of_window = {name: values[n, :, variable] for name, values in pieces.items()}
        _draw_window(axes, windows, int(number), variable, of_window)
        axes.set(title=f"{variables[variable]}, {place_of(windows, int(number))}", xlabel="steps ahead")
    for axes in grid.flat[len(which) :]:
        axes.set_visible(False)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize="small")
    save(figure, path)


def _draw_window(
    axes: Axes, windows: Windows, number: int, variable: int, pieces: dict[str, np.ndarray]
) -> None:
    specification, which = windows.specification, np.array([number])
    before = windows.raw(which, -specification.window, 0)[0, :, variable]
    after = windows.raw(which, 0, specification.horizon)[0, :, variable]
    axes.plot(np.arange(-len(before) + 1, 1), before, color="0.5", label="read")
    axes.plot(np.arange(1, specification.horizon + 1), after, color="black", label="came")
    scored = np.arange(1, specification.horizon + 1)[-specification.scored :]
    marker = "o" if len(scored) == 1 else None
    total = pieces["base"]
    axes.plot(scored, total, color="tab:orange", ls="--", marker=marker, label="base")
    for name, colour in (("correction", "#9cc4e2"), ("calendar", "#cdb5e0")):
        if name in pieces:
            axes.fill_between(scored, total, total + pieces[name], color=colour, lw=0, label=name)
            total = total + pieces[name]
    axes.plot(scored, total, color="tab:blue", marker=marker, label="forecast")
    axes.grid(alpha=0.3)
