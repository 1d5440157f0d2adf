"""The picture of `experiments.hello`: the loss, the predictions at each step, and the hidden states."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.hello.exercise import Array, Exercise
from zoo.runtime.fonts import choose_fonts
from zoo.runtime.rundir import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

SHOWN_WINDOWS, SHOWN_STEPS, SHOWN_UNITS = 2, 12, 12
CORRECT = "tab:orange"


def draw_losses(axes: Axes, losses: list[float], without_memory: float) -> None:
    """The learning curve, and the least loss without memory."""
    from matplotlib.ticker import MaxNLocator

    axes.plot(losses, marker="o" if len(losses) == 1 else None)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.axhline(without_memory, color="tab:gray", linestyle="--", label="lowest without memory")
    axes.set(title="Loss", xlabel="step of gradient descent", ylabel="cross-entropy in nats", ylim=(0, None))
    axes.grid(alpha=0.3)
    axes.legend()


def draw_probabilities(
    axes: Axes, probabilities: Array, targets: Array, rows: list[int], labels: list[str]
) -> AxesImage:
    """Probability of each letter (rows) as the next one at each step (columns), the correct one framed."""
    from matplotlib.patches import Rectangle

    image = axes.imshow(probabilities[:, rows].T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    annotate(axes, probabilities[:, rows].T, image)
    for t, target in enumerate(targets):
        corner = (t - 0.5, rows.index(target) - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=CORRECT, linewidth=2.5, clip_on=False))
    axes.set_yticks(range(len(rows)), [labels[row] for row in rows])
    return image


def draw_states(axes: Axes, states: Array) -> AxesImage:
    """The hidden states (rows) at each step (columns)."""
    image = axes.imshow(states.T, cmap="RdBu_r", vmin=-1, vmax=1, aspect="auto")
    annotate(axes, states.T, image)
    units = range(states.shape[1])
    axes.set_yticks(units, [f"$h_{{{unit + 1}}}$" for unit in units])
    return image


def annotate(axes: Axes, values: Array, image: AxesImage) -> None:
    """Write each value into its cell, light on dark, where the cells are large enough."""
    if values.shape[0] > 10 or values.shape[1] > 6:
        return
    for row, column in itertools.product(*map(range, values.shape)):
        red, green, blue, _ = image.cmap(image.norm(values[row, column]))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        text = f"{values[row, column]:.2f}"
        axes.text(column, row, text, ha="center", va="center", color="white" if dark else "black", fontsize=9)


def draw(
    task: Exercise,
    losses: list[float],
    probabilities: Array,
    states: Array,
    without_memory: float,
    path: Path,
) -> dict[str, str]:
    """Draw the picture and save it, whole or not at all.

    Args:
        task: the windows; the first two are drawn, twelve steps of each, and twelve units.
        losses: one for each step of training.
        probabilities: `(windows, T, k)`.
        states: hidden states `(windows, T, d)`.
        without_memory: the least loss of a model that sees the present letter only.
        path: a .png.

    Returns:
        The letters that no installed font can draw, and what stands for them in the picture.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    families, label_of = choose_fonts(task.letters)
    labels = [label_of[letter] for letter in task.letters]
    count, steps = min(SHOWN_WINDOWS, len(task.inputs)), min(SHOWN_STEPS, task.inputs.shape[1])
    rows = sorted(
        {*task.inputs[:count, :steps].ravel().tolist(), *task.targets[:count, :steps].ravel().tolist()}
    )
    units = min(SHOWN_UNITS, states.shape[2])
    heights = [1 + max(3, len(rows)), 1 + max(3, units)]
    # All in one context until the file is written: fonts are looked up when the figure is rendered.
    with rc_context({"font.family": families}):
        figure = Figure(figsize=(4.5 + 3.8 * count, 0.33 * sum(heights) + 1.8), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=[4.5, 3.8 * count], squeeze=False)[0]
        draw_losses(left.subplots(), losses, without_memory)
        grid = right.subplots(2, count, squeeze=False, sharex="col", height_ratios=heights)
        for window, (upper, lower) in enumerate(grid.T):
            targets = task.targets[window, :steps].tolist()
            predicted = draw_probabilities(upper, probabilities[window, :steps], targets, rows, labels)
            hidden = draw_states(lower, states[window, :steps, :units])
            inputs = [labels[letter_id] for letter_id in task.inputs[window, :steps]]
            lower.set_xticks(range(steps), inputs)
            lower.set_xlabel("reads")
            upper.set_title(f"Window {window + 1}: next letter (correct one framed)", fontsize=10)
            lower.set_title("hidden state after reading", fontsize=10)
        right.colorbar(predicted, ax=list(grid[0]), label="probability")
        right.colorbar(hidden, ax=list(grid[1]), label="state")
        write_atomically(path, lambda partial: figure.savefig(partial, dpi=120))
    return {letter: label for letter, label in label_of.items() if label.startswith("U+")}
