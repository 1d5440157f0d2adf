"""The tables of the M4 competition: a series in each row, its name first, and nothing behind its last value.

    "V1","V2","V3","V4"
    "W1","1089.2","1078.91",""

There are no time stamps. What the competition takes for a season goes by the file's name, such as `Monthly-train.csv`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.parquet import is_parquet
from datasets.formats.tables import Format, Table, suffix
from datasets.series.columns import Columns
from datasets.series.dates import written
from datasets.series.numbers import is_number
from datasets.series.series_rows import SeriesRow, numbers_of, series_of
from datasets.series.tables import SeriesTable

#: The steps of series that have a season in the competition; days, weeks and years have none there.
STEPS = {"hourly": "h", "monthly": "MS", "quarterly": "QS"}


def m4_table(path: Path, columns: Columns) -> Table | None:
    """The file as a table of the competition; None where its first two rows say otherwise.

    R calls columns `V1`, `V2`, … that have no names; what tells such a table is that its first column holds names.
    """
    if columns.header == "no" or is_parquet(path):
        return None
    delimiter = columns.delimiter or ("comma" if suffix(path) == ".txt" else None)
    table = Table(path, Format(columns.encoding, delimiter, True))
    names = [f"V{number}" for number in range(1, len(table.columns) + 1)]
    if table.is_json or len(names) < 2 or table.columns != names:
        return None
    _, (first,) = next(table.rows([0]), (0, ("0",)))
    return None if is_number(first) or written(first) is not None else table


def read_m4(table: Table, columns: Columns) -> SeriesTable:
    """The series of a table.

    Raises:
        UserError: whatever is wrong with the file; names the line.
    """
    step = columns.step if not columns.learnt else ""
    found = next((name for word, name in STEPS.items() if word in table.path.name.lower()), "")
    notes = (
        [f"steps are {found}, as the file's name says; --step says otherwise"] if found and not step else []
    )
    series, left_out = series_of(table.path, _rows(table, columns), columns, columns.named_step or found)
    return SeriesTable(series, (*notes, *left_out))


def _rows(table: Table, columns: Columns) -> Iterator[SeriesRow]:
    for line, (name, *cells) in table.rows(range(len(table.columns))):
        stop = next((n for n in range(len(cells), 0, -1) if cells[n - 1].strip()), 0)
        if not name.strip():
            if stop:
                raise UserError(
                    f"{table.path} line {line}: the series has no name; write one in the first column"
                )
            continue
        yield SeriesRow(name.strip(), line, numbers_of(table.path, line, cells[:stop], columns))
