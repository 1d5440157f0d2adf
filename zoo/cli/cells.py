"""What the zoo's cells say of themselves besides `CELL`, read from their modules without importing Keras.

YEAR = 1997                       # of the paper: the cell is compared by default, the oldest first
BASELINE_OF = "lstm"              # this module is Keras' own layer of that cell

On a command line a cell may have options: `lstm(unit_forget_bias=false)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from datasets import plugins
from datasets.errors import UserError

PACKAGE = "zoo.cells"
#: What Python calls the constants of JSON, in which values are written.
PYTHON_WORDS = {"True": "true", "False": "false", "None": "null"}


def named(text: str) -> tuple[str, tuple[str, ...]]:
    """A cell's name and its options: `gru(reset_after=false, units=8)` is `gru`, `reset_after=false`, `units=8`.

    Raises:
        UserError: for brackets or options that are not of this form, and an option that is given twice.
    """
    name, bracket, rest = text.partition("(")
    if not bracket:
        return text, ()
    if not rest.endswith(")") or not name:
        raise UserError(f"cell {text}: write NAME(OPTION=VALUE, OPTION=VALUE)")
    options = tuple(_option(part.strip(), text) for part in rest[:-1].split(",") if part.strip())
    names = [option.partition("=")[0] for option in options]
    for option in names:
        if names.count(option) > 1:
            raise UserError(f"cell {text}: {option} is given twice")
    return name.strip(), options


def _option(text: str, cell: str) -> str:
    """`NAME=VALUE` without blanks around the parts."""
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not value or not re.fullmatch(r"[\w.-]+", name):
        raise UserError(f"cell {cell}: write OPTION=VALUE for {text!r}")
    if value in PYTHON_WORDS:
        raise UserError(f"cell {cell}: write {name}={PYTHON_WORDS[value]}, as in JSON")
    return f"{name}={value}"


def published_cells() -> tuple[str, ...]:
    """The cells that say the year of their paper, the oldest first."""
    years = _years()
    return tuple(sorted(years, key=lambda cell: (years[cell], cell)))


def in_order(cells: Iterable[str]) -> list[str]:
    """Published cells, the oldest first; then all others, by name. A cell with options stands behind it without."""
    published = published_cells()
    places = {cell: place for place, cell in enumerate(published)}
    return sorted(cells, key=lambda cell: (places.get(cell.partition("(")[0], len(places)), cell))


def keras_layers() -> dict[str, str]:
    """The cells that are Keras' own layers, each with the cell of the zoo that it is the baseline of."""
    return {name: str(cell) for name, cell in plugins.exported(PACKAGE, "BASELINE_OF").items() if cell}


def _years() -> dict[str, int]:
    exported = plugins.exported(PACKAGE, "YEAR")
    return {cell: year for cell, year in exported.items() if isinstance(year, int)}
