"""Sequences of vectors: JSON lists, and long tables with a row for each step of a sequence (`id, step, channels…`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from datasets.errors import UserError
from datasets.formats.columns import LABEL_NAMES, find, find_usual
from datasets.formats.tables import Table, json_fault

if TYPE_CHECKING:
    import numpy as np

VECTORS_NAMES = frozenset({"vectors", "frames", "features", "values"})
ID_NAMES = frozenset(
    {"id", "sequence", "sequence_id", "unique_id", "series", "series_id", "sample", "sample_id"}
)
STEP_NAMES = frozenset({"step", "t", "time", "frame", "position"})
LARGEST = 3.4e38  # a number of 32 bits
SHAPE = "a list of vectors of one size, such as [[0.1, 2], [0.3, 4]]"


def vectors_of(place: str, value: object) -> np.ndarray:
    """The vectors `(time, features)` float32 that JSON lists hold; a list of numbers has vectors of size 1.

    Args:
        place: the words for where they stand, for messages.

    Raises:
        UserError: they are no list of vectors of one size, or hold what is no finite number.
    """
    import numpy as np

    if not isinstance(value, list) or not value:
        raise UserError(f"{place}: is not {SHAPE}")
    rows = value if isinstance(value[0], list) else [[number] for number in value]
    sizes = {len(row) if isinstance(row, list) else 0 for row in rows}
    if len(sizes) > 1 or 0 in sizes:
        raise UserError(f"{place}: is not {SHAPE}")
    for number in (number for row in rows for number in row):
        if isinstance(number, bool) or not isinstance(number, int | float) or not abs(number) < LARGEST:
            raise UserError(f"{place}: {str(number)[:40]} is not a finite number")
    return np.array(rows, np.float32)


def parse_vectors(place: str, text: str) -> np.ndarray:
    """The vectors `(time, features)` float32 that a text in JSON stands for. Raises UserError as `vectors_of` does."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: is not {SHAPE} ({json_fault(error)})") from None
    return vectors_of(place, value)


def read_vectors(table: Table, column: str | None, asked: str) -> Iterator[np.ndarray]:
    """The sequences of a table, each an array `(time, features)` float32, in the order in which they begin.

    Args:
        table: a long one, or JSON Lines with a list of vectors in each object.
        column: the column with the ids (long table) or the lists (JSON Lines); None finds it by its usual names.
        asked: the option that names it, for messages.

    Raises:
        UserError: no such column, what is no number, a step that a sequence has twice. Names the line.
    """
    if table.is_json and (column is not None or find_usual(table, VECTORS_NAMES) is not None):
        position = find(table, "vectors", column, VECTORS_NAMES, asked)
        return (vectors_of(f"{table.path} line {line}", value) for line, (value,) in table.rows([position]))
    return _long_sequences(table, find(table, "id", column, ID_NAMES, asked))


def _long_sequences(table: Table, id: int) -> Iterator[np.ndarray]:
    """The sequences of a table with a row for each step. All columns but id, step and label hold the vectors."""
    step = find_usual(table, STEP_NAMES)
    others = {id, step, find_usual(table, LABEL_NAMES)}
    channels = [position for position in range(len(table.columns)) if position not in others]
    if not channels:
        raise UserError(
            f"{table.path}: no column is left for the vectors beside the id, the step and the label"
        )
    sequences: dict[str, dict[float, list[float]]] = {}
    numeric = channels if step is None else [step, *channels]
    for line, (name, *values) in table.rows([id, *numeric]):
        steps = sequences.setdefault(str(name).strip(), {})
        numbers = [_number(table, line, *cell) for cell in zip(numeric, values, strict=True)]
        moment = float(len(steps)) if step is None else numbers.pop(0)
        if moment in steps:
            raise UserError(f"{table.path} line {line}: the sequence {name} has the step {moment:g} twice")
        steps[moment] = numbers
    return (_in_order(steps) for steps in sequences.values())


def _number(table: Table, line: int, column: int, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = float("nan")
    if not abs(number) < LARGEST:
        name = table.columns[column]
        raise UserError(f"{table.path} line {line}: {name} is {str(value)[:40]!r}, not a finite number")
    return number


def _in_order(steps: Mapping[float, list[float]]) -> np.ndarray:
    """The vectors of a sequence by rising step."""
    import numpy as np

    return np.array([steps[step] for step in sorted(steps)], np.float32)
