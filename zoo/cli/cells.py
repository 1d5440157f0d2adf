"""What the zoo's cells say of themselves besides `CELL`, read from their modules without importing Keras.

YEAR = 1997                       # of the paper: the cell is compared by default, the oldest first
BASELINE_OF = "lstm"              # this module is Keras' own layer of that cell
"""

from __future__ import annotations

from collections.abc import Iterable

from datasets import plugins

PACKAGE = "zoo.cells"


def published_cells() -> tuple[str, ...]:
    """The cells that say the year of their paper, the oldest first."""
    years = _years()
    return tuple(sorted(years, key=lambda cell: (years[cell], cell)))


def in_order(cells: Iterable[str]) -> list[str]:
    """Published cells, the oldest first; then all others, by name."""
    published = published_cells()
    places = {cell: place for place, cell in enumerate(published)}
    return sorted(cells, key=lambda cell: (places.get(cell, len(places)), cell))


def keras_layers() -> dict[str, str]:
    """The cells that are Keras' own layers, each with the cell of the zoo that it is the baseline of."""
    return {name: str(cell) for name, cell in plugins.exported(PACKAGE, "BASELINE_OF").items() if cell}


def _years() -> dict[str, int]:
    exported = plugins.exported(PACKAGE, "YEAR")
    return {cell: year for cell, year in exported.items() if isinstance(year, int)}
