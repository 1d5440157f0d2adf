"""The cells of a probe: a name, with options of its own in brackets: `lstm(peephole=true)`."""

from __future__ import annotations

from collections.abc import Iterable

from datasets import plugins
from zoo.cli.cells import PACKAGE, named
from zoo.config import RecurrentOptions

#: The help of `--cells`.
CELLS_HELP = "cells of the zoo or package.module:Class, with options as in lstm(peephole=true)"


def check_cells(cells: Iterable[str]) -> None:
    """Look for each cell, without importing anything slow.

    Raises:
        UserError: for a cell that does not exist, or options that are not of this form.
    """
    for cell in cells:
        plugins.check(PACKAGE, named(cell)[0], "CELL")


def class_of(cell: str) -> type:
    """The class of a cell."""
    return plugins.load(PACKAGE, named(cell)[0], "CELL", type)


def recurrent_options(cell: str, units: int) -> RecurrentOptions:
    """The options of a layer of this cell."""
    name, options = named(cell)
    return RecurrentOptions(cell=name, cell_options=options, units=units)
