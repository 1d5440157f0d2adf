"""Pictures of answers: what was read, and below it the probability of each class after each part of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from datasets.formats.signals import FRAMES, SOUND

MOST_ENDS = 48  # parts of a signal that are answered
MOST_SHOWN = 12  # signals in a picture
MOST_CLASSES, MOST_CHANNELS, MOST_FRAMES = 5, 12, 8


@dataclass(frozen=True)
class Course:
    """How an answer came about.

    Attributes:
        name: of the signal.
        kind: see `datasets.formats.signals`.
        values: numbers `(time, channels)`, samples `(time,)` or frames `(time, height, width, 3)`.
        ends: how many steps, samples or frames were read, `(parts,)`.
        probabilities: the answer to each part, `(parts, classes)`; the last is the one to the whole.
    """

    name: str
    kind: str
    values: np.ndarray
    ends: np.ndarray
    probabilities: np.ndarray


def ends_of(steps: int) -> np.ndarray:
    """After how many of its steps a signal is answered: evenly spaced, the last after all of them."""
    return np.unique(np.linspace(1, steps, min(steps, MOST_ENDS)).round().astype(int))


def draw(courses: Sequence[Course], labels: Sequence[str]) -> Figure:
    """A column for each signal, `MOST_SHOWN` at most: what was read above, probabilities below, on one axis of time."""
    shown = courses[:MOST_SHOWN]
    figure = Figure(figsize=(1 + 3.6 * len(shown), 4.6), layout="constrained")
    cells = figure.subplots(2, len(shown), squeeze=False, sharex="col")
    for course, above, below in zip(shown, *cells, strict=True):
        _draw_signal(above, course)
        _draw_probabilities(below, course, labels)
    return figure


def _draw_signal(axes: Axes, course: Course) -> None:
    label = course.name.replace("$", r"\$")
    axes.set_title(label if len(label) <= 40 else f"…{label[-39:]}", fontsize=9)
    if course.kind == FRAMES:
        _draw_frames(axes, course.values)
        return
    values = course.values[:, None] if course.kind == SOUND else course.values[:, :MOST_CHANNELS]
    axes.plot(np.arange(1, len(values) + 1), values, linewidth=0.5 if course.kind == SOUND else 1.0)
    axes.set_ylabel("samples" if course.kind == SOUND else "channels")


def _draw_frames(axes: Axes, frames: np.ndarray) -> None:
    """Some frames side by side, each over the time that it stands for."""
    which = np.unique(np.linspace(0, len(frames) - 1, MOST_FRAMES).round().astype(int))
    width = len(frames) / len(which)
    for place, n in enumerate(which):
        axes.imshow(frames[n], extent=(0.5 + place * width, 0.5 + (place + 1) * width, 0, 1), aspect="auto")
    axes.set(yticks=[], xlim=(0.5, len(frames) + 0.5), ylim=(0, 1))


def _draw_probabilities(axes: Axes, course: Course, labels: Sequence[str]) -> None:
    """The classes that are most probable anywhere, the answer first."""
    last, largest = course.probabilities[-1], course.probabilities.max(axis=0)
    order = np.lexsort((-largest, -last))[:MOST_CLASSES]
    for n in order:
        axes.plot(course.ends, course.probabilities[:, n], label=str(labels[n])[:30].replace("$", r"\$"))
    unit = {SOUND: "samples read", FRAMES: "frames read"}.get(course.kind, "steps read")
    axes.set(ylim=(-0.02, 1.02), xlabel=unit, ylabel="probability")
    axes.legend(fontsize=7)
