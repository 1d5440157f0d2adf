"""A picture of forecasts with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zoo.tasks.forecasting.losses import levels
from zoo.tasks.forecasting.windows import Windows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = 4
BANDS = ("#d3e4f1", "#9cc4e2", "#6ba6d2")  # opaque, so that each looks as its legend; outermost first


def draw(windows: Windows, forecasts: np.ndarray, variables: tuple[str, ...]) -> Figure:
    """A `matplotlib` figure: windows, what came, what was forecast, and the intervals around it.

    Args:
        windows: of the split that was forecast.
        forecasts: `(windows, scored steps, variables, levels)`.
        variables: their names.
    """
    from matplotlib.figure import Figure

    panels = [(number, panel % len(variables)) for panel, number in enumerate(_spread(len(windows)))]
    figure = Figure(figsize=(12, 3.2 * -(-len(panels) // 2)), layout="constrained")
    grid = figure.subplots(-(-len(panels) // 2), min(2, len(panels)), squeeze=False)
    for axes, (number, variable) in zip(grid.flat, panels, strict=False):
        _draw_one(axes, windows, forecasts, number, variable, variables[variable])
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), fontsize="small")
    return figure


def _spread(count: int) -> list[int]:
    """Windows from all over the split."""
    return sorted({int(n) for n in np.linspace(0, count - 1, PANELS + 2)[1:-1]})


def _draw_one(
    axes: Axes, windows: Windows, forecasts: np.ndarray, number: int, variable: int, name: str
) -> None:
    specification, which = windows.specification, np.array([number])
    before = windows.raw(which, -specification.window, 0)[0, :, variable]
    after = windows.raw(which, 0, specification.horizon)[0, :, variable]
    steps_after = np.arange(1, specification.horizon + 1)
    scored = steps_after[-specification.scored :]
    axes.plot(np.arange(-len(before) + 1, 1), before, color="0.5", label="read")
    axes.plot(steps_after, after, color="black", label="came")
    quantiles = forecasts[number, :, variable]
    count = quantiles.shape[-1]
    marker = "o" if len(scored) == 1 else None
    axes.plot(scored, quantiles[:, count // 2], color="tab:blue", marker=marker, label="forecast")
    level = levels(count)
    for band, low in enumerate(range(0, count // 2, max(1, count // 4))):
        label = f"{level[-1 - low] - level[low]:.0%} interval"
        colour = BANDS[min(band, len(BANDS) - 1)]
        axes.fill_between(scored, quantiles[:, low], quantiles[:, -1 - low], color=colour, lw=0, label=label)
    of_series = windows.series[windows.index[number, 0]].name
    title_parts = dict.fromkeys((of_series, name, f"from {place_of(windows, number)}"))  # each once
    axes.set(title=", ".join(title_parts), xlabel="steps ahead")
    axes.grid(alpha=0.3)


def place_of(windows: Windows, number: int) -> str:
    """Where a window's first forecast stands: its time stamp, or its step."""
    series, origin = windows.index[number]
    when = windows.series[series].time
    if when is None:
        return f"step {origin}"
    return str(when[origin]).replace("T", " ").removesuffix(" 00:00:00")
