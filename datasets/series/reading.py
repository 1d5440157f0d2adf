"""A file of series in whichever form: a table, long or wide; M4's, with a series in each row; the Monash archive's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from datasets.formats.parquet import SUFFIX as PARQUET
from datasets.formats.tables import SUFFIXES, suffix

if TYPE_CHECKING:
    from datasets.series.columns import Columns
    from datasets.series.tables import SeriesTable

#: Of files of the Monash archive.
TSF = ".tsf"
#: What files of series are called, for messages; each also `.gz`.
FORMATS = ", ".join((*SUFFIXES, PARQUET, TSF))


def is_series_file(path: Path) -> bool:
    """Whether the name is that of a file of series."""
    return suffix(path) in (*SUFFIXES, PARQUET, TSF)


def read_file(path: Path, columns: Columns) -> SeriesTable:
    """The series of a file, and notes on how it was read.

    Raises:
        UserError: whatever is wrong with the file; names the line.
    """
    from datasets.series.m4 import m4_table, read_m4
    from datasets.series.tables import read_table
    from datasets.series.tsf import read_tsf

    if suffix(path) == TSF:
        return read_tsf(path, columns)
    table = m4_table(path, columns)
    return read_table(path, columns) if table is None else read_m4(table, columns)


def column_names(path: Path, columns: Columns) -> list[str]:
    """What the columns of a file are called; none where it has a series in each row.

    Raises:
        UserError: the file cannot be read.
    """
    from datasets.series.columns import open_table

    return [] if suffix(path) == TSF else open_table(path, columns).columns
