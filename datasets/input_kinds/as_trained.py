"""Tables of raw inputs: read as the training data were; where a file plainly has another form, as it stands.

The options of the training data are those of `Format.trained`. They are the defaults: what the user says of the file
counts more, and is not among them. A table that has not the columns of the training data, or whose first row names its
columns where theirs did not, is read by what its own names say, and a remark tells so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from datasets.errors import UserError
from datasets.formats.columns import find, usual_name
from datasets.formats.lines import lines
from datasets.formats.tables import DELIMITERS, Format, Table, suffix
from datasets.input_kinds.base import COLUMN

#: Gives the positions of the columns of a table, given what was said of the training data.
Finder = Callable[[Table, Mapping[str, Any]], list[int]]
OF_COLUMNS = "_column"


@dataclass(frozen=True)
class Column:
    """A column of a table of inputs.

    Attributes:
        field: what it holds, for messages.
        usual: its usual names.
        given: the name or position that the user gave.
        asked: the option of `zoo.predict` that names it.
        option: the option of the training data that named it.
        place: its position in training data without a header of which no column was named; None where one had to be.
    """

    field: str
    usual: frozenset[str]
    given: str | None = None
    asked: str = COLUMN
    option: str = ""
    place: int | None = None

    def find(self, table: Table, trained: Mapping[str, Any]) -> int:
        """Its position.

        Raises:
            UserError: there is none, or several; or there was no header in training and the first row is one.
        """
        if self.given is not None:
            return find(table, self.field, self.given, self.usual, self.asked)
        wanted = trained.get(self.option)
        if wanted is None and not table.named and self.place is not None:
            wanted = str(self.place)
        position = find(table, self.field, wanted, self.usual, self.asked)
        if trained.get("header") == "no" and not table.named and self._is_name(table, position):
            raise UserError(
                f"{table.path}: its first row names its columns; give --header yes or --header no"
            )
        return position

    def _is_name(self, table: Table, position: int) -> bool:
        """Whether the first row of a table without a header has a usual name in this column."""
        (value,) = next(table.rows([position]))[1]
        return usual_name(value) in self.usual


def opened(path: Path, form: Format, finder: Finder) -> tuple[Table, list[int]]:
    """A table and the positions of its columns; a remark is made where it has another form than the training data.

    Raises:
        UserError: what is wrong with the file, read as the training data.
    """
    trained = form.trained
    without_columns = {name: value for name, value in trained.items() if not name.endswith(OF_COLUMNS)}
    first: UserError | None = None
    for known in (trained, without_columns, {}):
        try:
            table = Table(path, replace(form, trained=known).as_trained(path))
            positions = finder(table, known)
        except UserError as problem:
            first = first or problem
            continue
        if first is not None:
            form.remarks.append(
                f"{path} has another form than the training data ({first}); read as it stands"
            )
        return table, positions
    assert first is not None
    raise first


def has_lines_of(path: Path, column: str | None, form: Format, finder: Finder) -> bool:
    """Whether a file holds one input a line: a `.txt` file of which nothing says that it is a table.

    A `.txt` file is a table where the user names a column or a delimiter; and where its first line has a tab, or what
    separated the columns of the training data, and the columns that are looked for. A remark tells of the latter.
    """
    if form.kind == "text":
        return True
    if suffix(path) != ".txt" or column is not None or form.delimiter is not None:
        return False
    first = next((line for line in lines(path, form.as_trained(path).encoding) if line.strip()), "")
    for delimiter, mark in DELIMITERS.items():
        if delimiter in (form.trained.get("delimiter"), "tab") and mark in first:
            try:
                finder(Table(path, replace(form, delimiter=delimiter).as_trained(path)), form.trained)
            except UserError:
                continue
            return False
    return True


def finder_of(*columns: Column) -> Finder:
    """A finder of these columns."""
    return lambda table, trained: [column.find(table, trained) for column in columns]
