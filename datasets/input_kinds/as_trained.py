"""Tables of raw inputs: read as the training data were; where a file plainly has another form, as it stands.

The options of the training data are those of `Format.trained`. They are the defaults: what the user says of the file
counts more, and is not among them. A table that has not the columns of the training data, or whose first row names its
columns where theirs did not, is read by what its own names say, and a remark tells so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
        if trained.get("header") == "no" and not table.named and self._is_named(table):
            raise UserError(
                f"{table.path}: its first row names its columns; give --header yes or --header no"
            )
        return position

    def _is_named(self, table: Table) -> bool:
        """Whether the first row of a table without a header has a usual name of this column, wherever it is."""
        _, values = next(table.rows(range(len(table.columns))))
        return any(usual_name(value) in self.usual for value in values)


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


def form_of_table(path: Path, column: str | None, form: Format, finder: Finder) -> Format | None:
    """How to read a file that is a table; None where it holds one input a line: a `.txt` file of which nothing says
    that it is a table.

    A `.txt` file is a table where the user names a column or a delimiter; where its first line has a tab, or what
    separated the columns of the training data, and the columns that are looked for; and where its first line names
    these columns, whatever separates them. A remark tells of the latter two.
    """
    if form.kind == "text":
        return None
    if suffix(path) != ".txt" or column is not None or form.delimiter is not None:
        return form
    first = next((line for line in lines(path, form.as_trained(path).encoding) if line.strip()), "")
    for delimiter, mark in DELIMITERS.items():
        if mark not in first:
            continue
        separated = replace(form, delimiter=delimiter)
        if delimiter in (form.trained.get("delimiter"), "tab") and _has_columns(path, separated, finder):
            return form
        by_names = replace(separated, trained=_names_alone(form.trained))
        if _looks_like_names(first.split(mark)) and _has_columns(path, by_names, finder):
            return separated
    return None


def _has_columns(path: Path, form: Format, finder: Finder) -> bool:
    """Whether a table, read so, has the columns that are looked for."""
    try:
        finder(Table(path, form.as_trained(path)), form.trained)
    except UserError:
        return False
    return True


def _names_alone(trained: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of the training data, without positions of columns, which any line has, and that none is named."""
    of_columns = {name for name in trained if name.endswith(OF_COLUMNS)}
    positions = {name for name in of_columns if str(trained[name]).isdecimal()}
    return {name: value for name, value in trained.items() if name not in {*positions, "header"}}


def _looks_like_names(cells: Sequence[str]) -> bool:
    """Whether the parts of a line are names of columns and no parts of a sentence, which have blanks around them."""
    return all(cell and cell == cell.strip() for cell in cells)


def finder_of(*columns: Column) -> Finder:
    """A finder of these columns."""
    return lambda table, trained: [column.find(table, trained) for column in columns]
