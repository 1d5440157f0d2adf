"""Sequences of vectors: JSON lists, and long tables with a row for each step of a sequence (`id, step, channels…`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class VectorSequence:
    """One sequence of a table.

    Attributes:
        name: its id.
        line: where it begins in the file.
        vectors: `(time, features)` float32, all finite.
        label: what stands in the label's column; None where that was not asked for.
    """

    name: str
    line: int
    vectors: np.ndarray
    label: object = None


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


def json_sequences(
    table: Table, column: str | None, asked: str | None = None
) -> Iterator[VectorSequence] | None:
    """The sequences of JSON Lines that hold one in each object; None where the table is another.

    Args:
        column: the name of the value with the lists of vectors; None finds it by its usual names.
        asked: the option that names it, for messages.
    """
    if not table.is_json or (column is None and find_usual(table, VECTORS_NAMES) is None):
        return None
    return _json_sequences(table, find(table, "vectors", column, VECTORS_NAMES, asked))


def _json_sequences(table: Table, position: int) -> Iterator[VectorSequence]:
    for line, (value,) in table.rows([position]):
        yield VectorSequence(str(line), line, vectors_of(f"{table.path} line {line}", value))


@dataclass(frozen=True)
class LongTable:
    """A table with a row for each step of each sequence; columns are positions.

    Attributes:
        id: the column that tells sequences apart.
        step: the column that orders their rows; None takes the order of the file.
        label: the column with the class of the sequence, the same in all its rows; None for no labels.
        channels: the columns with the numbers of each vector.
    """

    table: Table
    id: int
    step: int | None
    label: int | None
    channels: tuple[int, ...]

    @classmethod
    def of(
        cls,
        table: Table,
        id_column: str | None = None,
        step_column: str | None = None,
        label_column: str | None = None,
        labelled: bool = False,
        asked: str | None = None,
    ) -> LongTable:
        """Find the columns. All that are neither id nor step nor label are channels.

        Args:
            id_column, step_column, label_column: name or position; None finds the column by its usual names.
            asked: the option that names the column of the ids, for messages.
            labelled: whether a label is needed. If not, a column with a usual name of labels is passed over.

        Raises:
            UserError: no column for the ids or the labels, or none that is left for the vectors.
        """
        id = find(table, "id", id_column, ID_NAMES, asked)
        step = (
            find_usual(table, STEP_NAMES)
            if step_column is None
            else find(table, "step", step_column, STEP_NAMES)
        )
        if labelled or label_column is not None:
            label: int | None = find(table, "label", label_column, LABEL_NAMES)
        else:
            label = find_usual(table, LABEL_NAMES)
        channels = tuple(n for n in range(len(table.columns)) if n not in (id, step, label))
        if not channels:
            raise UserError(
                f"{table.path}: no column is left for the vectors beside the id, the step and the label"
            )
        return cls(table, id, step, label if labelled else None, channels)

    def sequences(self) -> Iterator[VectorSequence]:
        """Every sequence, in the order in which their first rows stand in the file.

        Raises:
            UserError: what is no number; a step that a sequence has twice; two labels of one sequence. Names the line.
        """
        gathered: dict[str, _Rows] = {}
        for line, values in self.table.rows([self.id, *self._optional, *self.channels]):
            name = str(values[0]).strip()
            rows = gathered.setdefault(name, _Rows(line))
            rest = iter(values[1:])
            step = len(rows.steps) if self.step is None else self._number(line, self.step, next(rest))
            if self.label is not None:
                rows.labels.setdefault(next(rest), line)
            vector = [self._number(line, n, value) for n, value in zip(self.channels, rest, strict=True)]
            rows.add(self._place(line), name, step, vector)
        for name, rows in gathered.items():
            yield self._sequence(name, rows)

    @property
    def _optional(self) -> list[int]:
        return [position for position in (self.step, self.label) if position is not None]

    def _place(self, line: int) -> str:
        return f"{self.table.path} line {line}"

    def _number(self, line: int, column: int, value: object) -> float:
        try:
            number = float(str(value))
        except ValueError:
            number = float("nan")
        if not abs(number) < LARGEST:
            name = self.table.columns[column]
            raise UserError(f"{self._place(line)}: {name} is {str(value)[:40]!r}, not a finite number")
        return number

    def _sequence(self, name: str, rows: _Rows) -> VectorSequence:
        import numpy as np

        if len(rows.labels) > 1:
            first, second = list(rows.labels)[:2]
            raise UserError(
                f"{self._place(rows.labels[second])}: the sequence {name} has the label '{second}' here and '{first}' "
                "before; a sequence needs one label"
            )
        order = sorted(range(len(rows.steps)), key=rows.steps.__getitem__)
        vectors = np.array([rows.vectors[n] for n in order], np.float32)
        return VectorSequence(name, rows.line, vectors, next(iter(rows.labels), None))


@dataclass
class _Rows:
    """The rows of one sequence, in the order of the file."""

    line: int
    steps: list[float] = field(default_factory=list)
    vectors: list[list[float]] = field(default_factory=list)
    labels: dict[object, int] = field(default_factory=dict)
    known: set[float] = field(default_factory=set)

    def add(self, place: str, name: str, step: float, vector: list[float]) -> None:
        if step in self.known:
            raise UserError(f"{place}: the sequence {name} has the step {step:g} twice")
        self.known.add(step)
        self.steps.append(step)
        self.vectors.append(vector)
