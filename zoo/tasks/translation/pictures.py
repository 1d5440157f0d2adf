"""Pictures of translations: what was attended to, and quality by length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_MAPS = 6


def attention_maps(translated: list[dict[str, Any]]) -> Figure:
    """A `matplotlib` figure with a map for each of the first few sentences: a row a token written, a column one read.

    Args:
        translated: of each sentence `source_tokens`, and `tokens`, `attention` and `cut` of its best candidate.
    """
    from matplotlib.figure import Figure

    translated = translated[:MOST_MAPS]
    columns = min(2, len(translated))
    rows = -(-len(translated) // columns)
    figure = Figure(figsize=(7 * columns, 6 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, sentence in zip(grid.flat, translated, strict=False):
        _map(axes, *shown(sentence))
    for axes in grid.flat[len(translated) :]:
        axes.set_visible(False)
    return figure


def shown(sentence: dict[str, Any]) -> tuple[list[str], list[str], np.ndarray]:
    """The tokens read and written, their ends as `·` (a sentence that was cut has none), and the weights between them,
    `(written, read)`."""
    read, written = ([token.decode() for token in sentence[name]] for name in ("source_tokens", "tokens"))
    read = [*read[: _length(read)], "·"]
    written = [*written[: _length(written)], *([] if sentence["cut"] else ["·"])]
    return read, written, np.asarray(sentence["attention"])[: len(written), : len(read)]


def _length(tokens: list[str]) -> int:
    return next((n for n, token in enumerate(tokens) if not token), len(tokens))


def _map(axes: Axes, read: list[str], written: list[str], weights: np.ndarray) -> None:
    axes.imshow(weights, cmap="Greys", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(read)), read, rotation=60, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(written)), written)
    axes.set(xlabel="read", ylabel="written")


def by_length(rows: list[dict[str, Any]]) -> Figure:
    """A `matplotlib` figure: BLEU of each bucket of source lengths (see `zoo.tasks.by_length`)."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3.6), layout="constrained")
    axes = figure.subplots()
    names = [f"{row['low']}–{row['high']}\n({row['examples']:,})" for row in rows]
    bars = axes.bar(names, [row["bleu"] for row in rows], color="0.6")
    axes.bar_label(bars, fmt="%.1f")
    axes.set(xlabel="words of the source (sentences)", ylabel="BLEU", ylim=(0, 105))
    return figure
