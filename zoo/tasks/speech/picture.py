"""Pictures of answers: the spectrum of a sound, and below it the probabilities of tokens at each step, or what was
attended to.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.data.log_mel import bands_of
from zoo.tasks.speech.learned import Learned

MOST_SHOWN = 6  # sounds in a picture
LEAST = 0.05  # a token that is never more probable is not drawn


@dataclass(frozen=True)
class Heard:
    """What was heard of a sound.

    Attributes:
        name: of the sound.
        samples, rate: see `datasets.formats.signals.Sound`.
        text: the answer.
        weights: of CTC the probability of each token at each step, `(steps, tokens)`, the blank first; of a decoder
            what share of attention each token gave to each step, `(tokens, steps)`.
        written: of a decoder, its tokens.
    """

    name: str
    samples: np.ndarray
    rate: int
    text: str
    weights: np.ndarray
    written: Sequence[str] | None = None


def draw(heard: Sequence[Heard], learned: Learned) -> Figure:
    """Two rows a sound, `MOST_SHOWN` at most: its spectrum, and the probabilities of its tokens, or the attention of
    each, over time.
    """
    shown = heard[:MOST_SHOWN]
    figure = Figure(figsize=(9, 4 * len(shown)), layout="constrained")
    cells = figure.subplots(2 * len(shown), 1, squeeze=False)[:, 0]
    read = bands_of(learned.spectrum)
    for n, one in enumerate(shown):
        seconds = len(one.samples) / one.rate
        bands = read(one.samples, one.rate)
        cells[2 * n].imshow(bands.T, origin="lower", aspect="auto", extent=(0, seconds, 0, bands.shape[1]))
        cells[2 * n].set_title(f"{one.name[-60:]}: {one.text[:80]}".replace("$", r"\$"), fontsize=9)
        cells[2 * n].set_ylabel("bands")
        if one.written is None:
            _draw_steps(cells[2 * n + 1], one.weights, seconds, learned.tokens.vocabulary)
        else:
            _draw_attention(cells[2 * n + 1], one.weights, seconds, one.written)
    return figure


def _draw_attention(axes: Axes, weights: np.ndarray, seconds: float, tokens: Sequence[str]) -> None:
    """A row for each token, dark where it looked."""
    extent = (0, seconds, len(tokens) - 0.5, -0.5)
    axes.imshow(weights, cmap="Greys", vmin=0, vmax=1, aspect="auto", extent=extent)
    axes.set_yticks(range(len(tokens)), [_name(token) for token in tokens], fontsize=8)
    axes.set(xlabel="seconds", ylabel="written")


def _draw_steps(axes: Axes, probabilities: np.ndarray, seconds: float, vocabulary: Sequence[str]) -> None:
    """A line for each token that is probable anywhere, with its name wherever it is the best; the blank is dotted."""
    steps = np.flatnonzero(probabilities.sum(axis=1) > 0)
    time, shown = (steps + 1) * seconds / max(len(steps), 1), probabilities[steps]
    axes.plot(time, shown[:, 0], ":", color="0.6", label="blank")
    for token in np.flatnonzero(shown[:, 1:].max(axis=0, initial=0) > LEAST) + 1:
        axes.plot(time, shown[:, token])
    for start, end in written(shown):
        best = start + int(shown[start:end].max(axis=1).argmax())
        name = _name(vocabulary[int(shown[best].argmax()) - 1])
        axes.annotate(name, (time[best], shown[best].max() + 0.03), ha="center", fontsize=8)
    axes.set(xlim=(0, seconds), ylim=(-0.02, 1.18), xlabel="seconds", ylabel="probability")


def _name(token: str) -> str:
    return token.replace(" ", "␣").replace("$", r"\$")


def written(probabilities: np.ndarray) -> list[tuple[int, int]]:
    """The first step, and the one behind the last, of each run of steps with the same best token, not the blank."""
    best = probabilities.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best)) + 1
    bounds = [0, *edges.tolist(), len(best)]
    return [(start, end) for start, end in itertools.pairwise(bounds) if start < end and best[start] > 0]
