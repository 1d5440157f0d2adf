"""Series of numbers in tables: a row a step (`id, step, channels…, label`), or a row a series with its label."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datasets.errors import UserError
from datasets.formats.columns import LABEL_NAMES, find, find_usual, usual_name
from datasets.formats.number_cells import is_missing, is_number, numbers_of
from datasets.formats.tables import BLANKS, Table
from datasets.formats.ts_files import LabelledNumbers
from datasets.formats.vectors import ID_NAMES, STEP_NAMES

if TYPE_CHECKING:
    import numpy as np

LOOKED_AT = 200  # rows of a table without names in which the column of the label is looked for


# ------------------------------------------------------------------------------------------ a row a step


@dataclass
class _Steps:
    """What is read of a series so far: where it begins, its label, the moment and the channels of each row."""

    line: int
    label: str | None
    moments: dict[float, int] = field(default_factory=dict)
    cells: list[np.ndarray] = field(default_factory=list)


def has_steps(table: Table, id_column: str | None) -> bool:
    """Whether the table has a row for each step: a column of ids is named, or has a usual name."""
    return id_column is not None or find_usual(table, ID_NAMES) is not None


def read_steps(
    table: Table, id_column: str | None, step_column: str | None, label_column: str | None, labelled: bool
) -> Iterator[LabelledNumbers]:
    """The series of a table with a row for each step, in the order in which they begin; all columns but those of the
    id, the step and the label hold channels.

    Args:
        table: its rows may stand in any order where it has steps, which then decide.
        id_column, step_column, label_column: names or positions; None finds them by their usual names.
        labelled: whether there has to be a label.

    Raises:
        UserError: no such column, a step twice, a series with several labels, what is no number. Names the line.
    """
    id = find(table, "id", id_column, ID_NAMES)
    step = find_usual(table, STEP_NAMES)
    if step_column is not None:
        step = find(table, "step", step_column, STEP_NAMES)
    label = find_usual(table, LABEL_NAMES)
    if labelled or label_column is not None:
        label = find(table, "label", label_column, LABEL_NAMES)
    channels = [position for position in range(len(table.columns)) if position not in (id, step, label)]
    if not channels:
        raise UserError(f"{table.path}: no column is left for the channels beside id, step and label")
    asked = [id, id if step is None else step, id if label is None else label]
    series: dict[str, _Steps] = {}
    for line, (name, moment, its_label, *cells) in table.rows([*asked, *channels]):
        place, name = f"{table.path} line {line}", str(name).strip()
        its_label = None if label is None else str(its_label).strip()
        steps = series.setdefault(name, _Steps(line, its_label))
        if steps.label != its_label:
            raise UserError(
                f"{place}: the series {name[:40]} has the label {str(its_label)[:40]!r} here and "
                f"{str(steps.label)[:40]!r} before; a series has one label"
            )
        when = float(len(steps.cells)) if step is None else float(numbers_of(place, [moment])[0])
        if when != when:
            raise UserError(f"{place}: the step is missing")
        if when in steps.moments:
            raise UserError(f"{place}: the series {name[:40]} has the step {when:g} twice")
        steps.moments[when] = len(steps.cells)
        steps.cells.append(numbers_of(place, cells))
    for steps in series.values():
        yield steps.line, _in_order(steps), steps.label


def _in_order(steps: _Steps) -> np.ndarray:
    """The channels `(time, channels)` by rising step."""
    import numpy as np

    return np.stack([steps.cells[steps.moments[moment]] for moment in sorted(steps.moments)])


# ------------------------------------------------------------------------------------------ a row a series


def read_rows(table: Table, label: int | None) -> Iterator[LabelledNumbers]:
    """The series of a table with a row for each, of one channel.

    What is missing at the end of a row is no part of its series.

    Args:
        table: its columns but one hold values.
        label: the position of the column with the label; None for none.

    Raises:
        UserError: no such column, a row without values, what is no number. Names the line.
    """
    import numpy as np

    values = [position for position in range(len(table.columns)) if position != label]
    if not values:
        raise UserError(f"{table.path}: has one column; a row is a series of numbers and its label")
    last = values[-1] if label is None else label
    name = _plain if table.delimiter == BLANKS else str
    for line, (*cells, its_label) in table.rows([*values, last]):
        place = f"{table.path} line {line}"
        numbers = numbers_of(place, cells)
        present = np.flatnonzero(~np.isnan(numbers))
        if not len(present):
            raise UserError(f"{place}: the series has no values")
        yield (
            line,
            numbers[: present[-1] + 1, None],
            None if label is None else name(str(its_label).strip()),
        )


def _plain(label: str) -> str:
    """The whole number that a label is, which tables set in columns write as `1.0000000e+00`; others as they are."""
    return f"{float(label):.0f}" if _is_whole(label) else label


def label_position(table: Table, label_column: str | None) -> int:
    """The column with the labels: the one that is named; the only one with a usual name; else the first or the last:
    the one that holds what is no number, or else the first if all of it is whole numbers, as the UCR archive has it.

    Raises:
        UserError: none can be told.
    """
    named = [usual_name(name) in LABEL_NAMES for name in table.columns]
    if label_column is not None or (table.named and any(named)):
        return find(table, "label", label_column, LABEL_NAMES)
    last = len(table.columns) - 1
    cells = [values for _, values in zip(range(LOOKED_AT), _cells(table, [0, last]), strict=False)]
    for position, column in ((0, 0), (last, 1)):
        if not all(is_number(row[column]) for row in cells):
            return position
    for position, column in ((0, 0), (last, 1)):
        if all(_is_whole(row[column]) for row in cells):
            return position
    raise UserError(
        f"{table.path}: neither the first nor the last column looks like labels; name theirs with --label-column"
    )


def passed_over(table: Table, labels: Collection[str]) -> int | None:
    """The column with labels where series alone are wanted, of a model with these labels; None where there is none.

    It has a usual name; or, in a table without names, it is the first or the last one, all of it is labels of the
    model, and these cannot be values: they are words, or whole numbers where the other columns hold others.
    """
    if table.named or len(table.columns) < 3:
        return find_usual(table, LABEL_NAMES)
    every = range(len(table.columns))
    rows = [
        [str(cell).strip() for cell in values]
        for _, (_, values) in zip(range(LOOKED_AT), table.rows(every), strict=False)
    ]
    written = _plain if table.delimiter == BLANKS else str
    whole = all(_is_whole(cell) or is_missing(cell) for row in rows for cell in row[1:-1])
    for position in (0, len(table.columns) - 1):
        cells = [row[position] for row in rows]
        if labels and all(written(cell) in labels for cell in cells):
            return None if whole and all(map(_is_whole, cells)) else position
    return None


def _cells(table: Table, positions: Sequence[int]) -> Iterator[Sequence[object]]:
    return (values for _, values in table.rows(positions))


def _is_whole(cell: object) -> bool:
    try:
        return float(str(cell)).is_integer()
    except ValueError:
        return False


def names_nothing(table: Table) -> bool:
    """Whether what should be the names of the columns is numbers: the table has no header row.

    One cell may be a label, so one that is no number, the first or the last, does not count.
    """
    inner = table.columns[1:-1] or table.columns
    return table.named and not table.is_json and all(is_number(name) and name.strip() for name in inner)
