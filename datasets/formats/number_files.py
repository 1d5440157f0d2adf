"""Files of series of numbers, of any format: `.ts`, `.npz`, and tables with a row a step or a row a series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from datasets.errors import UserError
from datasets.formats.array_files import read_arrays
from datasets.formats.labelled_tables import (
    has_steps,
    label_position,
    names_nothing,
    passed_over,
    read_rows,
    read_steps,
)
from datasets.formats.series_arrays import series_of_arrays
from datasets.formats.tables import BLANKS, Format, Table, is_set_in_columns, is_table
from datasets.formats.ts_files import LabelledNumbers, is_ts_file, read_ts

#: Archives may name the arrays of a split: `x_train`, `y_train`.
OF_SPLIT = {
    "train": ("_train",),
    "valid": ("_valid", "_val", "_dev"),
    "test": ("_test",),
}


@dataclass(frozen=True)
class Columns:
    """Names or positions of columns of a table; None finds them."""

    id: str | None = None
    step: str | None = None
    label: str | None = None


def is_number_file(path: Path) -> bool:
    """Whether the name is that of a file of one of the formats."""
    return is_ts_file(path) or is_archive(path) or is_table(path)


def is_archive(path: Path) -> bool:
    """Whether the name is that of a NumPy archive."""
    return path.suffix.lower() == ".npz"


def read_numbers(
    path: Path, form: Format, columns: Columns, labelled: bool = True, split: str | None = None
) -> Iterator[LabelledNumbers]:
    """The series of a file, each with the line that it begins on (archives: its number) and its label.

    Args:
        path: the file.
        form: how to read a table; one whose first row is numbers has no header row, whatever it says.
        columns: of a table.
        labelled: whether labels are needed; where not, they are passed over, see `passed_over`.
        split: whose arrays are meant where an archive names splits, see `archive_splits`.

    Raises:
        UserError: whatever is wrong with the file.
    """
    if is_ts_file(path):
        return read_ts(path, form.encoding)
    if is_archive(path):
        arrays = read_arrays(path, "series")
        endings = OF_SPLIT[split] if split else ()
        ours = {
            name.lower().removesuffix(ending): array
            for ending in endings
            for name, array in arrays.items()
            if name.lower().endswith(ending)
        }
        return series_of_arrays(
            path, ours or {name.lower(): array for name, array in arrays.items()}, labelled
        )
    table = Table(path, form)
    if form.delimiter is None and is_set_in_columns(table, form.encoding):
        form = replace(form, delimiter=BLANKS)
        table = Table(path, form)
    if has_steps(table, columns.id):
        return read_steps(table, columns.id, columns.step, columns.label, labelled)
    if names_nothing(table):
        table = Table(path, replace(form, header=False))
    if labelled:
        return read_rows(table, label_position(table, columns.label))
    label = passed_over(table, form.trained.get("labels", ()))
    if label is not None and not table.named:
        form.remarks.append(
            f"{path}: the labels in the {'last' if label else 'first'} column are passed over"
        )
    return read_rows(table, label)


def archive_splits(path: Path) -> list[str]:
    """The splits that an archive names, such as `train` and `test`; none where it names none.

    Beside `x_test` arrays without an ending, `x` and `y`, are those of train.

    Raises:
        UserError: it names other splits, and nothing is train.
    """
    names = [name.lower() for name in read_arrays(path, "series")]
    splits = [
        split
        for split, endings in OF_SPLIT.items()
        if any(name == f"x{end}" for name in names for end in endings)
    ]
    if not splits or "train" in splits:
        return splits
    if "x" not in names:
        raise UserError(
            f"{path}: has arrays of {', '.join(splits)} and none of train; call them x_train, y_train"
        )
    return ["train", *splits]
