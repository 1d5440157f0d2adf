"""What the probes' pictures share: a colour for each cell, files that are whole, and letters that a font can draw."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.cli.cells import published_cells
from zoo.runtime import figures
from zoo.runtime.rundir import make_folder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Of the published cells, in their order, and of all others.
PUBLISHED, OTHERS = (
    ("tab:gray", "tab:blue", "tab:orange"),
    ("tab:green", "tab:red", "tab:purple", "tab:brown"),
)


def color_of(cell: str) -> str:
    """The same colour for a cell in every picture."""
    colors = dict(zip(published_cells(), PUBLISHED, strict=False))
    return colors.get(cell) or OTHERS[sum(cell.encode()) % len(OTHERS)]


def save(figure: Figure, path: Path) -> None:
    """Write a picture whole or not at all."""
    make_folder(path.parent)
    figures.save(figure, path)


def drawable(tokens: Iterable[str]) -> tuple[list[str], bool]:
    """Font families that can draw the tokens, and whether they can draw all of them.

    Where no installed font has a letter, nothing of these tokens should be drawn: it would be a row of boxes.
    """
    from zoo.runtime.fonts import choose_fonts

    letters = {letter for token in tokens for letter in token}
    families, labels = choose_fonts(sorted(letters))
    return families, not any(labels[letter].startswith("U+") for letter in letters)
