"""Pictures of answers: each image with its question, what the model said, and where it looked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure, SubFigure

from datasets.base import NOT_IN_TRAIN
from zoo.runtime.figures import overlay_attention
from zoo.tasks.vqa.batches import Predictions, QuestionBatches

SHOWN = 12
PER_ROW = 4
MOST_SHOWN = 60  # answers in one picture of `zoo.predict`


def contact_sheet(labels: tuple[str, ...], predictions: Predictions, batches: QuestionBatches) -> Figure:
    """Some images with a question each, spread evenly over the split, so that many kinds of questions are there."""
    which = np.linspace(0, len(batches.answers) - 1, min(SHOWN, len(batches.answers))).round().astype(int)
    chosen = predictions["logits"].argmax(axis=1)
    panels = []
    for n in which:
        answer, id = labels[chosen[n]], batches.answers[n]
        target = "an answer that train has not" if id == NOT_IN_TRAIN else labels[id]
        verdict = answer if answer == target else f"{answer} (right: {target})"
        panels.append((batches.images[batches.of_image[n]], batches.texts[n], verdict, answer == target))
    return sheet(panels, [predictions["attention"][n] for n in which])


def sheet(panels: Sequence[tuple[np.ndarray, str, str, bool | None]], attention: list[np.ndarray]) -> Figure:
    """A panel for each question: the image, then the image under the weights of each hop.

    Args:
        panels: pixels, question, what was answered, and whether that is right (None where nobody knows).
        attention: `(hops, rows, columns)` for each panel.
    """
    hops = len(attention[0])
    per_row = max(1, min(len(panels), round(2 * PER_ROW / (1 + hops))))
    rows = -(-len(panels) // per_row)
    figure = Figure(figsize=(1.9 * per_row * (1 + hops), 2.5 * rows), layout="constrained")
    for cell, (panel, weights) in zip(
        np.ravel(figure.subfigures(rows, per_row, squeeze=False)),
        zip(panels, attention, strict=True),
        strict=False,
    ):
        _draw(cell, panel, weights)
    return figure


def _draw(cell: SubFigure, panel: tuple[np.ndarray, str, str, bool | None], weights: np.ndarray) -> None:
    pixels, question, answer, correct = panel
    colour = {True: "darkgreen", False: "firebrick", None: "black"}[correct]
    cell.suptitle(f"{_wrapped(question)}\n{_wrapped(answer)}", fontsize=9, color=colour)
    for number, axes in enumerate(cell.subplots(1, 1 + len(weights), squeeze=False)[0]):
        axes.set(xticks=[], yticks=[])
        if number:
            overlay_attention(axes, pixels, weights[number - 1])
            axes.set_xlabel(f"look {number}: {weights[number - 1].sum():.2f}", fontsize=8)
        else:
            axes.imshow(pixels)


def _wrapped(text: str, width: int = 34) -> str:
    """A text on two lines at most."""
    plain = " ".join(text.replace("$", r"\$").split())
    if len(plain) <= width:
        return plain
    cut = plain.rfind(" ", 0, width + 1)
    cut = cut if cut > 0 else width
    rest = plain[cut:].strip()
    return f"{plain[:cut]}\n{rest[: width - 1] + '…' if len(rest) > width else rest}"
