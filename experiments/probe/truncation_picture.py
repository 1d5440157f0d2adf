"""The picture of the truncation probe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from experiments.probe.pictures import save

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def draw(frame: pd.DataFrame, costs: pd.DataFrame, path: Path) -> None:
    """Bias of the gradient, accuracy, and cost by the length of a chunk.

    Args:
        frame: rows of `truncation.csv` that differ in k and seed only.
        costs: rows of `cost.csv` that differ in k only, perhaps none.
        path: a .png.
    """
    from matplotlib.figure import Figure

    last = frame.iloc[-1]
    figure = Figure(figsize=(15 if len(costs) else 10, 5), layout="constrained")
    panels = figure.subplots(1, 3 if len(costs) else 2)
    _draw_bias(panels[0], frame)
    trained = frame[frame["when"] == "trained"]
    panels[1].plot(trained["k"], trained["accuracy"], "o", color="tab:blue", alpha=0.6, label="a seed")
    panels[1].plot(trained.groupby("k")["accuracy"].mean(), color="tab:blue", label="mean")
    panels[1].axhline(0.25, color="black", linestyle="--", linewidth=0.8, label="chance")
    panels[1].set(title=f"accuracy after {last['steps']} updates", ylabel="answers that are right")
    for axes in panels[:2]:
        axes.axvline(last["lag"], color="tab:red", linewidth=0.8, label=f"lag {last['lag']}")
    if len(costs):
        _draw_costs(panels[2], costs)
    for axes in panels:
        axes.set_xscale("log", base=2)
        axes.set_xlabel("k, steps of a chunk")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.grid(alpha=0.3)
    for axes in panels[:2]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=9)
    figure.suptitle(f"{last['cell']}: symbols of {last['lag']} steps ago, T = {last['length']}")
    save(figure, path)


def _draw_bias(axes: Axes, frame: pd.DataFrame) -> None:
    for when, color in (("start", "tab:gray"), ("trained", "tab:blue")):
        means = frame[frame["when"] == when].groupby("k")[["cosine", "distance"]].mean()
        moment = "at the start" if when == "start" else "after training with k"
        axes.plot(means["cosine"], "-o", color=color, label=f"cosine, {moment}")
        axes.plot(means["distance"], "--s", color=color, label=f"distance, {moment}", mfc="none")
    axes.set(title="truncated gradient beside the full one")


def _draw_costs(axes: Axes, costs: pd.DataFrame) -> None:
    costs = costs.sort_values("k")
    axes.plot(costs["k"], costs["megabytes"], "-o", color="tab:green")
    axes.set_ylabel("MB at the peak", color="tab:green")
    axes.set_ylim(0, None)
    right = axes.twinx()
    right.plot(costs["k"], costs["seconds"], "--s", color="tab:orange", mfc="none")
    right.set_ylabel("seconds of a gradient", color="tab:orange")
    right.set_ylim(0, None)
    first = costs.iloc[0]
    axes.set_title(f"cost at T = {first['length']}, {first['units']} units, {first['batch_size']} sequences")
