"""Parquet files as tables: columns with names, values of any type."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets.errors import UserError
from datasets.formats.tables import Row, Table, suffix

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

SUFFIX = ".parquet"
#: What pandas calls columns that hold an index without a name.
INDEX_NAME = "__index_level_"


def is_parquet(path: Path) -> bool:
    """Whether the name is that of a Parquet file."""
    return suffix(path) == SUFFIX


class ParquetTable(Table):
    """A Parquet file as a table whose lines are its rows, counted from 1; an index that pandas wrote comes first.

    Raises:
        UserError: there is no such file, it is no Parquet file, or pyarrow is not installed.
    """

    def __init__(self, path: Path):
        self.path = path
        self.named = True
        self._names = _with_index_first(_opened(path))
        self.columns = ["" if name.startswith(INDEX_NAME) else name for name in self._names]
        if not self.columns:
            raise UserError(f"{path}: has no columns")

    @property
    def is_json(self) -> bool:
        """Rows hold values of any type, as those of JSON do."""
        return True

    @property
    def delimiter(self) -> str:
        """Nothing separates the columns."""
        return "parquet"

    def rows(self, positions: Sequence[int]) -> Iterator[Row]:
        """The rows, each with the values of the columns at these positions; None where a value is missing."""
        lines, columns = self.cells(positions)
        return zip(lines, map(list, zip(*columns, strict=True)), strict=True)

    def cells(self, positions: Sequence[int]) -> tuple[Sequence[int], list[Sequence[Any]]]:
        """The lines of all rows, and the cells of each of these columns."""
        import pyarrow as pa

        names = [self._names[position] for position in positions]
        try:
            table = _opened(self.path).read(columns=list(dict.fromkeys(names)))
            columns = [table.column(name).to_pylist() for name in names]
        except (pa.ArrowException, OSError, ValueError) as problem:
            raise _damaged(self.path, problem) from None
        return range(1, table.num_rows + 1), columns


def _opened(path: Path) -> ParquetFile:
    if not path.is_file():
        raise UserError(f"{path}: is not a file")
    if importlib.util.find_spec("pyarrow") is None:
        raise UserError(f"{path}: reading it takes pyarrow; install it: pip install 'pyarrow>=22,<27'")
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(path)
    except (pa.ArrowException, OSError) as problem:
        raise _damaged(path, problem) from None


def _damaged(path: Path, problem: Exception) -> UserError:
    reason = (str(problem) or type(problem).__name__).splitlines()[0][:200]
    return UserError(f"{path}: is no Parquet file, or is damaged ({reason})")


def _with_index_first(file: ParquetFile) -> list[str]:
    """The names of the columns, those of an index of pandas before the others."""
    schema = file.schema_arrow
    index = [
        name for name in (schema.pandas_metadata or {}).get("index_columns", []) if isinstance(name, str)
    ]
    return [*index, *(name for name in schema.names if name not in index)]
