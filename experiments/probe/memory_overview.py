"""What the memory probe found of many cells, on one page: a line for each cell and start, a column for each problem."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.probe.pictures import save
from experiments.probe.tables import markdown
from zoo.cli.cells import in_order

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: From so many cells on a map shows more than lines do.
MANY = 5


class Overview(NamedTuple):
    """Medians over the seeds.

    Attributes:
        lines: cell and start, "lstm (chrono)".
        columns: problem and length, "order 100".
        sequences: until solved, `(lines, columns)`; NaN where not half of the seeds solved it.
        shares: "2 of 3" seeds solved it; empty where none was tried.
    """

    lines: list[str]
    columns: list[str]
    sequences: np.ndarray
    shares: np.ndarray


def overview(frame: pd.DataFrame) -> Overview:
    """Median sequences until solved, a failed seed counting as one that never solves it.

    Args:
        frame: rows of `memory.csv` that differ in problem, length, cell, start and seed only.
    """
    problems = list(dict.fromkeys(frame["problem"]))
    columns = sorted(
        set(zip(frame["problem"], frame["length"], strict=True)), key=lambda c: (problems.index(c[0]), c[1])
    )
    lines = [
        (cell, start)
        for cell in in_order(set(frame["cell"]))
        for start in ("any", "cell", "chrono")
        if ((frame["cell"] == cell) & (frame["start"] == start)).any()
    ]
    sequences, shares = (
        np.full((len(lines), len(columns)), np.nan),
        np.full((len(lines), len(columns)), "", object),
    )
    for (problem, length, cell, start), group in frame.groupby(["problem", "length", "cell", "start"]):
        place = lines.index((cell, start)), columns.index((problem, length))
        median = group["sequences"].where(group["solved"].astype(bool), np.inf).median()
        sequences[place] = median if np.isfinite(median) else np.nan
        shares[place] = f"{int(group['solved'].sum())} of {len(group)}"
    return Overview(
        [cell + (" (chrono)" if start == "chrono" else "") for cell, start in lines],
        [f"{problem} {length}" for problem, length in columns],
        sequences,
        shares,
    )


def table(frame: pd.DataFrame) -> str:
    """The overview as a Markdown table: sequences until solved, and how many seeds solved it where not all did."""
    seen = overview(frame)
    rows = [
        [line, *(_entry(count, share) for count, share in zip(counts, shares, strict=True))]
        for line, counts, shares in zip(seen.lines, seen.sequences, seen.shares, strict=True)
    ]
    return markdown(["cell", *seen.columns], rows)


def _entry(count: float, share: str) -> str:
    """ "13,520", "44,460 (2 of 3)", "–" where no seed solved it, and nothing where none was tried."""
    if not share:
        return ""
    solved, _, of = share.partition(" of ")
    if solved == "0":
        return "–"
    whole = f"{count:,.0f}" if np.isfinite(count) else ""
    return whole if solved == of else f"{whole} ({share})".strip()


def draw(frame: pd.DataFrame, path: Path) -> None:
    """A map: a row for each cell and start, a column for each problem and length, dark where few sequences are enough.

    Args:
        frame: rows of `memory.csv` that differ in problem, length, cell, start and seed only.
        path: a .png.
    """
    from matplotlib import colormaps
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    seen = overview(frame)
    figure = Figure(
        figsize=(2.6 + 0.95 * len(seen.columns), 1.6 + 0.3 * len(seen.lines)), layout="constrained"
    )
    axes = figure.subplots()
    colors = colormaps["viridis"].with_extremes(bad="0.88")
    least, most = 2_000, max(frame["budget"].max(), 50_000)
    image = axes.imshow(seen.sequences, cmap=colors, norm=LogNorm(least, most), aspect="auto")
    axes.set_xticks(range(len(seen.columns)), [column.replace(" ", "\nT = ") for column in seen.columns])
    axes.set_yticks(range(len(seen.lines)), seen.lines)
    axes.xaxis.tick_top()
    _write_entries(axes, seen)
    bar = figure.colorbar(image, ax=axes, label="sequences until solved, median of the seeds")
    bar.minorticks_off()
    bar.set_ticks(
        [2_000, 5_000, 10_000, 20_000, 50_000], labels=["2,000", "5,000", "10,000", "20,000", "50,000"]
    )
    save(figure, path)


def _write_entries(axes: Axes, seen: Overview) -> None:
    """The numbers in their fields, in a colour that can be read there."""
    for (row, column), share in np.ndenumerate(seen.shares):
        count = seen.sequences[row, column]
        color = "white" if np.isfinite(count) and count < 12_000 else "black"
        text = _entry(float(count), share).replace(" (", "\n(")
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=6.5)
