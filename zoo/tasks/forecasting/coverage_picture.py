"""A picture of how often intervals cover, by step ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("tab:blue", "tab:orange", "tab:green", "tab:red", "tab:purple")


def draw_coverage(covered: Mapping[float, np.ndarray], first: int) -> Figure:
    """A `matplotlib` figure: a line for each interval, and a dashed one where it should be.

    Args:
        covered: shares `(steps,)` by what each interval is said to cover.
        first: the first scored step, counted from 1.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    chosen = [*covered][:: -(-len(covered) // len(COLOURS))]  # the widest, and others evenly
    for colour, nominal in zip(COLOURS, chosen, strict=False):
        shares = covered[nominal]
        steps = np.arange(first, first + len(shares))
        marker = "o" if len(shares) == 1 else None
        axes.plot(steps, shares, color=colour, marker=marker, label=f"{nominal:.0%} interval")
        axes.axhline(nominal, color=colour, linestyle="dashed", lw=1)
    axes.set(ylim=(0, 1), xlabel="steps ahead", ylabel="share of values inside (dashed: as it should be)")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right", fontsize="small")
    return figure
