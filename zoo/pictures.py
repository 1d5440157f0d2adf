"""Pictures of a run."""

from __future__ import annotations

from pathlib import Path

from zoo.rundir import write_atomically


def draw_history(history: list[dict[str, float]], path: Path) -> None:
    """Learning curves: loss, dev metrics, and the norm of the gradient before clipping."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    epochs = [row["epoch"] for row in history]
    scores = [n for n in history[0] if n.startswith("dev_") and n != "dev_loss"]
    panels = [
        ("loss", ["loss", "dev_loss"]),
        ("dev scores", scores),
        ("norm of the gradient", ["gradient_norm"]),
    ]
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    for axes, (title, names) in zip(figure.subplots(1, len(panels)), panels, strict=True):
        for name in names:
            if name in history[0]:
                axes.plot(epochs, [row[name] for row in history], marker="o", label=name.replace("_", " "))
        axes.set(title=title, xlabel="epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.legend()
    write_atomically(path, lambda temporary: figure.savefig(temporary, dpi=120))
