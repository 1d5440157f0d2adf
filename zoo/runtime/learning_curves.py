"""The picture of a run's learning curves."""

from __future__ import annotations

import math
from collections.abc import Collection
from pathlib import Path

from zoo.runtime.figures import save

#: Where the largest dev score is so many times the smallest, the axis is logarithmic.
WIDE_SPREAD = 20
#: More curves than these have their legend beside the panel.
MANY = 4


def draw_history(history: list[dict[str, float]], path: Path, headline: Collection[str] = ()) -> None:
    """Learning curves: loss, dev metrics, and the norm of the gradient before clipping.

    Args:
        history: a row for each epoch.
        path: of the picture.
        headline: the dev metrics that are drawn; empty for all.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in history]
    scores = [name for name in history[0] if name.startswith("dev_") and name != "dev_loss"]
    shown = [name for name in scores if name.removeprefix("dev_") in headline] or scores
    panels = [
        ("loss", ["loss", "dev_loss"]),
        ("dev scores", shown),
        ("norm of the gradient", ["gradient_norm"]),
    ]
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    for axes, (title, names) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        names = [name for name in names if any(math.isfinite(row.get(name, math.nan)) for row in history)]
        for name in names:
            axes.plot(epochs, [row[name] for row in history], marker="o", label=name.replace("_", " "))
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        place = {"loc": "upper left", "bbox_to_anchor": (1, 1)} if len(names) > MANY else {}
        axes.legend(**place)
        if title == "dev scores" and _spread([row[name] for row in history for name in names]) > WIDE_SPREAD:
            axes.set_yscale("log")
    save(figure, path)


def _spread(values: list[float]) -> float:
    """The largest value divided by the smallest; 0 for shares and for values that are not positive.

    What is no number does not count.
    """
    values = [value for value in values if math.isfinite(value)]
    return max(values) / min(values) if values and min(values) > 0 and max(values) > 1 else 0.0
