"""The benchmark of layers as files: the whole table as CSV, what counts as Markdown, and a picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.bench.shapes import Shape
from zoo.runtime.figures import save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

#: The one whose ratios the tables show, if it takes part.
OURS = "fused"
KEY = ["cell", "batch", "steps", "features", "units", "mode"]
SHAPE = KEY[1:5]


def write(times: pd.DataFrame, surroundings: dict[str, str], folder: Path) -> str:
    """Write layers.csv, layers.md and layers.png.

    Args:
        times: the table of `experiments.bench.layers.measure`.
        surroundings: device and versions by name.
        folder: made where it is missing.

    Returns:
        The Markdown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    times.to_csv(folder / "layers.csv", index=False, float_format="%.4g")
    text = markdown(times, surroundings)
    (folder / "layers.md").write_text(text, encoding="utf-8")
    draw(times, surroundings, folder / "layers.png")
    return text


def markdown(times: pd.DataFrame, surroundings: dict[str, str]) -> str:
    """Where it ran, a summary for each cell and mode, and a row for each cell, shape and mode."""
    ours = of_ours(times)
    head = ", ".join(f"{name} {value}" for name, value in surroundings.items())
    return "\n".join(
        [
            "# The recurrent layer beside others\n",
            f"{head}. float32.\n",
            f"How many times as fast `{ours['contestant'].iloc[0]}` is: geometric mean over all shapes, and the worst "
            "of them. `of floor`: the time of the bare matrix products by its own.\n",
            summary(ours),
            "\nEach shape (batch × steps × features × units), milliseconds: median (quartiles). `first`: its first "
            "call, which compiles, in seconds. `peak`: its peak memory by Keras'.\n",
            details(times, ours),
            "",
        ]
    )


def of_ours(times: pd.DataFrame) -> pd.DataFrame:
    """The rows of our layer on its best engine, with `peak_by_keras`."""
    engine = OURS if (times["contestant"] == OURS).any() else times["contestant"].iloc[2]
    ours = times[times["contestant"] == engine]
    keras = times[times["contestant"] == "keras"][[*KEY, "peak"]]
    ours = ours.merge(keras, on=KEY, suffixes=("", "_of_keras"))
    return ours.assign(peak_by_keras=ours["peak"] / ours["peak_of_keras"])


def summary(ours: pd.DataFrame) -> str:
    """A Markdown row for each cell and mode."""
    rows = []
    for (cell, mode), group in ours.groupby(["cell", "mode"], sort=False):
        single = group[group["batch"] == 1]
        larger = group[group["batch"] > 1]
        rows.append(
            [
                str(cell),
                str(mode),
                *[_mean_and_worst(group, column) for column in ("times_keras", "times_torch")],
                _plain(geometric_mean(single["times_keras"]), "×"),
                _plain(geometric_mean(larger["times_keras"]), "×"),
                _plain(geometric_mean(group["of_floor"])),
                _plain(group["peak_by_keras"].max()),
            ]
        )
    titles = [
        "cell",
        "mode",
        "× Keras (worst)",
        "× torch (worst)",
        "× Keras, batch 1",
        "× Keras, other batches",
    ]
    titles += ["of floor", "largest peak by Keras'"]
    return _table(titles, rows)


def details(times: pd.DataFrame, ours: pd.DataFrame) -> str:
    """A Markdown row for each cell, shape and mode."""
    names = list(dict.fromkeys(times["contestant"]))
    rows = []
    for _, row in ours.iterrows():
        same = times[(times[KEY] == row[KEY]).all(axis=1)].set_index("contestant")
        rows.append(
            [
                row["cell"],
                str(Shape(*row[SHAPE])).replace("x", "×"),
                row["mode"],
                *[_milliseconds(same.loc[name]) for name in names],
                *[_plain(row[column], "×") for column in ("times_keras", "times_torch")],
                _plain(row["of_floor"]),
                _plain(row["first"] / 1000),
                _plain(row["peak_by_keras"]),
            ]
        )
    return _table(["cell", "shape", "mode", *names, "× Keras", "× torch", "of floor", "first", "peak"], rows)


def geometric_mean(values: pd.Series) -> float:
    """NaN for no values."""
    return float(np.exp(np.mean(np.log(values)))) if len(values) else float("nan")


def _mean_and_worst(group: pd.DataFrame, column: str) -> str:
    if not len(group) or group[column].isna().any():
        return "–"
    worst = group.loc[group[column].idxmin()]
    shape = str(Shape(*worst[SHAPE])).replace("x", "×")
    return f"{geometric_mean(group[column]):.2f}× ({worst[column]:.2f} at {shape})"


def _milliseconds(row: pd.Series) -> str:
    return f"{row['median']:.3g} ({row['low']:.3g}–{row['high']:.3g})"


def _plain(value: float, unit: str = "") -> str:
    return "–" if np.isnan(value) else f"{value:.2f}{unit}"


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def draw(times: pd.DataFrame, surroundings: dict[str, str], path: Path) -> None:
    """A panel for each cell and mode: how many times as fast as Keras each contestant is at each shape."""
    from matplotlib.figure import Figure

    cells, modes = (list(dict.fromkeys(times[column])) for column in ("cell", "mode"))
    figure = Figure(figsize=(5.5 * len(modes), 3 * len(cells)), layout="constrained")
    axes = figure.subplots(len(cells), len(modes), squeeze=False)
    for row, cell in zip(axes, cells, strict=True):
        for axis, mode in zip(row, modes, strict=True):
            _panel(axis, times[(times["cell"] == cell) & (times["mode"] == mode)])
            axis.set_title(f"{cell}, {mode}")
    axes[0][0].legend(fontsize=8)
    figure.supylabel("times as fast as Keras' layer")
    figure.supxlabel(f"batch × steps × features × units ({surroundings['device']})")
    save(figure, path, dpi=100)


def _panel(axis: Axes, rows: pd.DataFrame) -> None:
    for name, group in rows.groupby("contestant", sort=False):
        labels = [str(Shape(*shape)).replace("x", "×") for shape in group[SHAPE].to_numpy()]
        style = ":" if name == "products" else "-"
        axis.plot(labels, group["times_keras"], style, marker="o", markersize=4, label=name)
    axis.set_yscale("log")
    axis.axhline(1, color="grey", linewidth=0.5)
    axis.tick_params(axis="x", labelrotation=30, labelsize=7)
    axis.grid(axis="y", which="both", linewidth=0.2)
