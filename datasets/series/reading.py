"""A file of series in whichever form: a table, long or wide; M4's, with a series in each row; the Monash archive's."""

from __future__ import annotations

from pathlib import Path

from datasets.formats.parquet import SUFFIX as PARQUET
from datasets.formats.tables import SUFFIXES, suffix
from datasets.series.columns import Columns, open_table
from datasets.series.m4 import m4_table, read_m4
from datasets.series.tables import SeriesTable, read_table
from datasets.series.tsf import SUFFIX, read_tsf

#: What files of series are called, for messages; each also `.gz`.
FORMATS = ", ".join((*SUFFIXES, PARQUET, SUFFIX))


def is_series_file(path: Path) -> bool:
    """Whether the name is that of a file of series."""
    return suffix(path) in (*SUFFIXES, PARQUET, SUFFIX)


def read_file(path: Path, columns: Columns) -> SeriesTable:
    """The series of a file, and notes on how it was read.

    Raises:
        UserError: whatever is wrong with the file; names the line.
    """
    if suffix(path) == SUFFIX:
        return read_tsf(path, columns)
    table = m4_table(path, columns)
    return read_table(path, columns) if table is None else read_m4(table, columns)


def column_names(path: Path, columns: Columns) -> list[str]:
    """What the columns of a file are called; none where it has a series in each row.

    Raises:
        UserError: the file cannot be read.
    """
    return [] if suffix(path) == SUFFIX else open_table(path, columns).columns
