"""Pictures of captions: images with what was written of them, and where each word looked."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from zoo.runtime.figures import overlay_attention, shares
from zoo.tasks.captioning.batches import CaptionBatches
from zoo.tasks.captioning.scores import plain

SHOWN = 12
PER_ROW = 4
MOST_MAPS = 4  # images in one picture of `zoo.predict`
REFERENCES = 2
WIDE = 40  # characters of a line


def contact_sheet(captions: list[str], batches: CaptionBatches) -> Figure:
    """Some images, spread evenly over the split, with their caption and two that people gave; green where it is right.

    Images of which there are only features stand there by name.
    """
    which = np.linspace(0, len(captions) - 1, min(SHOWN, len(captions))).round().astype(int)
    rows = -(-len(which) // PER_ROW)
    has_images = batches.given.dtype == np.uint8
    figure = Figure(figsize=(3.6 * PER_ROW, (3.9 if has_images else 1.9) * rows), layout="constrained")
    cells = figure.subplots(rows, PER_ROW, squeeze=False).flat
    for axes, n in zip(cells, which, strict=False):
        _panel(axes, captions[n], batches, int(n), has_images)
    for axes in cells:
        axes.set_axis_off()
    return figure


def _panel(axes: Axes, caption: str, batches: CaptionBatches, n: int, has_images: bool) -> None:
    axes.set(xticks=[], yticks=[])
    if has_images:
        axes.imshow(batches.given[n])
    else:
        axes.text(0.5, 0.5, batches.names[n], ha="center", va="center", fontsize=8, transform=axes.transAxes)
    right = map(plain, batches.true[n] if batches.true else batches.references[n])
    colour = "darkgreen" if plain(caption) in right else "firebrick" if batches.true else "black"
    axes.set_title(_wrapped(caption), fontsize=9, color=colour)
    axes.set_xlabel(
        "\n".join(_wrapped(reference) for reference in batches.references[n][:REFERENCES]),
        fontsize=8,
        color="0.4",
    )


def attention_maps(captioned: list[dict[str, Any]]) -> Figure:
    """For each of the first few images a row: the image, then a panel a token, light where it looked.

    Args:
        captioned: of each image `pixels` (None where there are only features), `tokens`, and `attention`
            `(steps, rows, columns)`.
    """
    captioned = captioned[:MOST_MAPS]
    words = [_written(image["tokens"]) for image in captioned]
    columns = 1 + max(map(len, words), default=0)
    figure = Figure(figsize=(1.2 * columns, 1.5 * len(captioned)), layout="constrained")
    grid = figure.subplots(len(captioned), columns, squeeze=False)
    for line, image, tokens in zip(grid, captioned, words, strict=True):
        for number, axes in enumerate(line):
            axes.set(xticks=[], yticks=[])
            if number > len(tokens):
                axes.set_axis_off()
            elif number:
                _map(axes, image["pixels"], image["attention"][number - 1])
                axes.set_title(_literal(tokens[number - 1]), fontsize=9)
            elif image["pixels"] is not None:
                axes.imshow(image["pixels"])
            else:
                axes.set_axis_off()
    return figure


def _written(tokens: np.ndarray) -> list[str]:
    """The tokens as text, the end as `·`."""
    texts = [token.decode() for token in tokens]
    length = next((n for n, text in enumerate(texts) if not text), len(texts))
    return [text.replace("▁", "") for text in texts[:length]] + ["·"] * (length < len(texts))


def _map(axes: Axes, pixels: np.ndarray | None, weights: np.ndarray) -> None:
    if pixels is None:
        axes.imshow(shares(weights), cmap="gray", vmin=0, vmax=1)
    else:
        overlay_attention(axes, pixels, weights)


def _literal(text: str) -> str:
    return text.replace("$", r"\$")


def _wrapped(text: str) -> str:
    """On lines of a readable length."""
    return _literal("\n".join(textwrap.wrap(" ".join(text.split()), WIDE)[:3]))
